"""How often a far kernel is waited for: what does not depend on each other is asked at once, and nothing twice.

The kernel answers the calls of a group only when all of them have arrived. So a call that waits for the answer to
another one of its group would wait for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from google.protobuf.message import Message

import chronicle_notebook as cn
from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import (
    clients_pb2,
    event_stores_pb2,
    event_types_pb2,
    host_pb2,
    namespaces_pb2,
    observation_pb2,
    webhooks_pb2,
)
from tests.scripted import CLASSIC_TEXT, ScriptedKernel, enveloped, scripted
from tests.waiting import LONG

HOOK = webhooks_pb2.WebhookDetailsResponse(
    Identifier="a", Url="https://a.example.com/in", EventSequenceId="event-log", IsActive=True, IsReplayable=True
)
TYPE = event_types_pb2.EventTypeDetailsResponse(Type=event_types_pb2.EventType(Id="Opened", Generation=1), Schema="{}")


def listed(kind: type[Any], *items: Message) -> Message:
    found: Message = enveloped(kind, list(items))
    return found


ANSWERS: dict[Method[Any, Any], Message] = {
    methods.CHECK_COMPATIBILITY: clients_pb2.CompatibilityResponse(IsCompatible=True, ServerVersion="19.29.4"),
    methods.GET_DESCRIPTOR_SET: clients_pb2.DescriptorSetResponse(SchemaDefinition=CLASSIC_TEXT),
    methods.GET_VERSION_INFO: host_pb2.ServerVersionInfo(Version="19.29.4"),
    methods.ALL_EVENT_STORES: listed(
        event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse,
        event_stores_pb2.EventStoreNamesResponse(Name="shop"),
    ),
    methods.ALL_NAMESPACES: listed(
        namespaces_pb2.QueryResult_IEnumerable_NamespaceNamesResponse,
        namespaces_pb2.NamespaceNamesResponse(Name="Default"),
        namespaces_pb2.NamespaceNamesResponse(Name="Tenant"),
    ),
    methods.GET_WEBHOOKS: listed(webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse, HOOK),
    methods.ALL_EVENT_TYPES: listed(event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse, TYPE),
    methods.GET_OBSERVERS: observation_pb2.IEnumerable_ObserverInformation(
        items=[observation_pb2.ObserverInformation(Id="a", EventSequenceId="event-log")]
    ),
    methods.GET_OBSERVER_INFORMATION: observation_pb2.ObserverInformation(Id="a", EventSequenceId="event-log"),
    methods.GET_FAILED_PARTITIONS: observation_pb2.IEnumerable_FailedPartition(),
    methods.ADD_WEBHOOKS: enveloped(webhooks_pb2.CommandResult),
}


class Grouped:
    """A kernel that answers in groups: a group of calls is answered when all of them have arrived."""

    def __init__(self, kernel: ScriptedKernel) -> None:
        self.kernel = kernel
        self._changed = threading.Condition()
        self._groups: list[list[str]] = []
        self._waiting: list[str] = []
        self._others: list[str] = []
        for method, answer in ANSWERS.items():
            kernel.on(method, partial(self._together, method, answer))

    def expect(self, *groups: tuple[Method[Any, Any], ...]) -> None:
        """From now on answer these, one group after the other; and then every call by itself."""
        with self._changed:
            self._groups = [[method.short for method in group] for group in groups]
            self._waiting, self._others = [], []

    @property
    def complete(self) -> bool:
        """Whether exactly the calls of the groups have arrived."""
        return not self._groups and not self._others

    def _together(self, method: Method[Any, Any], answer: Message, *_: object) -> Message:
        with self._changed:
            if not self._groups:
                self._others.append(method.short)
                return answer
            group = self._groups[0]
            assert method.short in group, f"{method.short} is none of {group}"
            self._waiting.append(method.short)
            if sorted(self._waiting) == sorted(group):
                self._groups, self._waiting = self._groups[1:], []
                self._changed.notify_all()
            met = self._changed.wait_for(lambda: group not in self._groups, LONG)
            assert met, f"of {group} only {self._waiting} arrived before an answer was needed"
        return answer


@pytest.fixture(scope="module")
def far() -> Iterator[Grouped]:
    with scripted() as kernel:
        yield Grouped(kernel)


@pytest.fixture
def client(far: Grouped) -> Iterator[cn.Client]:
    far.expect()
    with cn.connect(far.kernel.connection_string, event_store="shop", name="far") as opened:
        yield opened


def test_a_new_connection_asks_everything_at_once(far: Grouped) -> None:
    far.expect(
        (
            methods.CHECK_COMPATIBILITY,
            methods.GET_DESCRIPTOR_SET,
            methods.GET_VERSION_INFO,
            methods.ALL_EVENT_STORES,
        )
    )
    with cn.connect(far.kernel.connection_string, event_store="shop", name="new") as client:
        assert far.complete
        far.expect((methods.GET_WEBHOOKS,))
        assert client.webhooks.ids() == ["a"]
        assert far.complete, "the event store was listed with the connection"


def test_observers_and_failed_partitions_are_asked_beside_the_namespaces(far: Grouped, client: cn.Client) -> None:
    far.expect((methods.ALL_NAMESPACES,))
    assert client.namespaces() == ["Default", "Tenant"]
    far.expect(
        (
            methods.ALL_NAMESPACES,
            methods.GET_OBSERVERS,
            methods.GET_OBSERVERS,
        )
    )
    assert [each.namespace for each in client.observers()] == ["Default", "Tenant"]
    assert far.complete
    far.expect(
        (
            methods.ALL_NAMESPACES,
            methods.GET_FAILED_PARTITIONS,
            methods.GET_FAILED_PARTITIONS,
        )
    )
    assert client.failed_partitions() == []
    assert far.complete


def test_a_namespace_that_was_not_known_is_asked_next(far: Grouped, client: cn.Client) -> None:
    far.expect(
        (
            methods.ALL_NAMESPACES,
            methods.GET_OBSERVERS,
        )
    )
    assert [each.namespace for each in client.observers()] == ["Default", "Tenant"]


def test_a_webhook_is_described_in_one_round(far: Grouped, client: cn.Client) -> None:
    far.expect((methods.ALL_NAMESPACES,))
    client.namespaces()
    of_a_namespace = (methods.GET_OBSERVERS, methods.GET_OBSERVER_INFORMATION, methods.GET_FAILED_PARTITIONS)
    far.expect(
        (
            methods.GET_WEBHOOKS,
            methods.ALL_NAMESPACES,
            *of_a_namespace,
            *of_a_namespace,
        )
    )
    assert [each.namespace for each in client.describe("a").observers] == ["Default", "Tenant"]
    assert far.complete


def test_a_plan_needs_one_round(far: Grouped, client: cn.Client) -> None:
    far.expect(
        (
            methods.ALL_EVENT_TYPES,
            methods.GET_WEBHOOKS,
        )
    )
    assert client.webhooks.plan("b", "https://b.example.com/in", opened).action == "create"
    assert far.complete


def test_a_registration_reads_in_one_round_before_it_sends(far: Grouped, client: cn.Client) -> None:
    far.expect(
        (
            methods.ALL_EVENT_TYPES,
            methods.GET_WEBHOOKS,
        )
    )
    outcome = client.webhooks.register("a", "https://a.example.com/in", opened, wait=0)
    assert outcome.accepted
    sent = [call.method.rpartition("/")[2] for call in far.kernel.calls][-4:]
    assert sorted(sent[:2]) == ["AllEventTypes", "GetWebhooks"]
    assert sent[2:] == ["AddWebhooks", "GetWebhooks"], "sent once, and read back"


def opened(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return builder.with_event_type("Opened")


def test_the_doctor_needs_two_rounds(far: Grouped) -> None:
    first = (
        methods.CHECK_COMPATIBILITY,
        methods.GET_DESCRIPTOR_SET,
        methods.GET_VERSION_INFO,
        methods.ALL_EVENT_STORES,
    )
    last = (methods.ALL_NAMESPACES, methods.GET_WEBHOOKS, methods.GET_OBSERVER_INFORMATION)
    far.expect(first, last)
    assert cn.doctor(far.kernel.connection_string, event_store="shop", namespace="Tenant")
    assert far.complete
