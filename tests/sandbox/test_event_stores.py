"""Event stores and namespaces."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import (
    event_stores_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_classic_pb2,
    sequences_pb2,
)
from chronicle_notebook.sandbox import Sandbox
from tests.sandbox.classic import ClassicClient
from tests.sandbox.conftest import STORE, Client, accepted


def names(client: Client) -> list[str]:
    return [row.Name for row in accepted(client.call(methods.ALL_EVENT_STORES, Empty())).Data]


def test_the_system_store_always_exists_and_stores_are_created_once_whatever_the_case(client: Client) -> None:
    client.ensure_store("SHOP")
    assert names(client) == ["System", STORE]
    rows = accepted(client.call(methods.ALL_EVENT_STORES, Empty())).Data
    assert [row.Id for row in rows] == [row.Name for row in rows]


@pytest.mark.parametrize("name", ["", " "])
def test_an_event_store_without_a_name_is_refused_with_the_severity_left_off(client: Client, name: str) -> None:
    answer = client.call(methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name=name))
    problems = [(problem.Message, list(problem.Members)) for problem in answer.ValidationResults]
    assert problems == [("Event store name is required.", ["Name"])]
    assert not answer.ValidationResults[0].HasField("Severity")
    assert answer.IsAuthorized
    assert list(answer.ExceptionMessages) == []


def test_a_name_that_no_store_can_have_is_an_exception_in_the_envelope(client: Client) -> None:
    answer = client.call(methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name="[NotSet]"))
    assert list(answer.ExceptionMessages) == ["The event store name '[NotSet]' is not valid."]
    assert "in ensure" in answer.ExceptionStackTrace
    assert names(client) == ["System", STORE]


def test_every_answer_has_a_correlation_id_of_its_own(client: Client) -> None:
    first, second = (client.call(methods.ALL_EVENT_STORES, Empty()) for _ in range(2))
    assert (first.CorrelationId.lo, first.CorrelationId.hi) != (second.CorrelationId.lo, second.CorrelationId.hi)


def test_the_live_list_of_stores_begins_with_the_current_one_and_keeps_its_correlation_id(client: Client) -> None:
    stream = client.follow(methods.OBSERVE_EVENT_STORES, Empty())
    first = accepted(next(stream))
    client.ensure_store("other")
    second = accepted(next(stream))
    stream.cancel()
    assert [row.Name for row in first.Data] == ["System", STORE]
    assert [row.Name for row in second.Data] == ["System", STORE, "other"]
    assert first.CorrelationId == second.CorrelationId


def test_a_new_store_has_the_default_namespace_and_more_can_be_added(client: Client) -> None:
    stream = client.follow(methods.OBSERVE_NAMESPACES, namespaces_pb2.ObserveNamespacesRequest(EventStore=STORE))
    assert [row.Name for row in accepted(next(stream)).Data] == ["Default"]
    for name in ("Tenant-A", "tenant-a"):
        request = namespaces_pb2.EnsureNamespaceRequest(EventStore=STORE, Namespace=name)
        accepted(client.call(methods.ENSURE_NAMESPACE, request))
    assert [row.Name for row in accepted(next(stream)).Data] == ["Default", "Tenant-A"]
    stream.cancel()
    listed = accepted(client.call(methods.ALL_NAMESPACES, namespaces_pb2.AllNamespacesRequest(EventStore=STORE)))
    assert [(row.Name, row.Id) for row in listed.Data] == [("Default", "Default"), ("Tenant-A", "Tenant-A")]


def test_a_namespace_needs_a_store_and_a_name(client: Client) -> None:
    answer = client.call(methods.ENSURE_NAMESPACE, namespaces_pb2.EnsureNamespaceRequest())
    assert [list(problem.Members) for problem in answer.ValidationResults] == [["EventStore"], ["Namespace"]]
    assert [problem.Message for problem in answer.ValidationResults] == [
        "Event store name is required.",
        "Namespace name is required.",
    ]


SEQUENCE: dict[str, Any] = {"Namespace": "Default", "EventSequenceId": "event-log"}
OBSERVER: dict[str, Any] = {**SEQUENCE, "ObserverId": "h"}
READS: dict[str, tuple[Method[Any, Any], Any]] = {
    "tail": (methods.TAIL_SEQUENCE_NUMBER, sequences_pb2.TailSequenceNumberRequest(**SEQUENCE)),
    "events": (methods.FROM_SEQUENCE_NUMBER, sequences_pb2.FromSequenceNumberRequest(**SEQUENCE)),
    "all events": (methods.APPENDED_EVENTS, sequences_pb2.AppendedEventsRequest(**SEQUENCE)),
    "has events": (
        methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID,
        sequences_pb2.HasEventsForEventSourceIdRequest(**SEQUENCE, EventSourceId="s"),
    ),
    "one observer": (
        methods.GET_OBSERVER_INFORMATION,
        observation_pb2.GetObserverInformationRequest(**OBSERVER),
    ),
    "retry": (methods.RETRY_PARTITION, observation_pb2.RetryPartition(**OBSERVER, Partition="s")),
    "replay": (methods.REPLAY, observation_pb2.Replay(**OBSERVER)),
    "replay one": (methods.REPLAY_PARTITION, observation_pb2.ReplayPartition(**OBSERVER, Partition="s")),
    "clear": (methods.CLEAR_FAILED_PARTITIONS, observation_pb2.ClearFailedPartitions(**OBSERVER)),
    "lift": (methods.CLEAR_PARTITION_QUARANTINE, observation_pb2.ClearPartitionQuarantine(**OBSERVER, Partition="s")),
    "lift all": (methods.CLEAR_OBSERVER_QUARANTINE, observation_pb2.ClearObserverQuarantine(**OBSERVER)),
    "clients": (
        methods.GET_CONNECTED_CLIENTS_FOR_OBSERVER,
        observation_pb2.GetConnectedClientsForObserverRequest(**OBSERVER),
    ),
}
CLASSIC_READS: dict[str, tuple[Method[Any, Any], Any]] = {
    "tail": (
        classic.GET_TAIL_SEQUENCE_NUMBER,
        sequences_classic_pb2.GetTailSequenceNumberRequest(**SEQUENCE),
    ),
    "events": (
        classic.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER,
        sequences_classic_pb2.GetFromEventSequenceNumberRequest(**SEQUENCE),
    ),
    "has events": (
        classic.HAS_EVENTS_FOR_EVENT_SOURCE_ID,
        sequences_classic_pb2.HasEventsForEventSourceIdRequest(**SEQUENCE, EventSourceId="s"),
    ),
    "retry": (classic.RETRY_PARTITION, observation_pb2.RetryPartition(**OBSERVER, Partition="s")),
}


@pytest.mark.parametrize("read", READS)
def test_whatever_is_asked_of_a_store_that_does_not_exist_creates_it(read: str, client: Client) -> None:
    method, request = READS[read]
    request.EventStore = "mistyped"
    client.call(method, request)
    assert names(client) == ["System", STORE, "mistyped"]


@pytest.mark.parametrize("read", CLASSIC_READS)
def test_so_it_does_in_the_classic_contract(read: str) -> None:
    method, request = CLASSIC_READS[read]
    with Sandbox(contract="classic") as sandbox:
        client = ClassicClient(sandbox.port)
        request.EventStore = "mistyped"
        client.call(method, request)
        assert list(next(client.follow(classic.ALL_EVENT_STORES, Empty())).Data) == ["System", "mistyped"]
        request.EventStore = ""
        with pytest.raises(grpc.RpcError, match="cannot be null"):
            client.call(method, request)
        client.close()
