"""A triage of kernels that say little, or fail on a part of what is asked."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import (
    event_stores_pb2,
    host_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_pb2,
    webhooks_pb2,
)
from chronicle_notebook.model._observer import WEBHOOK_REACTOR
from chronicle_notebook.session._client import Client
from tests.scripted import ScriptedKernel, enveloped
from tests.waiting import eventually

ACTIVE, QUARANTINED = 1, 5


class Shop:
    """A kernel with the webhook ``a``, whose observer is one event behind. Its lists say that everything is active."""

    def __init__(self, kernel: ScriptedKernel) -> None:
        self.quarantined: set[str] = set()
        self.failed: list[observation_pb2.FailedPartition] = []
        kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.38.0"))
        stores = event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse
        kernel.on(methods.ALL_EVENT_STORES, enveloped(stores, [event_stores_pb2.EventStoreNamesResponse(Name="shop")]))
        spaces = namespaces_pb2.QueryResult_IEnumerable_NamespaceNamesResponse
        kernel.on(methods.ALL_NAMESPACES, enveloped(spaces, [namespaces_pb2.NamespaceNamesResponse(Name="Default")]))
        row = webhooks_pb2.WebhookDetailsResponse(
            Identifier="a",
            Url="http://x",
            EventSequenceId="event-log",
            EventTypes=[webhooks_pb2.EventType(Id="A", Generation=1)],
            IsActive=True,
        )
        kernel.on(methods.GET_WEBHOOKS, enveloped(webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse, [row]))
        kernel.on(methods.GET_OBSERVERS, self.observers).on(methods.GET_OBSERVER_INFORMATION, self.observer)
        kernel.on(methods.GET_FAILED_PARTITIONS, self.partitions).on(methods.CLEAR_OBSERVER_QUARANTINE, self.clear)
        seven = sequences_pb2.EventSequenceTailResponse(SequenceNumber=7)
        tail = enveloped(sequences_pb2.QueryResult_EventSequenceTailResponse, seven)
        kernel.on(methods.TAIL_SEQUENCE_NUMBER, tail).on(methods.FROM_SEQUENCE_NUMBER, self.broken)

    def _one(self, name: str, state: int) -> observation_pb2.ObserverInformation:
        kind, sequence = (1, "system") if name == WEBHOOK_REACTOR else (4, "event-log")
        return observation_pb2.ObserverInformation(
            Id=name,
            EventSequenceId=sequence,
            Type=kind,  # type: ignore[arg-type]
            RunningState=state,  # type: ignore[arg-type]
            NextEventSequenceNumber=7,
        )

    def observers(self, _request: Any, _context: object) -> Any:
        every = [self._one(name, ACTIVE) for name in ("a", WEBHOOK_REACTOR)]
        return observation_pb2.IEnumerable_ObserverInformation(items=every)

    def observer(self, request: Any, _context: object) -> Any:
        return self._one(request.ObserverId, QUARANTINED if request.ObserverId in self.quarantined else ACTIVE)

    def partitions(self, request: Any, _context: object) -> Any:
        found = [each for each in self.failed if request.ObserverId in {"", each.ObserverId}]
        return observation_pb2.IEnumerable_FailedPartition(items=found)

    def clear(self, request: Any, _context: object) -> Any:
        self.quarantined.discard(request.ObserverId)
        return Empty()

    @staticmethod
    def broken(_request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.UNKNOWN, "Exception was thrown by handler. SqliteException: no such table")


@pytest.fixture
def shop(kernel: ScriptedKernel) -> Shop:
    return Shop(kernel)


@pytest.fixture
def opened(kernel: ScriptedKernel, shop: Shop) -> Any:
    with cn.connect(kernel.connection_string, event_store="shop", name="odd") as client:
        yield client


def test_a_quarantine_of_a_whole_observer_is_found_where_every_list_says_active(shop: Shop, opened: Client) -> None:
    assert opened.triage()["a"].condition == "delivering"
    shop.quarantined = {"a", WEBHOOK_REACTOR}
    found = opened.triage()
    assert {each.webhook: each.condition for each in found} == {"a": "quarantined", WEBHOOK_REACTOR: "quarantined"}
    assert str(found["a"].cause) == "quarantined"
    assert found["a"].told_quarantine == "quarantined"
    assert found[WEBHOOK_REACTOR].next_step == f"client.clear_quarantine({WEBHOOK_REACTOR!r})"
    assert found.headline.startswith("1 webhook and 1 other observer fail in event store 'shop'")
    freed = opened.retry_failed_partitions("a", release=True)
    assert "The quarantine of the whole observer 'a' in Default was ended." in repr(freed)
    assert shop.quarantined == {WEBHOOK_REACTOR}
    opened.retry_failed_partitions(release=True)
    assert shop.quarantined == set()


def test_where_events_cannot_be_read_what_waits_is_not_known_and_that_is_told(shop: Shop, opened: Client) -> None:
    attempt = observation_pb2.FailedPartitionAttempt(
        Occurred=observation_pb2.SerializableDateTimeOffset(Value="2025-11-20T03:00:00+00:00"),
        SequenceNumber=7,
        Messages=["Connection refused (x:9)"],
    )
    shop.failed = [observation_pb2.FailedPartition(ObserverId="a", Partition="s", Attempts=[attempt])]
    found = opened.triage()
    assert (found["a"].fails, found["a"].waiting) == (True, None)
    assert "Not everything could be counted" in repr(found)
    assert found.facts()["remarks"]


def test_a_retry_is_not_forgotten_when_the_connection_is_lost_after_it(
    kernel: ScriptedKernel, shop: Shop, opened: Client
) -> None:
    attempt = observation_pb2.FailedPartitionAttempt(SequenceNumber=7, Messages=["Connection refused (x:9)"])
    shop.failed = [observation_pb2.FailedPartition(ObserverId="a", Partition="s", Attempts=[attempt])]

    def lose(_request: Any, _context: object) -> Any:
        kernel.on(methods.GET_FAILED_PARTITIONS, gone)
        return observation_pb2.RetryPartitionResponse()

    def gone(_request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.UNAVAILABLE, "the kernel stops")

    kernel.on(methods.RETRY_PARTITION, lose)
    found = opened.retry_failed_partitions("a", wait=0.3)
    assert found.headline == "1 not known yet"
    assert "The kernel did not answer any more" in repr(found)


def test_where_the_last_event_is_not_told_nothing_is_called_healthy(
    kernel: ScriptedKernel, shop: Shop, opened: Client
) -> None:
    kernel.on(methods.TAIL_SEQUENCE_NUMBER, shop.broken)
    found = opened.triage()
    assert (found["a"].condition, found["a"].severity) == ("not known", "low")
    assert "1 not known" in repr(found)
    shop.quarantined = {"a"}
    assert opened.triage()["a"].condition == "quarantined"


def test_twenty_namespaces_are_one_row(client: Client) -> None:
    spaces = [f"Tenant-{number:02d}" for number in range(19)]
    for space in spaces:
        client.ensure_namespace(space)
    client.webhooks.register("pay", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    for space in ("Default", *spaces):
        client.at(namespace=space).event_log.append("one", cn.EventType("AccountOpened"), {})
    eventually(lambda: client.triage().partitions == 20)
    row = client.triage()["pay"]
    assert (len(row.namespaces), row.waiting, len(row.groups)) == (20, 20, 1)
