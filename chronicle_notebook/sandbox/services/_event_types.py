"""The service EventTypes (source: K/Core/Services/EventTypes/EventTypes.cs)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import grpc

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_types_pb2 as wire
from chronicle_notebook.sandbox._envelope import ValidationFailed, envelope
from chronicle_notebook.sandbox._event_type import EventType, Registration
from chronicle_notebook.sandbox._event_types import CLIENT, CODE, USER, parsed
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox._stores import Store

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
        """The latest generation of each, with the kernel's own types, whose owner is Server."""
        store = self._kernel.store(request.EventStore)
        return _answer(self._kernel.types.latest(store))

    def generations(self, request: wire.AllEventTypeGenerationsRequest) -> _Details:
        """Every generation of one event type, oldest first; nothing for an unknown one."""
        store = self._kernel.store(request.EventStore)
        return _answer(self._kernel.types.generations(store, request.EventTypeId))

    def observe(self, request: wire.ObserveEventTypesRequest, context: grpc.ServicerContext) -> Iterator[_Details]:
        """The full list at once and after each change."""
        answer = envelope(_Details)
        store = self._kernel.store(request.EventStore)
        for _ in self._kernel.topics.follow(context, "event-types", store.name):
            current = self.all(request)
            current.CorrelationId.CopyFrom(answer.CorrelationId)
            yield current

    def create(self, request: wire.CreateEventTypeRequest) -> wire.CommandResult:
        """Create generation 1 of an event type without properties, as made by a user."""
        problems = []
        if not request.EventStore:
            problems.append(("Event store name is required.", "eventStore"))
        if not request.Name:
            problems.append(("Event type name is required.", "name"))
        if problems:
            raise ValidationFailed(*problems)
        store = self._kernel.store(request.EventStore)
        self._kernel.types.save(store, [Registration(EventType(request.Name), "{}", CLIENT, USER)])
        return envelope(wire.CommandResult)

    def register(self, request: wire.RegisterEventTypesRequest) -> wire.CommandResult:
        """Register event types: all are checked before any is kept.

        DisableValidation skips the check of the chain of generations, as in development builds of a kernel. A schema
        in ``Generations`` that differs from the registered one is refused either way.
        """
        store = self._kernel.store(request.EventStore)
        found: list[Registration] = []
        for registration in request.Types:
            if not request.DisableValidation:
                _check_chain(registration)
            found.extend(self._entries(store, registration))
        self._kernel.types.save(store, found)
        return envelope(wire.CommandResult)

    def register_single(self, request: wire.RegisterSingleEventTypeRequest) -> wire.CommandResult:
        """Keep a schema for exactly one generation, unchecked."""
        store = self._kernel.store(request.EventStore)
        event_type = _named(request.Type)
        self._kernel.types.save(store, [Registration(event_type, request.Type.Schema, CLIENT, CODE)])
        return envelope(wire.CommandResult)

    def _entries(self, store: Store, registration: wire.EventTypeRegistration) -> Iterator[Registration]:
        event_type = _named(registration)
        if not registration.Generations:
            parsed(registration.Schema)
            yield Registration(event_type, registration.Schema, CLIENT, CODE)
        for generation in registration.Generations:
            schema = parsed(generation.Schema)
            known = self._kernel.types.find(store, event_type.id, generation.Generation)
            if known is not None and _bare(parsed(known.schema)) != _bare(schema):
                raise ValueError(
                    f"The schema of event type '{event_type.id}' generation {generation.Generation} has changed. "
                    "A changed schema needs a new generation."
                )
            kind = EventType(event_type.id, generation.Generation, event_type.tombstone)
            yield Registration(kind, generation.Schema, CLIENT, CODE)


def _named(registration: wire.EventTypeRegistration) -> EventType:
    if not registration.Type.Id:
        raise ValueError("Value cannot be null. (Parameter 'value')")
    return EventType.of(registration.Type)


def _check_chain(registration: wire.EventTypeRegistration) -> None:
    """A generation from 2 on needs a migration from each one before it."""
    name, generation = registration.Type.Id, registration.Type.Generation
    if generation < 2:
        return
    starts = {entry.FromGeneration for entry in registration.Migrations if entry.FromGeneration != entry.ToGeneration}
    if not starts:
        raise ValueError(f"Event type '{name}' has generation {generation} and no migrations.")
    if 1 not in starts:
        raise ValueError(f"Event type '{name}' has no migration from its first generation.")
    missing = sorted(set(range(1, generation)) - starts)
    if missing:
        raise ValueError(f"Event type '{name}' has no migration from generation {missing[0]}.")


def _bare(value: object) -> object:
    """A schema without the marks of nullability on formats, which are no change."""
    if isinstance(value, dict):
        return {
            key: item.rstrip("?") if key == "format" and isinstance(item, str) else _bare(item)
            for key, item in value.items()
        }
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _answer(registrations: Iterable[Registration]) -> _Details:
    return envelope(
        _Details,
        Data=[
            wire.EventTypeDetailsResponse(
                Type=wire.EventType(Id=entry.type.id, Generation=entry.type.generation, Tombstone=entry.type.tombstone),
                Owner=wire.EventTypeOwner.ValueType(entry.owner),
                Source=wire.EventTypeSource.ValueType(entry.source),
                Schema=entry.schema,
                Id=entry.type.id,
            )
            for entry in registrations
        ],
    )
