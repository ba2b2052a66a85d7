"""Failing targets: retries, failed partitions, quarantine, replay."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import web

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import observation_pb2 as wire, webhooks_pb2
from chronicle_notebook.sandbox import Behaviour, Sandbox
from tests.sandbox.conftest import STORE, UNAVAILABLE, Client, Delivery, Endpoint, accepted, hook
from tests.waiting import LONG, eventually

ABOUT_H = {"EventStore": STORE, "Namespace": "Default", "ObserverId": "h", "EventSequenceId": "event-log"}


@pytest.fixture(autouse=True)
def types(client: Client) -> None:
    client.register_types("One")


class Failing(Endpoint):
    """An endpoint that answers ``refusal`` for the partitions in ``bad``, as often as ``times`` says."""

    bad: frozenset[str] = frozenset()
    refusal = 400
    times: int | None = None
    accepted: list[Delivery] = []  # noqa: RUF012 - replaced, never changed

    def answer(self, delivery: Delivery) -> web.StreamResponse | int:
        if delivery.partition not in self.bad or self.times == 0:
            self.accepted = [*self.accepted, delivery]
            return 200
        if self.times is not None:
            self.times -= 1
        return self.refusal

    def delivered(self, partition: str) -> list[int]:
        return [number for entry in self.deliveries if entry.partition == partition for number in entry.numbers]


@pytest.fixture
def failing(endpoint: Endpoint) -> Failing:
    endpoint.__class__ = Failing
    assert isinstance(endpoint, Failing)
    return endpoint


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Client]:
    """A client of a sandbox whose back-off takes so long that only a command ends it."""
    with Sandbox(data=tmp_path / "patient", settle_delay=0.01, time_scale=100) as sandbox:
        caller = Client(sandbox.port)
        caller.ensure_store()
        caller.register_types("One")
        yield caller
        caller.close()


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_transient_answer_is_tried_again_before_it_is_a_failure(
    client: Client, failing: Failing, status: int
) -> None:
    failing.bad, failing.refusal, failing.times = frozenset("a"), status, 3
    client.settle(hook("h", failing.url(), "One"))
    client.append("a", "One")
    failing.expect([0, 0, 0, 0])
    eventually(lambda: client.observer("h").HandledEventCount == 1)
    assert client.failed() == []


def test_a_refusal_fails_the_partition_at_once_and_others_go_on(patient: Client, failing: Failing) -> None:
    failing.bad = frozenset("a")
    patient.settle(hook("h", failing.url(), "One"))
    patient.append("a", "One")
    patient.append("b", "One")
    patient.append("a", "One")
    patient.append("b", "One")
    eventually(lambda: failing.delivered("b") == [1, 3])
    assert failing.delivered("a") == [0]
    (failed,) = patient.failed()
    assert (failed.ObserverId, failed.Partition, failed.IsQuarantined, failed.IsResolved) == ("h", "a", False, False)
    (attempt,) = failed.Attempts
    assert attempt.SequenceNumber == 0
    assert attempt.Kind == wire.Handling
    assert attempt.Messages == [f"Delivery to webhook '{failing.url()}' failed with status code 400 (Bad Request)."]
    assert attempt.Occurred.Value.endswith("+00:00")
    eventually(lambda: patient.observer("h").LastHandledEventSequenceNumber == 3)
    information = patient.observer("h")
    assert information.RunningState == wire.Active
    assert (information.HandledEventCount, information.TailEventSequenceNumber) == (2, 3)
    assert patient.failed("other") == []


def test_a_retry_delivers_everything_from_the_failing_event_on_in_order(patient: Client, failing: Failing) -> None:
    failing.bad = frozenset("a")
    patient.settle(hook("h", failing.url(), "One"))
    for _ in range(3):
        patient.append("a", "One")
        patient.append("b", "One")
    eventually(lambda: failing.delivered("b") == [1, 3, 5])
    failing.bad = frozenset()
    answer = patient.call(methods.RETRY_PARTITION, wire.RetryPartition(**ABOUT_H, Partition="a"))
    assert answer.Outcome == wire.Started
    eventually(lambda: patient.failed() == [])
    assert failing.delivered("a") == [0, 0, 2, 4]
    assert {event["context"]["observationState"] for entry in failing.deliveries for event in entry.body["events"]} == {
        1
    }
    patient.append("a", "One")
    eventually(lambda: failing.delivered("a") == [0, 0, 2, 4, 6])
    eventually(lambda: patient.observer("h").HandledEventCount == 7)
    again = patient.call(methods.RETRY_PARTITION, wire.RetryPartition(**ABOUT_H, Partition="a"))
    assert again.Outcome == wire.PartitionNotFound


def test_a_partition_recovers_by_itself_while_events_come(client: Client, failing: Failing) -> None:
    failing.bad, failing.times = frozenset("a"), 3
    client.settle(hook("h", failing.url(), "One"))
    for _ in range(60):
        client.append("a", "One")
        client.append("b", "One")
    eventually(lambda: client.observer("h").HandledEventCount == 120)
    assert client.failed() == []
    assert failing.delivered("b") == list(range(1, 120, 2))
    taken = [number for entry in failing.accepted if entry.partition == "a" for number in entry.numbers]
    assert taken == list(range(0, 120, 2))


def test_the_eleventh_failure_quarantines_a_partition_until_that_is_ended(client: Client, failing: Failing) -> None:
    failing.bad = frozenset("a")
    client.settle(hook("h", failing.url(), "One"))
    client.append("a", "One")
    (failed,) = eventually(lambda: [entry for entry in client.failed() if entry.IsQuarantined])
    assert len(failed.Attempts) == 11
    assert len(failing.deliveries) == 11
    refused = client.call(methods.RETRY_PARTITION, wire.RetryPartition(**ABOUT_H, Partition="a"))
    assert refused.Outcome == wire.PartitionQuarantined
    failing.bad = frozenset()
    clear = wire.ClearPartitionQuarantine(**ABOUT_H, Partition="a", RetryImmediately=True)
    assert client.call(methods.CLEAR_PARTITION_QUARANTINE, clear).Outcome == wire.Cleared
    eventually(lambda: client.failed() == [])
    assert client.call(methods.CLEAR_PARTITION_QUARANTINE, clear).Outcome == wire.NotFound


def test_registering_again_retries_with_the_new_target(patient: Client, failing: Failing) -> None:
    patient.settle(hook("h", "http://127.0.0.1:9/", "One", headers={"Content-Type": "x"}))
    patient.append("a", "One")
    eventually(patient.failed)
    accepted(patient.add(hook("h", failing.url(), "One")))
    failing.expect([0])
    eventually(lambda: patient.failed() == [])


def test_failed_partitions_can_be_given_up(patient: Client, failing: Failing) -> None:
    failing.bad = frozenset("a")
    patient.settle(hook("h", failing.url(), "One"))
    patient.append("a", "One")
    eventually(patient.failed)
    patient.call(methods.CLEAR_FAILED_PARTITIONS, wire.ClearFailedPartitions(**ABOUT_H))
    assert patient.failed() == []
    failing.bad = frozenset()
    patient.append("a", "One")
    eventually(lambda: failing.delivered("a") == [0, 1])


def test_a_replay_delivers_everything_again_as_a_replay(client: Client, endpoint: Endpoint) -> None:
    client.settle(hook("h", endpoint.url(), "One"))
    for source in "aba":
        client.append(source, "One")
    eventually(lambda: client.observer("h").HandledEventCount == 3)
    job = client.call(methods.REPLAY, wire.Replay(**ABOUT_H)).JobId
    assert len(job) == 36
    eventually(lambda: len(endpoint.numbers()) == 6)
    again = {tuple(delivery.numbers) for delivery in endpoint.deliveries[3:]}
    assert again == {(0, 2), (1,)}, "the events of a source come together"
    states = [delivery.body["events"][0]["context"]["observationState"] for delivery in endpoint.deliveries]
    assert states == [1, 1, 1, 2, 2]
    eventually(lambda: client.observer("h").RunningState == wire.Active)
    assert client.observer("h").HandledEventCount == 3
    client.append("a", "One")
    eventually(lambda: endpoint.deliveries[-1].numbers == [3])


def test_a_replay_of_an_unknown_observer_starts_nothing(client: Client) -> None:
    assert client.call(methods.REPLAY, wire.Replay(**ABOUT_H)).JobId == "00000000-0000-0000-0000-000000000000"


def test_one_partition_is_replayed_without_the_others(client: Client, endpoint: Endpoint) -> None:
    client.settle(hook("h", endpoint.url(), "One"))
    for source in "aba":
        client.append(source, "One")
    eventually(lambda: client.observer("h").HandledEventCount == 3)
    client.call(methods.REPLAY_PARTITION, wire.ReplayPartition(**ABOUT_H, Partition="a"))
    endpoint.expect([0, 1, 2, 0, 2])
    assert [event["context"]["observationState"] for event in endpoint.deliveries[-1].body["events"]] == [2, 2]
    client.append("a", "One")
    endpoint.expect([0, 1, 2, 0, 2, 3])
    assert client.failed() == []


def test_two_replays_that_wait_for_the_same_delivery_are_one(
    client: Client, sandbox: Sandbox, endpoint: Endpoint
) -> None:
    gate = threading.Event()

    def answer(_delivery: Delivery) -> int:
        assert gate.wait(LONG)
        return 200

    endpoint.answer = answer  # type: ignore[method-assign, assignment]
    client.settle(hook("h", endpoint.url(), "One"))
    client.append("a", "One")
    eventually(lambda: endpoint.deliveries)
    assert sandbox._kernel is not None
    (observer,) = [entry for entry in sandbox._kernel.engine.observers() if entry.webhook.id == "h"]
    with ThreadPoolExecutor(2) as threads:
        replays = [threads.submit(client.call, methods.REPLAY, wire.Replay(**ABOUT_H)) for _ in range(2)]
        try:
            eventually(lambda: observer.held == 2)
        finally:
            gate.set()
        jobs = {replay.result(LONG).JobId for replay in replays}
    assert len(jobs) == 1
    endpoint.expect([0, 0])
    eventually(lambda: client.observer("h").RunningState == wire.Active)


def test_a_partition_is_replayed_from_its_first_event_although_a_try_is_under_way(
    patient: Client, endpoint: Endpoint
) -> None:
    gate = threading.Event()
    answers = iter([200, 400])

    def answer(_delivery: Delivery) -> int:
        if (status := next(answers, None)) is None:
            assert gate.wait(LONG)
            return 200
        return status

    endpoint.answer = answer  # type: ignore[method-assign, assignment]
    patient.settle(hook("h", endpoint.url(), "One"))
    patient.append("a", "One")
    endpoint.expect([0])
    patient.append("a", "One")
    eventually(patient.failed)
    try:
        patient.call(methods.RETRY_PARTITION, wire.RetryPartition(**ABOUT_H, Partition="a"))
        endpoint.expect([0, 1, 1])
        patient.call(methods.REPLAY_PARTITION, wire.ReplayPartition(**ABOUT_H, Partition="a"))
    finally:
        gate.set()
    endpoint.expect([0, 1, 1, 0, 1])
    eventually(lambda: patient.failed() == [])


def test_without_a_look_at_the_status_every_answer_counts_as_delivered(tmp_path: Path, failing: Failing) -> None:
    behaviour = Behaviour(status_checked=False)
    with Sandbox(data=tmp_path / "old", settle_delay=0, time_scale=0.001, behaviour=behaviour) as sandbox:
        caller = Client(sandbox.port)
        caller.register_types("One")
        caller.settle(hook("h", failing.url(), "One"))
        failing.bad, failing.refusal = frozenset("ab"), 404
        caller.append("a", "One")
        failing.expect([0])
        failing.refusal = 500
        eventually(lambda: caller.observer("h").HandledEventCount == 1)
        caller.append("b", "One")
        eventually(lambda: caller.observer("h").HandledEventCount == 2)
        assert failing.numbers() == [0, 1, 1, 1, 1]
        assert caller.failed() == []
        caller.close()


def test_the_live_lists_show_failures_and_progress(client: Client, failing: Failing) -> None:
    request = wire.GetFailedPartitionsRequest(EventStore=STORE, Namespace="Default")
    failures = client.follow(methods.OBSERVE_FAILED_PARTITIONS, request)
    observers = client.follow(
        methods.OBSERVE_OBSERVERS, wire.AllObserversRequest(EventStore=STORE, Namespace="Default")
    )
    assert list(next(failures).items) == []
    assert list(next(observers).items) == []
    failing.bad = frozenset("a")
    client.settle(hook("h", failing.url(), "One"))
    client.append("a", "One")
    client.append("b", "One")
    assert next(failures).items[0].Partition == "a"
    row = next(row for answer in observers for row in answer.items if row.HandledEventCount == 1)
    assert not row.IsSubscribed  # lists never fill it in
    assert not row.HasField("IsReplayable")  # absent means true
    assert row.Owner == wire.Kernel
    failures.cancel()
    observers.cancel()


def test_an_observer_that_has_handled_nothing_says_so(client: Client, endpoint: Endpoint) -> None:
    client.settle(hook("h", endpoint.url(), "One"))
    eventually(lambda: client.observer("h").IsSubscribed)
    information = client.observer("h")
    assert information.LastHandledEventSequenceNumber == UNAVAILABLE
    assert information.TailEventSequenceNumber == UNAVAILABLE
    assert information.NextEventSequenceNumber == 0
    assert client.observer("nobody").LastHandledEventSequenceNumber == UNAVAILABLE


def test_completion_is_waited_for_and_an_observer_is_removed_once_it_is_not_subscribed(
    client: Client, failing: Failing
) -> None:
    client.settle(hook("h", failing.url(), "One"))
    client.append("a", "One")
    request = wire.WaitForObserverCompletionRequest(
        EventStore=STORE, Namespace="Default", EventSequenceId="event-log", TailEventSequenceNumber=0
    )
    assert client.call(methods.WAIT_FOR_COMPLETION, request).IsSuccess
    failing.bad = frozenset("b")
    client.append("b", "One")
    request.TailEventSequenceNumber = 1
    answer = client.call(methods.WAIT_FOR_COMPLETION, request)
    assert (answer.IsSuccess, answer.TimedOut) == (False, False)
    assert [entry.Partition for entry in answer.FailedPartitions] == ["b"]
    refused = client.call(methods.REMOVE_OBSERVER, wire.RemoveObserver(**ABOUT_H))
    assert (refused.Outcome, refused.BlockingNamespace) == (wire.ObserverSubscribed, "Default")
    client.call(methods.REMOVE_WEBHOOKS, webhooks_pb2.RemoveWebhooksRequest(EventStore=STORE, Webhooks=["h"]))
    eventually(lambda: not client.observer("h").IsSubscribed)
    assert client.call(methods.REMOVE_OBSERVER, wire.RemoveObserver(**ABOUT_H)).Outcome == wire.Removed
    assert client.call(methods.REMOVE_OBSERVER, wire.RemoveObserver(**ABOUT_H)).Outcome == wire.ObserverNotFound
    assert client.failed() == []
