"""A protected event store in a widget: its name is typed there, and nothing is written before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._guard import CONFIRMED, LOCK
from chronicle_notebook.widgets._form_port import FormPort, Message
from chronicle_notebook.widgets._view import lock_of, unlock


@pytest.fixture
def protected(client: Client, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.delenv(CONFIRMED, raising=False)
    with cn.connect(
        shared_sandbox.connection_string, event_store=client.event_store, name="protected", protected=True
    ) as opened:
        yield opened
    LOCK.close()


def test_no_bar_stands_over_a_store_that_is_not_protected(client: Client) -> None:
    assert lock_of(client) is None
    assert not client.locked


def test_the_bar_says_what_to_type_and_then_that_it_is_open(protected: Client) -> None:
    closed = lock_of(protected)
    assert closed is not None
    assert closed["banner"].startswith("PROTECTED")
    assert (closed["store"], closed["open"]) == (protected.event_store, False)
    with pytest.raises(cn.ProtectedError):
        unlock(protected, {"name": "another"})
    assert protected.locked
    unlock(protected, {"name": protected.event_store})
    assert not protected.locked
    assert lock_of(protected) == {**closed, "open": True}


def test_a_wrong_name_is_told_in_the_form_and_the_right_one_opens_it(protected: Client) -> None:
    sent: list[Message] = []
    port = FormPort(protected, sent.append)
    port.start()
    try:
        port.receive({"kind": "unlock", "name": "", "seq": 1})
        told = port.state()["told"]
        assert "not the name of the event store" in told["title"]
        assert not port.state()["lock"]["open"]
        port.receive({"kind": "unlock", "name": protected.event_store, "seq": 2})
        assert port.state()["lock"]["open"]
        assert port.state()["told"] is None
    finally:
        port.close()
