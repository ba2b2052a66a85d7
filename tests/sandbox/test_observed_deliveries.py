"""Catch-up, live delivery, failing and the way back, as on running kernels of 16.37.1."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import observation_pb2 as wire
from chronicle_notebook.sandbox import PROFILES, Behaviour
from chronicle_notebook.sandbox.delivery import _circuit, _partition, _watchdog
from tests.sandbox.beside import ABOUT, SCALE, kernel
from tests.sandbox.classic import classic_append
from tests.sandbox.conftest import STORE, UNAVAILABLE, Delivery, Endpoint, hook
from tests.waiting import FOR_EVER, LONG, eventually

NO_JOB = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tail is corrected while a test looks at what moves it otherwise, and no circuit opens.

    With this time scale, a target that fails a dozen times may open the circuit of all targets for a moment, and a
    replay of a failed partition in this moment delivers nothing.
    """
    monkeypatch.setattr(_watchdog, "EVERY", FOR_EVER / SCALE)
    monkeypatch.setattr(_circuit, "LEAST", 1_000_000)


def posts(endpoint: Endpoint) -> list[tuple[str, int]]:
    return [(delivery.partition, len(delivery.numbers)) for delivery in list(endpoint.deliveries)]


def test_catch_up_and_replay_send_one_request_for_each_source_and_page(tmp_path: Path, endpoint: Endpoint) -> None:
    with kernel(tmp_path / "data") as found:
        found.append_many(*["a", "b", "c"] * 10)
        found.append_many(*["big"] * 230)
        for _ in range(2):
            endpoint.deliveries.clear()
            if found.client.hooks():
                found.client.call(methods.REPLAY, wire.Replay(**ABOUT))
            else:
                found.add("h", endpoint.url())
            eventually(lambda: len(endpoint.deliveries) == 6)
            assert sorted(posts(endpoint)) == [("a", 10), ("b", 10), ("big", 30), ("big", 100), ("big", 100), ("c", 10)]
            assert [size for source, size in posts(endpoint) if source == "big"] == [100, 100, 30]
            eventually(lambda: found.shown() == (260, 259, 259))


def test_live_events_come_as_they_were_appended(tmp_path: Path, endpoint: Endpoint) -> None:
    with kernel(tmp_path / "data") as found:
        found.add("h", endpoint.url())
        found.append_many(*["a"] * 150)
        found.append_many("a", "b", "a")
        found.append_many("a", "a:Two", "a")
        for _ in range(3):
            found.append("a")
        eventually(lambda: len(endpoint.numbers()) == 158)
        assert posts(endpoint) == [
            ("a", 150), ("a", 1), ("b", 1), ("a", 1), ("a", 2), ("a", 1), ("a", 1), ("a", 1)
        ]  # fmt: skip


def test_what_was_appended_together_is_sent_together_after_single_events(tmp_path: Path, endpoint: Endpoint) -> None:
    gate = threading.Event()

    def answer(_delivery: Delivery) -> int:
        assert gate.wait(LONG)
        return 200

    endpoint.answer = answer  # type: ignore[method-assign, assignment]
    with kernel(tmp_path / "data") as found:
        found.add("h", endpoint.url())
        for _ in range(60):
            found.append("a")
        found.append_many(*["a"] * 250)
        gate.set()
        eventually(lambda: len(endpoint.numbers()) == 310)
        assert posts(endpoint) == [("a", 1)] * 60 + [("a", 250)]


def test_only_matching_events_move_the_numbers_of_a_live_observer(tmp_path: Path, endpoint: Endpoint) -> None:
    with kernel(tmp_path / "data") as found:
        found.append("x", "Two")
        found.add("h", endpoint.url())
        assert found.shown() == (1, UNAVAILABLE, UNAVAILABLE), "it begins at the end"
        found.append("a")
        found.append("x", "Two")
        eventually(lambda: found.shown() == (2, 1, 1))
        found.append("a")
        eventually(lambda: found.shown() == (4, 3, 3))


def test_in_memory_nothing_is_caught_up_with(tmp_path: Path, endpoint: Endpoint) -> None:
    """The switch catch_up_dead."""
    assert {name for name, profile in PROFILES.items() if profile.behaviour.catch_up_dead} == {
        "16.37-inmemory",
        "16.38-inmemory",
    }
    with kernel(tmp_path / "data", "16.37-inmemory") as found:
        found.add("before", endpoint.url("/before"))
        found.append("a")
        endpoint.expect([0], "/before")
        found.add("h", endpoint.url())
        found.append("a")
        endpoint.expect([0, 1], "/before")
        assert endpoint.numbers() == []
        assert found.client.observer("h").RunningState == wire.Active
        assert found.shown() == (0, UNAVAILABLE, UNAVAILABLE)
        about = {**ABOUT, "ObserverId": "before"}
        assert found.client.call(methods.REPLAY, wire.Replay(**about)).JobId == NO_JOB
        assert found.shown("before")[:2] == (0, UNAVAILABLE)
        with pytest.raises(Exception, match="TimeoutException: Response did not arrive on time in 00:00:30"):
            found.client.call(methods.REPLAY, wire.Replay(**about))


def test_an_event_right_after_a_catch_up_can_strand_an_observer(tmp_path: Path, endpoint: Endpoint) -> None:
    """The switch catch_up_strands."""
    assert not any(profile.behaviour.catch_up_strands for profile in PROFILES.values())
    behaviour = dataclasses.replace(Behaviour(), catch_up_strands=True)
    with kernel(tmp_path / "data", None, contract="classic", behaviour=behaviour, time_scale=1.0) as found:
        found.append("a")
        found.add("h", endpoint.url())
        endpoint.expect([0])
        eventually(lambda: found.client.observer("h").LastHandledEventSequenceNumber == 0)
        found.append("a")
        found.append("b")
        assert found.sandbox._kernel is not None
        (observer,) = found.sandbox._kernel.engine.observers()
        eventually(lambda: observer.stuck)
        assert endpoint.numbers() == [0]
        assert found.client.observer("h").RunningState == wire.Active
        assert found.client.failed_classic() == []
        found.client.call(methods.REPLAY, wire.Replay(**ABOUT))
        eventually(lambda: sorted(endpoint.numbers()) == [0, 0, 1, 2])


def test_a_retry_alone_frees_a_failed_partition(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch failed_partitions_stay."""
    monkeypatch.setattr(_partition, "MOST_ATTEMPTS", 2)
    behaviour = dataclasses.replace(PROFILES["16.37"].behaviour, old_target_kept=False)
    with kernel(tmp_path / "data", None, contract="classic", behaviour=behaviour) as found:
        found.add("h", "http://127.0.0.1:9/")
        found.append("a")
        assert found.sandbox._kernel is not None
        (observer,) = found.sandbox._kernel.engine.observers()
        eventually(lambda: (failed := observer.partitions.get("a")) and failed.quarantined)
        found.append("a")
        for id_ in ("h", "h"):
            found.remove(id_)
            found.add(id_, endpoint.url())
        (failed,) = found.client.failed_classic()
        assert len(failed.Attempts) == 3, "it survives removal and registration"
        found.client.call(methods.REPLAY_PARTITION, wire.ReplayPartition(**ABOUT, Partition="a"))
        endpoint.expect([0, 1])
        found.client.call(methods.REPLAY, wire.Replay(**ABOUT))
        endpoint.expect([0, 1, 0, 1])
        eventually(lambda: observer.replay is None)
        states = [event["context"]["observationState"] for each in endpoint.deliveries for event in each.body["events"]]
        assert states == [2, 2, 2, 2]
        found.append("a")
        found.append("b")
        endpoint.expect([0, 1, 0, 1, 3])
        assert len(found.client.failed_classic()) == 1
        assert not found.client.failed_classic()[0].IsQuarantined, "no field tells"
        found.retry("a")
        endpoint.expect([0, 1, 0, 1, 3, 0, 1, 2])
        eventually(lambda: found.client.failed_classic() == [])
        assert endpoint.deliveries[-1].numbers == [0, 1, 2]


def test_what_a_failing_observer_shows(tmp_path: Path, endpoint: Endpoint) -> None:
    """The switch tail_stands_while_failing."""
    with kernel(tmp_path / "data", time_scale=1.0) as found:
        found.add("h", "http://127.0.0.1:9/x", "One", "Two")
        endpoint.status = 200
        found.append("a")
        eventually(found.client.failed_classic, within=60)
        assert found.shown() == (0, UNAVAILABLE, 0)
        found.append("b")
        found.append("b")
        assert found.sandbox._kernel is not None
        (observer,) = found.sandbox._kernel.engine.observers()
        eventually(lambda: "b" in observer.partitions, within=60)
        assert found.shown() == (0, UNAVAILABLE, 0)


@pytest.mark.parametrize("profile", ["16.37", None])
def test_a_slow_target_delays_those_in_its_queue(profile: str | None, tmp_path: Path, endpoint: Endpoint) -> None:
    """The switch queues_shared."""
    gate = threading.Event()
    options = {} if profile else {"contract": "classic"}
    with kernel(tmp_path / "data", profile, **options) as found, silent(gate) as url:
        found.add("slow", url, "Two")
        for number in range(4):
            found.add(f"h{number}", endpoint.url(f"/{number}"))
        found.append("s", "Two")
        assert found.sandbox._kernel is not None
        observers = {each.webhook.id: each for each in found.sandbox._kernel.engine.observers()}
        eventually(lambda: observers["slow"].flights.count)
        for _ in range(3):
            found.append("a")
        free = [number for number in range(4) if profile is None or number % 2 == 0]
        for number in free:
            endpoint.expect([1, 2, 3], f"/{number}")
        held = [number for number in range(4) if number not in free]
        assert [endpoint.numbers(f"/{number}") for number in held] == [[] for _ in held]
        gate.set()
        for number in held:
            endpoint.expect([1, 2, 3], f"/{number}")


@contextmanager
def silent(gate: threading.Event) -> Iterator[str]:
    """A target that answers when the gate opens."""
    import http.server

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            gate.wait(LONG)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    gate.set()
    server.shutdown()
    server.server_close()


def test_sources_in_use_go_on_to_the_old_target(tmp_path: Path, endpoint: Endpoint) -> None:
    """The switch old_target_kept."""
    with kernel(tmp_path / "data", time_scale=1.0) as found:
        found.add("h", endpoint.url("/old"))
        found.append("used")
        endpoint.expect([0], "/old")
        eventually(lambda: found.shown()[0] == 1)  # a removal before the answer has come would end the delivery
        found.remove("h")
        found.add("h", endpoint.url("/new"))
        assert found.client.hooks()["h"].Target.Url.endswith("/new")
        found.append("used")
        found.append("fresh")
        endpoint.expect([0, 1], "/old")
        endpoint.expect([2], "/new")
        eventually(lambda: found.shown()[0] == 3)  # what was not answered before the end is delivered again
    endpoint.deliveries.clear()
    with kernel(tmp_path / "data", time_scale=0.0) as found:
        found.append("used")
        endpoint.expect([3], "/new")


def test_nothing_is_delivered_once_a_removal_has_returned(tmp_path: Path, endpoint: Endpoint) -> None:
    with kernel(tmp_path / "data", settle_delay=0.5) as found:
        found.add("h", endpoint.url())
        found.add("other", endpoint.url("/other"))
        found.client.remove_hooks("h")
        found.append("a")
        endpoint.expect([0], "/other")
        assert endpoint.numbers() == []
        assert "h" in found.client.hooks(), "the list shows it a while longer"
        eventually(lambda: "h" not in found.client.hooks())


def test_a_webhook_added_right_after_its_removal_is_there(tmp_path: Path, endpoint: Endpoint) -> None:
    with kernel(tmp_path / "data", settle_delay=0.2) as found:
        found.add("h", endpoint.url("/old"))
        found.client.remove_hooks("h")
        found.client.add_hooks(hook("h", endpoint.url("/new"), "One"))
        eventually(lambda: (row := found.client.hooks().get("h")) and row.Target.Url.endswith("/new"))
        found.append("a")
        endpoint.expect([0], "/new")


def test_a_spoiled_namespace_is_not_caught_up_with(tmp_path: Path, endpoint: Endpoint) -> None:
    with kernel(tmp_path / "data") as found:
        found.append("a")
        request = classic_append("a", "One")
        request.CausedBy.ClearField("Name")
        assert found.client.call(methods.APPEND, request).Errors
        found.add("h", endpoint.url())
        found.append("a")
        assert found.sandbox._kernel is not None
        (observer,) = found.sandbox._kernel.engine.observers()
        eventually(lambda: observer.task is None and observer.span is not None)
        assert endpoint.deliveries == []
        assert found.client.failed_classic() == []


@pytest.mark.parametrize("profile", ["16.37", None])
def test_a_slow_target_hides_what_waits(profile: str | None, tmp_path: Path) -> None:
    """The switch tail_of_offered."""
    gate = threading.Event()
    options = {} if profile else {"contract": "classic"}
    with kernel(tmp_path / "data", profile, **options) as found, silent(gate) as url:
        found.add("h", url)
        for _ in range(3):
            found.append("a")
        assert found.sandbox._kernel is not None
        (observer,) = found.sandbox._kernel.engine.observers()
        eventually(lambda: observer.flights.count and observer.tail == (0 if profile else 2))
        assert found.shown() == (0, UNAVAILABLE, 0 if profile else 2)


def test_the_client_says_what_waits_although_the_kernel_hides_it(tmp_path: Path) -> None:
    gate = threading.Event()
    with (
        kernel(tmp_path / "data", "16.37") as found,
        silent(gate) as url,
        cn.connect(found.sandbox.connection_string, event_store=STORE, name="tails") as client,
    ):
        found.add("h", url)
        found.add("idle", url, "Two")
        assert "no event of its types yet" in repr(client.describe("idle"))
        for _ in range(3):
            found.append("a")
        eventually(lambda: found.shown() == (0, UNAVAILABLE, 0))
        (observer,) = client.observers("h")
        assert (observer.next_sequence_number, observer.tail_sequence_number, observer.lag) == (0, 2, 3)
        assert "at most 3 not seen yet" in repr(client.describe("h"))
        (idle,) = client.observers("idle")
        assert (idle.tail_sequence_number, idle.lag) == (None, 0), "what waits is for another webhook"
        gate.set()


def test_the_tail_is_corrected_once_a_minute_on_sql(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch tail_corrected."""
    assert {name for name, profile in PROFILES.items() if profile.behaviour.tail_corrected} == {
        "16.33",
        "16.37",
        "16.37-postgresql",
        "16.38",
    }
    monkeypatch.setattr(_watchdog, "EVERY", 60.0)
    gate = threading.Event()
    with kernel(tmp_path / "data") as found, silent(gate) as url:
        found.add("h", url)
        for kind in ("One", "One", "Two"):
            found.append("a", kind)
        eventually(lambda: found.shown() == (0, UNAVAILABLE, 1))
        found.add("gone", endpoint.url(), "Two")
        eventually(lambda: found.shown("gone")[2] == 2)
        found.remove("gone")
        found.append("a", "Two")
        found.append("a")
        eventually(lambda: found.shown()[2] == 4)
        assert found.shown("gone")[2] == 2, "it is not subscribed any more"
