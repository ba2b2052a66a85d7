"""The classic service EventTypes (source: K/Core/Services/EventTypes/EventTypes.cs)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import grpc
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts._scalars import event_type_to_wire
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import event_types_classic_pb2 as wire
from chronicle_notebook.sandbox._event_type import Registration
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.services._registration import register, register_single

_Registrations = wire.IEnumerable_EventTypeRegistration


class ClassicEventTypesService:
    """Registers event types and lists them, including the kernel's own."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.GET_ALL, self.all),
            Served(methods.GET_ALL_GENERATIONS_FOR_EVENT_TYPE, self.generations),
            Served(methods.GET_ALL_REGISTRATIONS, self.registrations),
            Served(methods.OBSERVE_ALL_REGISTRATIONS, self.observe),
            Served(methods.REGISTER, self.register),
            Served(methods.REGISTER_SINGLE, self.register_single),
        ]

    def all(self, request: wire.GetAllEventTypesRequest) -> wire.IEnumerable_EventType:
        """The event types without their schemas."""
        return wire.IEnumerable_EventType(
            items=[event_type_to_wire(entry.type, wire.EventType()) for entry in self._listed(request)]
        )

    def registrations(self, request: wire.GetAllEventTypesRequest) -> _Registrations:
        """The event types with their schemas. Generations, migrations and store are empty."""
        return _answer(self._listed(request))

    def generations(self, request: wire.GetEventTypeGenerationsRequest) -> _Registrations:
        """Every generation of one event type, oldest first; empty for an unknown type."""
        store = self._kernel.store(request.EventStore)
        return _answer(self._kernel.types.generations(store, request.EventTypeId))

    def observe(self, request: wire.GetAllEventTypesRequest, context: grpc.ServicerContext) -> Iterator[_Registrations]:
        """The complete list at once and after each change."""
        store = self._kernel.store(request.EventStore)
        for _ in self._kernel.changes(context, "event-types", store.name):
            yield self.registrations(request)

    def register(self, request: wire.RegisterEventTypesRequest) -> Empty:
        """Register event types. All are checked before any is stored."""
        store = self._kernel.store(request.EventStore)
        register(self._kernel, store, request.Types, validated=not request.DisableValidation)
        return Empty()

    def register_single(self, request: wire.RegisterSingleEventTypeRequest) -> Empty:
        """Store a schema for exactly one generation, without a check."""
        register_single(self._kernel, self._kernel.store(request.EventStore), request.Type)
        return Empty()

    def _listed(self, request: wire.GetAllEventTypesRequest) -> list[Registration]:
        store = self._kernel.store_to_list(request.EventStore)
        return [] if store is None else self._kernel.types.listed(store)


def _answer(registrations: Iterable[Registration]) -> _Registrations:
    return _Registrations(
        items=[
            wire.EventTypeRegistration(Type=event_type_to_wire(entry.type, wire.EventType()), Schema=entry.schema)
            for entry in registrations
        ]
    )
