"""Kernels up to 16.33.0 have event stores and namespaces elsewhere, and a call that breaks on two failing observers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook import KernelFaultError, MethodNotImplementedError
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import (
    clients_pb2,
    early_classic_pb2,
    host_pb2,
    observation_pb2,
    webhooks_classic_pb2,
)
from tests.contracts.test_wire import text
from tests.scripted import CLASSIC_TEXT, ScriptedKernel, scripted

EARLY_TEXT = (
    """
package Cratis.Chronicle.Contracts;
service EventStores {
   rpc Ensure (EnsureEventStore) returns (.google.protobuf.Empty);
   rpc GetEventStores (.google.protobuf.Empty) returns (IEnumerable_String);
}
"""
    + CLASSIC_TEXT
)
LATER_TEXT = "service EventStores {\n   rpc AllEventStores (Empty) returns (QueryResult);\n}\n" + CLASSIC_TEXT


@pytest.fixture(params=["told", "found out"])
def early(request: pytest.FixtureRequest) -> Iterator[ScriptedKernel]:
    """Its contract tells the services, or does not."""
    with scripted(generation="classic") as kernel:
        kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.33.0"))
        if request.param == "told":
            kernel.on(methods.GET_DESCRIPTOR_SET, clients_pb2.DescriptorSetResponse(SchemaDefinition=EARLY_TEXT))
        kernel.on(methods.GET_EARLY_EVENT_STORES, early_classic_pb2.IEnumerable_String(items=["System", "shop"]))
        kernel.on(methods.GET_EARLY_NAMESPACES, early_classic_pb2.IEnumerable_String(items=["Default", "Tenant"]))
        kernel.on(methods.ENSURE_EARLY_EVENT_STORE, Empty()).on(methods.ENSURE_EARLY_NAMESPACE, Empty())
        kernel.on(methods.GET_WEBHOOKS, webhooks_classic_pb2.IEnumerable_WebhookDefinition())
        yield kernel


def test_event_stores_and_namespaces_are_called_by_their_older_names(early: ScriptedKernel) -> None:
    with cn.connect(early.connection_string, event_store="shop", name="early") as client:
        assert client.generation == "classic"
        assert client.event_stores() == ["System", "shop"]
        assert client.namespaces() == ["Default", "Tenant"]
        client.ensure_event_store("books")
        (ensured,) = [call for call in early.calls if call.method == methods.ENSURE_EARLY_EVENT_STORE.path]
        assert ensured.request == text(1, "books")
        client.ensure_namespace("Tenant-B")
        (ensured,) = [call for call in early.calls if call.method == methods.ENSURE_EARLY_NAMESPACE.path]
        assert ensured.request == text(1, "shop") + text(2, "Tenant-B")


def test_which_services_it_has_is_found_out_once_for_a_connection(early: ScriptedKernel) -> None:
    tried: list[str] = []

    def lacking(request: object, context: grpc.ServicerContext) -> object:
        tried.append("called")
        return context.abort(grpc.StatusCode.UNIMPLEMENTED, "Service is unimplemented.")

    early.on(methods.ALL_EVENT_STORES, lacking).on(methods.ALL_NAMESPACES, lacking)
    early.on(methods.ENSURE_EVENT_STORE, lacking).on(methods.ENSURE_NAMESPACE, lacking)
    told = b"GetEventStores" in _text(early)
    with cn.connect(early.connection_string, event_store="shop", name="early") as client:
        for _ in range(2):
            client.event_stores()
            client.namespaces()
            client.ensure_event_store()
    guesses = ["called"]  # made with the connection, before its contract was read
    assert tried == (guesses if told else [*guesses, "called"])


def _text(kernel: ScriptedKernel) -> bytes:
    _, answer = kernel._answers[methods.GET_DESCRIPTOR_SET.path]
    found: clients_pb2.DescriptorSetResponse = answer(None, None)  # type: ignore[arg-type]
    return found.SchemaDefinition.encode()


def test_a_kernel_that_has_neither_form_is_told_as_lacking_the_later_one() -> None:
    with scripted(generation="classic") as kernel:
        kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.37.1"))
        with (
            cn.connect(kernel.connection_string, event_store="shop", name="neither") as client,
            pytest.raises(MethodNotImplementedError) as caught,
        ):
            client.event_stores()
        assert caught.value.call == "EventStores/AllEventStores"


def test_the_older_calls_are_never_made_to_a_kernel_whose_contract_has_the_later_ones() -> None:
    with scripted(generation="classic") as kernel:
        kernel.on(methods.GET_DESCRIPTOR_SET, clients_pb2.DescriptorSetResponse(SchemaDefinition=LATER_TEXT))
        kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.37.1"))
        kernel.on(methods.GET_EARLY_EVENT_STORES, early_classic_pb2.IEnumerable_String(items=["System"]))
        with (
            cn.connect(kernel.connection_string, event_store="shop", name="later") as client,
            pytest.raises(MethodNotImplementedError),
        ):
            client.event_stores()
        assert kernel.count(methods.GET_EARLY_EVENT_STORES) == 0


def failing(observer: str, partition: str = "account-1") -> observation_pb2.FailedPartition:
    return observation_pb2.FailedPartition(ObserverId=observer, Partition=partition)


def test_failed_partitions_are_asked_observer_by_observer_where_the_call_for_all_breaks(early: ScriptedKernel) -> None:
    def answer(
        request: observation_pb2.GetFailedPartitionsRequest, context: grpc.ServicerContext
    ) -> observation_pb2.IEnumerable_FailedPartition:
        if not request.ObserverId and request.Namespace == "Default":
            context.abort(grpc.StatusCode.UNKNOWN, "Exception was thrown by handler. ArgumentException: the same key")
        own = [failing(request.ObserverId)] if request.ObserverId and request.Namespace == "Default" else []
        return observation_pb2.IEnumerable_FailedPartition(items=own)

    observers = [observation_pb2.ObserverInformation(Id=name) for name in ("one", "two")]
    early.on(methods.GET_OBSERVERS, observation_pb2.IEnumerable_ObserverInformation(items=observers))
    early.on(methods.GET_FAILED_PARTITIONS, answer)
    with cn.connect(early.connection_string, event_store="shop", name="early") as client:
        found = client.failed_partitions()
        assert [(each.observer_id, each.namespace) for each in found] == [("one", "Default"), ("two", "Default")]
        asked = early.count(methods.GET_FAILED_PARTITIONS)
        assert [each.observer_id for each in client.failed_partitions("one", namespace="Tenant")] == []
        assert early.count(methods.GET_FAILED_PARTITIONS) == asked + 1, "where the call works it is one"


def test_what_breaks_for_one_observer_too_is_told(early: ScriptedKernel) -> None:
    observers = [observation_pb2.ObserverInformation(Id="one")]
    early.on(methods.GET_OBSERVERS, observation_pb2.IEnumerable_ObserverInformation(items=observers))
    early.fail(methods.GET_FAILED_PARTITIONS, grpc.StatusCode.UNKNOWN, "Exception was thrown by handler.")
    with (
        cn.connect(early.connection_string, event_store="shop", name="early") as client,
        pytest.raises(KernelFaultError),
    ):
        client.failed_partitions()
