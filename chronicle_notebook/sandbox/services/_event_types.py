"""The service EventTypes (source: K/Core/Services/EventTypes/EventTypes.cs)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import grpc

from chronicle_notebook.contracts._scalars import event_type_to_wire
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_types_pb2 as wire
from chronicle_notebook.sandbox._envelope import envelope, live, required
from chronicle_notebook.sandbox._event_type import EventTypeGeneration, Registration
from chronicle_notebook.sandbox._event_types import CLIENT, USER
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.services._registration import register, register_single

_Details = wire.QueryResult_IEnumerable_EventTypeDetailsResponse


class EventTypesService:
    """Registers event types and lists them. Naming a store that does not exist creates it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.ALL_EVENT_TYPES, self.all),
            Served(methods.ALL_EVENT_TYPE_GENERATIONS, self.generations),
            Served(methods.CREATE_EVENT_TYPE, self.create),
            Served(methods.OBSERVE_EVENT_TYPES, self.observe),
            Served(methods.REGISTER_EVENT_TYPES, self.register),
            Served(methods.REGISTER_SINGLE_EVENT_TYPE, self.register_single),
        ]

    def all(self, request: wire.AllEventTypesRequest | wire.ObserveEventTypesRequest) -> _Details:
        """One generation of each type, including the kernel's own types, whose owner is Server."""
        store = self._kernel.store_to_list(request.EventStore)
        return _answer([] if store is None else self._kernel.types.listed(store))

    def generations(self, request: wire.AllEventTypeGenerationsRequest) -> _Details:
        """Every generation of one event type, oldest first; empty for an unknown type."""
        store = self._kernel.store(request.EventStore)
        return _answer(self._kernel.types.generations(store, request.EventTypeId))

    def observe(self, request: wire.ObserveEventTypesRequest, context: grpc.ServicerContext) -> Iterator[_Details]:
        """The complete list at once and after each change."""
        store = self._kernel.store(request.EventStore)
        return live(self._kernel.topics.follow(context, "event-types", store.name), lambda: self.all(request))

    def create(self, request: wire.CreateEventTypeRequest) -> wire.CommandResult:
        """Create generation 1 of an event type without properties, as made by a user."""
        required(
            (request.EventStore, "Event store name is required.", "eventStore"),
            (request.Name, "Event type name is required.", "name"),
        )
        store = self._kernel.store(request.EventStore)
        self._kernel.types.save(store, [Registration(EventTypeGeneration(request.Name), "{}", CLIENT, USER)])
        return envelope(wire.CommandResult)

    def register(self, request: wire.RegisterEventTypesRequest) -> wire.CommandResult:
        """Register event types. All are checked before any is stored.

        DisableValidation skips the check of the chain of generations, as in development builds of a kernel. A schema in
        ``Generations`` that differs from the registered one is refused either way.
        """
        store = self._kernel.store(request.EventStore)
        register(self._kernel, store, request.Types, validated=not request.DisableValidation)
        return envelope(wire.CommandResult)

    def register_single(self, request: wire.RegisterSingleEventTypeRequest) -> wire.CommandResult:
        """Store a schema for exactly one generation, without a check."""
        store = self._kernel.store(request.EventStore)
        register_single(self._kernel, store, request.Type)
        return envelope(wire.CommandResult)


def _answer(registrations: Iterable[Registration]) -> _Details:
    return envelope(
        _Details,
        Data=[
            wire.EventTypeDetailsResponse(
                Type=event_type_to_wire(entry.type, wire.EventType()),
                Owner=wire.EventTypeOwner.ValueType(entry.owner),
                Source=wire.EventTypeSource.ValueType(entry.source),
                Schema=entry.schema,
                Id=entry.type.id,
            )
            for entry in registrations
        ],
    )
