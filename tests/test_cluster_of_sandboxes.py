"""Two sandboxes as a cluster, each a process of its own and with tokens of its own; the one in use is killed."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.session._client import Client

STORE = "shop"
URL = "http://127.0.0.1:9/hooks"


@dataclass
class Member:
    process: subprocess.Popen[str]
    address: str

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def direct(self) -> Client:
        return cn.connect(f"chronicle://{self.address}", event_store=STORE, name=f"direct-{self.address}")


def start(settle_delay: float) -> Member:
    command = [sys.executable, "-m", "chronicle_notebook.sandbox", "--port", "0", "--settle-delay", str(settle_delay)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return Member(process, process.stdout.readline().strip().removeprefix("chronicle://"))


@pytest.fixture(params=[0.02], ids=[""])
def members(request: pytest.FixtureRequest) -> Iterator[list[Member]]:
    running = [start(request.param) for _ in range(2)]
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
    with cn.connect(f"chronicle://{hosts}", event_store=STORE, name="cluster", timeout=10) as opened:
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
        hooks = changes.next(10)
        assert hooks is not None
        assert hooks.ids == ["of-the-first"]
        started = time.monotonic()
        used.kill()
        assert client.webhooks.all().ids == ["of-the-other"]
        assert time.monotonic() - started < 4
        hooks = changes.next(10)
        assert time.monotonic() - started < 6
        assert hooks is not None
        assert hooks.ids == ["of-the-other"]
        assert client.server == other.address
        assert "2 servers, least-connections" in repr(client)


@pytest.mark.parametrize("members", [1.0], indirect=True, ids=["slow"])
def test_a_registration_that_was_accepted_by_a_server_that_died_is_told_and_not_sent_again(
    client: Client, members: list[Member]
) -> None:
    used, other = in_use(client, members)
    threading.Timer(0.4, used.kill).start()
    started = time.monotonic()
    outcome = client.webhooks.register("h", URL, opened, wait=2)
    assert time.monotonic() - started < 8
    assert (outcome.accepted, outcome.visible, bool(outcome)) == (True, False, False)
    assert "is not visible yet" in outcome.summary
    time.sleep(1.2)  # longer than the other server takes to apply what it was told
    with other.direct() as direct:
        assert direct.webhooks.all().ids == []


def test_a_registration_at_the_moment_of_death_is_sent_to_one_server_at_most(
    client: Client, members: list[Member]
) -> None:
    used, other = in_use(client, members)
    threading.Timer(0.01, used.kill).start()
    started = time.monotonic()
    seen = False
    # It may have gone through before the end, or not at all: either is told, and nothing is done twice.
    with contextlib.suppress(cn.KernelUnreachableError, cn.DeadlineExceededError):
        seen = client.webhooks.register("h", URL, opened, wait=1).visible
    assert time.monotonic() - started < 8
    with other.direct() as direct:
        assert direct.webhooks.all().ids == (["h"] if seen else [])
