"""What survives a stop, and what survives a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chronicle_notebook.sandbox import Behaviour, Sandbox
from chronicle_notebook.sandbox._behaviour import NEWEST
from tests.sandbox.conftest import STORE, Client, Endpoint, accepted, hook
from tests.waiting import LONG, eventually


@contextmanager
def running(
    data: Path, *, settle_delay: float = 0.01, time_scale: float = 0.001, behaviour: Behaviour = NEWEST
) -> Iterator[Client]:
    with Sandbox(data=data, settle_delay=settle_delay, time_scale=time_scale, behaviour=behaviour) as sandbox:
        caller = Client(sandbox.port)
        yield caller
        caller.close()


def test_definitions_events_and_progress_survive(tmp_path: Path, endpoint: Endpoint) -> None:
    with running(tmp_path) as client:
        client.ensure_store()
        client.register_types("One")
        client.settle(hook("h", endpoint.url(), "One", headers={"x": "y"}, bearer=("token",)))
        client.append("a", "One")
        eventually(lambda: client.observer("h").HandledEventCount == 1)
        before = client.observer("h")
    with running(tmp_path) as client:
        assert client.webhooks()["h"].AuthorizationType == 2
        assert client.observer("h") == before
        client.append("a", "One")
        endpoint.expect([0, 1])
    assert [delivery.headers["Authorization"] for delivery in endpoint.deliveries] == ["Bearer token"] * 2


def test_what_had_not_settled_settles_after_the_start(tmp_path: Path) -> None:
    with running(tmp_path, settle_delay=60) as client:
        accepted(client.add(hook("h", "http://127.0.0.1:9/", bearer=("token",))))
        assert client.webhooks() == {}
    with running(tmp_path) as client:
        eventually(lambda: client.webhooks().get("h") and client.webhooks()["h"].AuthorizationType == 2)


def test_failed_partitions_survive_and_are_tried_at_once(tmp_path: Path, endpoint: Endpoint) -> None:
    endpoint.status = 400
    with running(tmp_path, time_scale=100) as client:
        client.register_types("One")
        client.settle(hook("h", endpoint.url(), "One"))
        client.append("a", "One")
        (before,) = eventually(client.failed)
    endpoint.status = 200
    with running(tmp_path, time_scale=100) as client:
        endpoint.expect([0, 0])
        eventually(lambda: client.failed() == [])
    endpoint.status = 400
    with running(tmp_path, time_scale=100) as client:
        client.append("a", "One")
        (after,) = eventually(client.failed)
        assert len(after.Attempts) == 1
        assert after.Id != before.Id


def test_a_quarantined_partition_is_not_tried_at_the_start(tmp_path: Path, endpoint: Endpoint) -> None:
    endpoint.status = 400
    with running(tmp_path) as client:
        client.register_types("One")
        client.settle(hook("h", endpoint.url(), "One"))
        client.append("a", "One")
        eventually(lambda: any(entry.IsQuarantined for entry in client.failed()))
    count = len(endpoint.deliveries)
    with running(tmp_path) as client:
        endpoint.status = 200
        client.append("b", "One")
        eventually(lambda: len(endpoint.deliveries) == count + 1)
        assert endpoint.deliveries[-1].partition == "b"
        assert client.failed()[0].IsQuarantined


def test_an_inactive_webhook_stays_inactive_except_where_kernels_lose_that(tmp_path: Path, endpoint: Endpoint) -> None:
    with running(tmp_path) as client:
        client.register_types("One")
        client.settle(hook("h", endpoint.url(), "One", active=False))
        client.append("a", "One")
    with running(tmp_path) as client:
        assert not client.webhooks()["h"].IsActive
        assert not client.observer("h").IsSubscribed
    with running(tmp_path, behaviour=Behaviour(inactive_lost=True)):
        endpoint.expect([0])


class Process:
    """``python -m chronicle_notebook.sandbox`` as a process of its own."""

    def __init__(self, data: Path, *options: str) -> None:
        command = [sys.executable, "-m", "chronicle_notebook.sandbox", "--port", "0", "--data", str(data), "--no-auth"]
        command += options
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline().strip()
        if not self.line:
            assert self.process.stderr is not None
            raise AssertionError(self.process.stderr.read())
        self.port = int(self.line.removeprefix("chronicle://127.0.0.1:").removesuffix("/?auth=none"))

    def end(self, number: int) -> tuple[str, str]:
        os.kill(self.process.pid, number)
        return self.process.communicate(timeout=LONG)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_process_announces_itself_and_ends_when_asked(tmp_path: Path, number: int) -> None:
    process = Process(tmp_path)
    client = Client(process.port)
    client.ensure_store()
    client.close()
    output, errors = process.end(number)
    assert (process.process.returncode, output, errors) == (0, "", "")


def test_no_event_is_lost_when_the_process_is_killed_amid_deliveries(tmp_path: Path, endpoint: Endpoint) -> None:
    process = Process(tmp_path, "--settle-delay", "0.01", "--time-scale", "0.001")
    client = Client(process.port)
    client.ensure_store()
    client.register_types("One")
    client.settle(hook("h", endpoint.url(), "One", bearer=("token",)))
    for number in range(150):
        client.append(f"s{number % 5}", "One")
    process.end(signal.SIGKILL)
    client.close()
    assert process.process.returncode == -signal.SIGKILL
    handled = len(endpoint.numbers())
    with running(tmp_path) as client:
        eventually(lambda: set(endpoint.numbers()) == set(range(150)))
        eventually(lambda: client.observer("h").LastHandledEventSequenceNumber == 149)
    for source in range(5):
        first_seen = [number for number in dict.fromkeys(endpoint.numbers()) if number % 5 == source]
        assert first_seen == list(range(source, 150, 5)), "a repetition may only begin where progress was not stored"
    assert len(endpoint.numbers()) <= 150 + handled
    assert {delivery.headers["Authorization"] for delivery in endpoint.deliveries} == {"Bearer token"}


def test_a_registration_that_was_accepted_survives_a_kill_before_it_settled(tmp_path: Path) -> None:
    process = Process(tmp_path, "--settle-delay", "60")
    client = Client(process.port)
    accepted(client.add(hook("h", "http://127.0.0.1:9/"), store=STORE))
    process.end(signal.SIGKILL)
    client.close()
    with running(tmp_path) as caller:
        eventually(lambda: list(caller.webhooks()) == ["h"])


def test_a_folder_in_use_is_refused_by_a_process_and_free_again_after_a_kill(tmp_path: Path) -> None:
    process = Process(tmp_path)
    command = [sys.executable, "-m", "chronicle_notebook.sandbox", "--port", "0", "--data", str(tmp_path)]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "is in use by another running sandbox" in second.stderr
    assert "Traceback" not in second.stderr
    process.end(signal.SIGKILL)
    with running(tmp_path) as client:
        client.ensure_store()
