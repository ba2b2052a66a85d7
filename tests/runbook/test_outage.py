"""A kernel that really goes away in the middle of a runbook, and comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.runbook.engine._outcome import RunStatus
from tests.runbook.books import Desk
from tests.runbook.test_books import OLD, hook

STORE = "shop"


def test_what_was_done_what_is_not_known_and_what_was_not_done_is_told_and_the_next_run_finishes(
    bare_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: cn.Receiver
) -> None:
    settings: dict[str, Any] = {"data": tmp_path / "data", "settle_delay": 0.02, "time_scale": 0.01}
    kernel = cn.Sandbox(**settings).start()
    port = kernel.port
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", kernel.connection_string)
    with cn.connect(event_store=STORE, name="outage") as client:
        client.ensure_event_store()
        client._kernel.register_event_types(STORE, [RegisteredEventType(EventType("AccountOpened"))])
        for name in ("a", "b", "c"):
            client.webhooks.register(hook(name, f"{OLD}/webhooks/{name}"))

    real, sent = NegotiatedGateway.add_webhooks, [0]

    def add(self: NegotiatedGateway, *arguments: Any) -> None:
        sent[0] += 1
        if sent[0] == 2:
            kernel.stop()
        real(self, *arguments)

    monkeypatch.setattr(NegotiatedGateway, "add_webhooks", add)
    told = {"event_store": STORE, "from_host": "127.0.0.1:9", "to_host": endpoint.url.split("/")[2], "apply": True}
    ran = bare_desk.run("move-host", **told)
    assert isinstance(ran.error, cn.RunbookError)
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.INCOMPLETE
    states = [(each["subject"], each["state"]) for each in ran.outcome.steps if each["what"].startswith("point")]
    assert states == [("a", "done"), ("b", "not known"), ("c", "not done")]

    with cn.Sandbox(**settings, port=port) as again:
        assert again.port == port
        ran = bare_desk.run("move-host", **told)
        assert ran.error is None
        assert ran.outcome is not None
        assert ran.outcome.status is RunStatus.DONE
        with cn.connect(event_store=STORE, name="outage") as client:
            assert [each.target_url for each in client.webhooks.all()] == [endpoint.url_for(name) for name in "abc"]
