"""Two sandboxes as a cluster, each a process of its own and with tokens of its own; the one in use is killed."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.registration import _send, _wait
from chronicle_notebook.session._client import Client
from tests.waiting import FOR_EVER, LONG

STORE = "shop"
URL = "http://127.0.0.1:9/hooks"


@dataclass
class Member:
    process: subprocess.Popen[str]
    address: str

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(LONG)

    def direct(self) -> Client:
        return cn.connect(f"chronicle://{self.address}", event_store=STORE, name=f"direct-{self.address}")


def start() -> Member:
    command = [sys.executable, "-m", "chronicle_notebook.sandbox", "--port", "0", "--settle-delay", "0.02"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return Member(process, process.stdout.readline().strip().removeprefix("chronicle://"))


@pytest.fixture
def members() -> Iterator[list[Member]]:
    running = [start() for _ in range(2)]
    try:
        for member in running:
            with member.direct() as client:
                client.ensure_event_store()
                client._kernel.register_event_types(STORE, [RegisteredEventType(EventType("AccountOpened"))])
        yield running
    finally:
        for member in running:
            member.kill()
            assert member.process.stdout is not None
            member.process.stdout.close()


@pytest.fixture
def client(members: list[Member]) -> Iterator[Client]:
    hosts = ",".join(member.address for member in members)
    with cn.connect(f"chronicle://{hosts}", event_store=STORE, name="cluster", timeout=FOR_EVER) as opened:
        yield opened


def in_use(client: Client, members: list[Member]) -> tuple[Member, Member]:
    """The server in use, and the other one."""
    first = next(member for member in members if member.address == client.server)
    return first, next(member for member in members if member is not first)


def opened(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return builder.with_event_type("AccountOpened")


def test_listing_and_observing_go_on_at_the_other_server(client: Client, members: list[Member]) -> None:
    used, other = in_use(client, members)
    with other.direct() as direct:
        direct.webhooks.register("of-the-other", URL, opened)
    client.webhooks.register("of-the-first", URL, opened)
    with client.webhooks.observe() as changes:
        hooks = changes.next(LONG)
        assert hooks is not None
        assert hooks.ids == ["of-the-first"]
        used.kill()
        assert client.webhooks.all().ids == ["of-the-other"]
        hooks = changes.next(LONG)
        assert hooks is not None
        assert hooks.ids == ["of-the-other"]
        assert client.server == other.address
        assert "2 servers, least-connections" in repr(client)


def settled_ids(server: Member) -> list[str]:
    """What a server lists once everything that it was told before has taken effect: it keeps the order."""
    with server.direct() as direct:
        direct.webhooks.register("marker", URL, opened, wait=LONG)
        return sorted(set(direct.webhooks.all().ids) - {"marker"})


def test_a_registration_that_was_accepted_by_a_server_that_died_is_told_and_not_sent_again(
    client: Client, members: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    used, other = in_use(client, members)
    until_registered = _wait.until_registered

    def dies_first(*arguments: Any, **options: Any) -> Any:
        used.kill()
        return until_registered(*arguments, **options)

    monkeypatch.setattr(_send, "until_registered", dies_first)
    outcome = client.webhooks.register("h", URL, opened, wait=0.5)
    monkeypatch.undo()
    assert (outcome.accepted, outcome.visible, bool(outcome)) == (True, False, False)
    assert "is not visible yet" in outcome.summary
    assert settled_ids(other) == []


def test_a_registration_at_the_moment_of_death_is_sent_to_one_server_at_most(
    client: Client, members: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    used, other = in_use(client, members)
    add_webhooks = client._kernel.add_webhooks

    def dies_first(*arguments: Any) -> None:
        used.kill()
        add_webhooks(*arguments)

    monkeypatch.setattr(client._kernel, "add_webhooks", dies_first)
    seen = False
    # It may be sent to the other server, or to none: either is told, and nothing is done twice.
    with contextlib.suppress(cn.KernelUnreachableError):
        seen = client.webhooks.register("h", URL, opened, wait=LONG).visible
    assert settled_ids(other) == (["h"] if seen else [])
