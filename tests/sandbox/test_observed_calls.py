"""Calls about webhooks, observers and events, as running kernels of 16.33.0 and 16.37.1 answer them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.commands import methods as commands
from chronicle_notebook.contracts.wire import (
    event_stores_pb2,
    observation_pb2 as wire,
    sequences_classic_pb2 as sequences,
    webhooks_classic_pb2,
    webhooks_pb2,
)
from chronicle_notebook.sandbox import PROFILES, Sandbox
from chronicle_notebook.sandbox.delivery import _watchdog
from tests.sandbox.classic import ClassicClient, classic_append
from tests.sandbox.conftest import STORE, UNAVAILABLE, Endpoint, hook
from tests.waiting import LONG, eventually

URL = "http://127.0.0.1:9/"
HERE: dict[str, Any] = {"EventStore": STORE, "Namespace": "Default"}
REACTOR = "$system.Cratis.Chronicle.Observation.Webhooks.WebhookReactor"
SQL = ("16.33", "16.37", "16.37-postgresql", "16.38")
MEMORY = ("16.37-inmemory", "16.38-inmemory")


@pytest.fixture(autouse=True)
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tail is corrected while a test looks at what moves it otherwise."""
    monkeypatch.setattr(_watchdog.Watchdog, "correct", lambda *_: None)


class Kernel:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.client = ClassicClient(sandbox.port)

    def settle(self) -> None:
        assert self.sandbox._kernel is not None
        self.sandbox._kernel.reactor.wait_until_settled(LONG)

    def add(self, *hooks: webhooks_pb2.WebhookDefinition, store: str = STORE) -> None:
        self.client.add_hooks(*hooks, store=store)
        self.settle()

    def remove(self, *ids: str) -> None:
        self.client.remove_hooks(*ids)
        self.settle()

    def observers(self, namespace: str = "Default") -> dict[str, wire.ObserverInformation]:
        request = wire.AllObserversRequest(EventStore=STORE, Namespace=namespace)
        return {each.Id: each for each in self.client.call(methods.GET_OBSERVERS, request).items}

    def unknown(self, method: Any, request: Any) -> str:
        """What a call that fails with UNKNOWN says."""
        with pytest.raises(grpc.RpcError) as refused:
            self.client.call(method, request)
        found: Any = refused.value
        assert found.code() is grpc.StatusCode.UNKNOWN
        return str(found.details())


@contextmanager
def kernel(folder: Path, profile: str = "16.37", **options: Any) -> Iterator[Kernel]:
    given: dict[str, Any] = {"settle_delay": 0, "time_scale": 0.001, **options}
    with Sandbox(data=folder, behaves_like=profile, **given) as sandbox:
        found = Kernel(sandbox)
        if profile.startswith("16.3") and not profile.startswith("16.38"):
            found.client.register_classic("One", "Two")
        yield found
        found.client.close()


def having(switch: str) -> set[str]:
    return {name for name, profile in PROFILES.items() if getattr(profile.behaviour, switch)}


def test_a_kernels_own_reactors_are_listed_with_what_they_failed_on(tmp_path: Path) -> None:
    """The switch own_workings_shown."""
    assert having("own_workings_shown") == {*SQL, *MEMORY}
    for profile in ("16.37", "16.37-inmemory"):
        with kernel(tmp_path / profile, profile) as found:
            found.add(hook("h", URL, "One"))
            shown = found.observers()
            own = [id_ for id_ in shown if id_.startswith("$system.")]
            assert len(own) == 4
            assert list(shown)[:4] == own
            reactor = shown[REACTOR]
            assert (reactor.Type, reactor.Owner, reactor.EventSequenceId) == (wire.Reactor, wire.Kernel, "system")
            assert (reactor.RunningState, reactor.IsReplayable) == (wire.Active, False)
            # Two event types were registered before, each with an event of its own.
            numbers = (reactor.NextEventSequenceNumber, reactor.LastHandledEventSequenceNumber)
            assert numbers == (3, 2)
            assert reactor.HandledEventCount == (0 if profile == "16.37" else 1)
            elsewhere = found.observers("Elsewhere")[REACTOR]
            assert (elsewhere.RunningState, elsewhere.LastHandledEventSequenceNumber) == (0, UNAVAILABLE)
            found.remove("ghost")
            (failed,) = found.client.failed_classic()
            assert (failed.ObserverId, failed.Partition) == (REACTOR, "ghost")
            assert list(failed.Attempts[0].Messages) == ["Object reference not set to an instance of an object."]
            assert found.observers()[REACTOR].NextEventSequenceNumber == 3, "it stands before what fails"
            only = wire.GetFailedPartitionsRequest(**HERE, ObserverId=REACTOR)
            assert len(found.client.call(methods.GET_FAILED_PARTITIONS, only).items) == 1


def test_a_known_id_that_is_removed_twice_at_once_can_be_added_again(tmp_path: Path) -> None:
    with kernel(tmp_path / "data") as found:
        found.add(hook("h", URL, "One"))
        found.remove("h", "h")
        assert found.client.failed_classic() == []
        found.add(hook("h", URL, "One"))
        assert "h" in found.client.hooks()


@pytest.mark.parametrize("profile", ["16.37", "16.37-inmemory"])
def test_one_event_type_twice_blocks_an_id(profile: str, tmp_path: Path) -> None:
    """The switch repeated_type_blocks."""
    assert having("repeated_type_blocks") == {*SQL, *MEMORY}
    with kernel(tmp_path / "data", profile) as found:
        found.add(hook("h", URL, "One", "One"))
        listed = profile == "16.37-inmemory"
        assert ("h" in found.client.hooks()) is listed
        assert "h" not in found.observers()
        (failed,) = found.client.failed_classic()
        assert failed.Attempts[0].Messages[0].endswith("Key: One+1")
        found.remove("h")
        assert ("h" in found.client.hooks()) is listed, "the removal is not applied"
        found.add(hook("h", URL, "One"))
        assert "h" not in found.observers()


def test_a_hash_in_an_id_loses_the_webhook(tmp_path: Path) -> None:
    """The switch hash_in_id_lost."""
    assert having("hash_in_id_lost") == {*SQL, *MEMORY}
    for profile in ("16.37", "16.37-inmemory"):
        with kernel(tmp_path / profile, profile) as found:
            found.add(hook("a#b", URL, "One"), hook("good", URL, "One"))
            assert set(found.client.hooks()) == {"good"}
            assert found.client.failed_classic() == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a+b", "FormatException: The input string 'b' was not in a correct format."),
        ("a+2", "FormatException: String '1' was not recognized as a valid Boolean."),
    ],
)
def test_a_plus_in_an_event_type_breaks_the_list_of_all(name: str, message: str, tmp_path: Path) -> None:
    """The switch plus_breaks_lists."""
    assert having("plus_breaks_lists") == set(SQL)
    with kernel(tmp_path / "data") as found:
        found.add(hook("good", URL, "One"), hook("bad", URL, name))
        request = webhooks_pb2.GetWebhooksRequest(EventStore=STORE)
        assert found.unknown(methods.GET_WEBHOOKS, request).endswith(message)
        assert list(found.client.follow(methods.OBSERVE_WEBHOOKS, request)) == [], "it ends without a word"
        assert "bad" in found.observers()
        found.remove("bad")
        assert set(found.client.hooks()) == {"good"}


@pytest.mark.parametrize(("profile", "later"), [("16.37", True), ("16.37-inmemory", False)])
def test_what_is_added_to_a_store_that_there_is_not_is_lost(profile: str, later: bool, tmp_path: Path) -> None:
    """The switch unknown_store_loses."""
    assert having("unknown_store_loses") == {*SQL, *MEMORY}
    with kernel(tmp_path / "data", profile) as found:
        found.add(hook("h", URL), store="new")
        found.client.call(commands.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name="new"))
        assert found.client.hooks("new") == {}
        found.add(hook("h", URL), store="new")
        assert ("h" in found.client.hooks("new")) is later


def test_lists_of_observers_do_not_tell_what_was_handled_on_sql(tmp_path: Path, endpoint: Endpoint) -> None:
    """The switch handled_unlisted."""
    assert having("handled_unlisted") == set(SQL)
    for profile, told in (("16.37", 0), ("16.37-inmemory", 1)):
        with kernel(tmp_path / profile, profile) as found:
            found.add(hook("h", endpoint.url(), "One"))
            found.client.append_classic("a", "One")
            eventually(lambda: found.client.observer("h").HandledEventCount == 1)
            assert found.observers()["h"].HandledEventCount == told


def test_completion_is_waited_for_without_end_where_nothing_is_to_be_handled(tmp_path: Path) -> None:
    """The switch completion_waits_for_all."""
    assert having("completion_waits_for_all") == {*SQL, *MEMORY}
    with kernel(tmp_path / "data") as found:
        found.add(hook("h", URL, "One"))
        found.client.append_classic("a", "Two")
        request = wire.WaitForObserverCompletionRequest(**HERE, EventSequenceId="event-log", TailEventSequenceNumber=0)
        wait: Any = found.client._channel.unary_unary(
            commands.WAIT_FOR_COMPLETION.path,
            request_serializer=commands.WAIT_FOR_COMPLETION.request.SerializeToString,
        )
        with pytest.raises(grpc.RpcError) as refused:
            wait(request, timeout=0.5)
        ended: Any = refused.value
        assert ended.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_streams_say_again_what_has_not_changed_on_sql(tmp_path: Path) -> None:
    """The switch streams_poll."""
    assert having("streams_poll") == set(SQL)
    with kernel(tmp_path / "data", time_scale=0.01) as found:
        request = webhooks_pb2.GetWebhooksRequest(EventStore=STORE)
        stream = found.client.follow(methods.OBSERVE_WEBHOOKS, request)
        assert not next(stream).items, "an empty list is said once"
        found.add(hook("h", URL, "One"))
        lists = [next(stream) for _ in range(3)]
        assert [[row.Identifier for row in each.items] for each in lists] == [["h"]] * 3
        stream.cancel()
        observers = found.client.follow(methods.OBSERVE_OBSERVERS, wire.AllObserversRequest(**HERE))
        assert next(observers) == next(observers)
        observers.cancel()


def test_a_tombstone_among_others_breaks_reads_in_memory(tmp_path: Path) -> None:
    """The switch tombstone_breaks_reads."""
    assert having("tombstone_breaks_reads") == set(MEMORY)
    request = sequences.GetFromEventSequenceNumberRequest(**HERE, EventSequenceId="event-log")
    for profile in ("16.37", "16.37-inmemory"):
        with kernel(tmp_path / profile, profile) as found:
            for tombstone in (False, True):
                event = classic_append("a", "One")
                event.EventType.Tombstone = tombstone
                found.client.call(methods.APPEND, event)
            if profile == "16.37":
                events = found.client.call(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, request).Events
                assert [event.Context.EventType.Tombstone for event in events] == [False, False]
            else:
                said = found.unknown(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, request)
                assert said.endswith("An item with the same key has already been added. Key: One+1")


def test_names_come_shorter_ones_first_on_postgresql(tmp_path: Path) -> None:
    """The switch names_ordered."""
    assert having("names_ordered") == {"16.37-postgresql"}
    with kernel(tmp_path / "data", "16.37-postgresql") as found:
        found.add(hook("h", URL, "Three", "Two", "One"))
        kinds = [kind.Id for kind in found.client.hooks()["h"].EventTypes]
        assert kinds == ["One", "Two", "Three"]
        shown = [kind.Id for kind in found.observers()["h"].EventTypes]
        assert shown == ["Three", "Two", "One"], "observers keep the order that was given"


def test_failed_partitions_of_all_cannot_be_listed_at_16_33_once_two_observers_fail_on_one(tmp_path: Path) -> None:
    """The switch same_partition_breaks_list."""
    assert having("same_partition_breaks_list") == {"16.33"}
    with kernel(tmp_path / "data", "16.33") as found:
        found.add(hook("a", URL, "One"), hook("b", URL, "One"))
        found.client.append_classic("s", "One")
        one = [wire.GetFailedPartitionsRequest(**HERE, ObserverId=id_) for id_ in ("a", "b")]
        eventually(lambda: all(found.client.call(methods.GET_FAILED_PARTITIONS, each).items for each in one))
        said = found.unknown(methods.GET_FAILED_PARTITIONS, wire.GetFailedPartitionsRequest(**HERE))
        assert said.endswith("ArgumentException: An item with the same key has already been added. Key: s")


def test_a_request_of_five_megabytes_is_refused(tmp_path: Path) -> None:
    """The switch requests_limited."""
    assert having("requests_limited") == {*SQL, *MEMORY}
    for megabytes, refused in ((3, False), (5, True)):
        with kernel(tmp_path / str(megabytes)) as found:
            request = webhooks_classic_pb2.AddWebhooks(EventStore=STORE, Webhooks=[hook("h" * megabytes * 2**20, URL)])
            if refused:
                with pytest.raises(grpc.RpcError) as caught:
                    found.client.call(methods.ADD, request)
                told: Any = caught.value
                assert told.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            else:
                found.client.call(methods.ADD, request)


def test_the_tail_in_memory_is_that_of_handled_events(tmp_path: Path, endpoint: Endpoint) -> None:
    """The switch tail_of_handled."""
    assert having("tail_of_handled") == set(MEMORY)
    for profile, tail in (("16.37", 0), ("16.37-inmemory", UNAVAILABLE)):
        with kernel(tmp_path / profile, profile) as found:
            found.add(hook("h", URL, "One"))
            found.client.append_classic("a", "One")
            eventually(found.client.failed_classic)
            assert found.client.observer("h").TailEventSequenceNumber == tail


def test_an_observer_that_there_is_not_is_told_as_disconnected(tmp_path: Path) -> None:
    with kernel(tmp_path / "data") as found:
        found.client.append_classic("a", "One")
        told = found.client.observer("nobody")
        assert (told.RunningState, told.IsReplayable, told.HasField("IsReplayable")) == (4, False, True)
        assert (told.LastHandledEventSequenceNumber, told.TailEventSequenceNumber) == (UNAVAILABLE, 0)
        assert "nobody" not in found.observers(), "it leaves none behind"


@pytest.mark.parametrize(
    ("method", "request_", "error"),
    [
        (methods.GET_OBSERVERS, wire.AllObserversRequest(EventStore=STORE), "ArgumentNullException"),
        (methods.GET_FAILED_PARTITIONS, wire.GetFailedPartitionsRequest(Namespace="Default"), "ArgumentNullException"),
        (methods.GET_OBSERVER_INFORMATION, wire.GetObserverInformationRequest(**HERE), "ArgumentNullException"),
        (methods.REPLAY, wire.Replay(**HERE), "ArgumentNullException"),
        (methods.REPLAY_PARTITION, wire.ReplayPartition(**HERE, ObserverId="h"), "NullReferenceException"),
        (methods.RETRY_PARTITION, wire.RetryPartition(**HERE, ObserverId="h"), "NullReferenceException"),
        (methods.ADD, webhooks_classic_pb2.AddWebhooks(Webhooks=[hook("h", URL)]), "ArgumentNullException"),
        (methods.ADD, webhooks_classic_pb2.AddWebhooks(EventStore=STORE, Webhooks=[hook("", URL)]), "ArgumentNull"),
        (methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(), "ArgumentNullException"),
    ],
)
def test_a_request_that_leaves_out_what_it_must_name_fails(
    method: Any, request_: Any, error: str, tmp_path: Path
) -> None:
    with kernel(tmp_path / "data") as found:
        assert found.unknown(method, request_).startswith(f"Exception was thrown by handler. {error}")


def test_concurrency_and_reading_use_the_numbers_of_a_kernel(tmp_path: Path) -> None:
    with kernel(tmp_path / "data") as found:
        found.client.append_classic("a", "One")
        request = classic_append("a", "One")
        request.ConcurrencyScope.ExpectsNoMatchingEvent = True
        violation = found.client.call(methods.APPEND, request).ConcurrencyViolation
        assert (violation.ExpectedSequenceNumber, violation.ActualSequenceNumber) == (UNAVAILABLE - 2, 0)
        every = sequences.GetFromEventSequenceNumberRequest(
            **HERE, EventSequenceId="event-log", FromEventSequenceNumber=UNAVAILABLE
        )
        assert len(found.client.call(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, every).Events) == 1
        assert found.client.append_classic("a", "Nope").Errors[0] == (
            f"Event type 'Nope' is unknown in the event store '{STORE}'"
        )
