"""What only the answer about one observer says, and what the kernel's own observer of webhooks blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import (
    event_stores_pb2,
    event_types_pb2,
    host_pb2,
    namespaces_pb2,
    observation_pb2,
    webhooks_pb2,
)
from chronicle_notebook.model import RunningState
from chronicle_notebook.model._observer import WEBHOOK_REACTOR
from tests.scripted import ScriptedKernel, enveloped

ROWS = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse
ACTIVE, QUARANTINED = 1, 5


class Shop:
    """A kernel with one webhook ``a``. Its observer, or that of the kernel, can be quarantined as a whole."""

    def __init__(self, kernel: ScriptedKernel) -> None:
        self.kernel = kernel
        self.quarantined: set[str] = set()
        self.failed: list[observation_pb2.FailedPartition] = []
        kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.38.0"))
        stores = event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse
        kernel.on(methods.ALL_EVENT_STORES, enveloped(stores, [event_stores_pb2.EventStoreNamesResponse(Name="shop")]))
        spaces = namespaces_pb2.QueryResult_IEnumerable_NamespaceNamesResponse
        kernel.on(methods.ALL_NAMESPACES, enveloped(spaces, [namespaces_pb2.NamespaceNamesResponse(Name="Default")]))
        types = [event_types_pb2.EventTypeDetailsResponse(Type=event_types_pb2.EventType(Id="A", Generation=1))]
        kernel.on(
            methods.ALL_EVENT_TYPES, enveloped(event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse, types)
        )
        row = webhooks_pb2.WebhookDetailsResponse(Identifier="a", Url="http://x", EventSequenceId="event-log")
        kernel.on(methods.GET_WEBHOOKS, enveloped(ROWS, [row]))
        kernel.on(methods.ADD_WEBHOOKS, enveloped(webhooks_pb2.CommandResult))
        kernel.on(methods.GET_OBSERVERS, self.observers).on(methods.GET_OBSERVER_INFORMATION, self.observer)
        kernel.on(methods.GET_FAILED_PARTITIONS, self.partitions).on(methods.CLEAR_OBSERVER_QUARANTINE, self.clear)
        kernel.on(methods.RETRY_PARTITION, b"")

    def _one(self, name: str, state: int) -> observation_pb2.ObserverInformation:
        kind, sequence = (1, "system") if name == WEBHOOK_REACTOR else (4, "event-log")
        return observation_pb2.ObserverInformation(
            Id=name,
            EventSequenceId=sequence,
            Type=kind,  # type: ignore[arg-type]
            RunningState=state,  # type: ignore[arg-type]
        )

    def observers(self, _request: Any, _context: object) -> Any:
        """The list says active of each, whatever is true."""
        every = [self._one(name, ACTIVE) for name in ("a", WEBHOOK_REACTOR)]
        return observation_pb2.IEnumerable_ObserverInformation(items=every)

    def observer(self, request: Any, _context: object) -> Any:
        return self._one(request.ObserverId, QUARANTINED if request.ObserverId in self.quarantined else ACTIVE)

    def partitions(self, request: Any, _context: object) -> Any:
        found = [each for each in self.failed if request.ObserverId in {"", each.ObserverId}]
        return observation_pb2.IEnumerable_FailedPartition(items=found)

    def clear(self, request: Any, _context: object) -> Any:
        assert request.EventSequenceId == ("system" if request.ObserverId == WEBHOOK_REACTOR else "event-log")
        self.quarantined.discard(request.ObserverId)
        return Empty()


@pytest.fixture
def shop(kernel: ScriptedKernel) -> Shop:
    return Shop(kernel)


@pytest.fixture
def client(shop: Shop) -> Iterator[cn.Client]:
    with cn.connect(shop.kernel.connection_string, event_store="shop", name="observers") as opened:
        yield opened


def test_a_webhook_whose_whole_observer_is_quarantined_is_described_so_and_freed(shop: Shop, client: cn.Client) -> None:
    shop.quarantined.add("a")
    assert [each.running_state for each in client.observers("a")] == [RunningState.ACTIVE], "as the kernel lists it"
    assert [each.running_state for each in client.describe("a").observers] == [RunningState.QUARANTINED]
    assert "quarantined" in repr(client.describe("a"))
    client.clear_quarantine("a")
    assert [each.running_state for each in client.describe("a").observers] == [RunningState.ACTIVE]


def test_the_doctor_warns_where_no_webhook_can_be_registered(shop: Shop, client: cn.Client) -> None:
    assert not client.doctor()["permission"].warning
    shop.quarantined.add(WEBHOOK_REACTOR)
    diagnosis = client.doctor()
    assert diagnosis, "the way is clear"
    assert "no webhook can be registered or removed" in " ".join(repr(diagnosis).split())
    client.clear_quarantine(WEBHOOK_REACTOR)
    assert not client.doctor()["permission"].warning


def test_an_observer_that_is_not_there_is_not_cleared(shop: Shop, client: cn.Client) -> None:
    with pytest.raises(cn.UnknownWebhookError, match="nobody"):
        client.clear_quarantine("nobody")
    assert shop.kernel.count(methods.CLEAR_OBSERVER_QUARANTINE) == 0


def blocked(webhook: str) -> observation_pb2.FailedPartition:
    attempt = observation_pb2.FailedPartitionAttempt(Messages=["Object reference not set to an instance of an object."])
    return observation_pb2.FailedPartition(ObserverId=WEBHOOK_REACTOR, Partition=webhook, Attempts=[attempt])


def test_an_id_that_the_kernel_does_not_apply_any_more_is_named_with_the_reason(shop: Shop, client: cn.Client) -> None:
    shop.failed = [blocked("ghost"), blocked("other")]
    outcome = client.webhooks.register("ghost", "http://127.0.0.1:9/x", lambda b: b.with_event_type("A"), wait=0.05)
    assert not outcome
    assert outcome.blocked
    assert "choose another one" in outcome.summary
    assert "Object reference not set" in outcome.notes[-1]
    assert [each.partition for each in client.failed_partitions("ghost")] == ["ghost"]
    with pytest.raises(cn.UnknownWebhookError) as caught:
        client.describe("ghost")
    assert "choose another one" in caught.value.hint
    with pytest.raises(cn.UnknownWebhookError) as caught:
        client.describe("nobody")
    assert "choose another one" not in caught.value.hint


def test_an_id_that_is_only_late_is_not_called_blocked(shop: Shop, client: cn.Client) -> None:
    outcome = client.webhooks.register("late", "http://127.0.0.1:9/x", lambda b: b.with_event_type("A"), wait=0.05)
    assert not outcome.blocked
    assert "not visible yet" in outcome.summary


def test_the_partitions_of_any_observer_that_fails_can_be_retried(shop: Shop, client: cn.Client) -> None:
    shop.failed = [blocked("ghost"), observation_pb2.FailedPartition(ObserverId="a", Partition="account-1")]
    tried = client.retry_failed_partitions(WEBHOOK_REACTOR, wait=0)
    assert [each.partition.partition for each in tried] == ["ghost"]
    assert [each.partition.partition for each in client.retry_failed_partitions("a", wait=0)] == ["account-1"]
    with pytest.raises(cn.UnknownWebhookError):
        client.retry_failed_partitions("nobody")


def test_a_webhook_is_described_with_one_call_for_each_fact(shop: Shop, client: cn.Client) -> None:
    client.webhooks.ids()
    before = len(shop.kernel.calls)
    client.describe("a")
    asked = [call.method.rpartition("/")[2] for call in shop.kernel.calls[before:]]
    facts = ["AllNamespaces", "GetFailedPartitions", "GetObserverInformation", "GetObservers", "GetWebhooks"]
    assert sorted(asked) == facts
