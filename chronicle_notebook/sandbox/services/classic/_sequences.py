"""The classic service EventSequences (source: K/Core/Services/EventSequences)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from chronicle_notebook.contracts._scalars import UNAVAILABLE
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import sequences_classic_pb2 as wire
from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._exceptions import ArgumentException
from chronicle_notebook.sandbox._json_text import reread
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox._stores import SequenceScope
from chronicle_notebook.sandbox.services import _sequence_wire as convert
from chronicle_notebook.sandbox.services._sequence_service import SequenceService
from chronicle_notebook.sandbox.storage._events import Filter


class ClassicSequencesService(SequenceService):
    """Answers have no envelope."""

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.APPEND, self.append),
            Served(methods.APPEND_MANY, self.append_many),
            Served(methods.GET_EVENT_SEQUENCES, self.all),
            Served(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, self.events),
            Served(methods.GET_FOR_EVENT_SOURCE_ID_AND_EVENT_TYPES, self.of_source),
            Served(methods.GET_TAIL_SEQUENCE_NUMBER, self.tail),
            Served(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, self.has_events),
        ]

    def all(self, request: wire.GetEventSequencesRequest) -> wire.GetEventSequencesResponse:
        """The sequences of a namespace, in the order of their names."""
        return wire.GetEventSequencesResponse(EventSequenceIds=sorted(self._names(request)))

    def append(self, request: wire.AppendRequest) -> wire.AppendResponse:
        """Append one event. Without Causation, CausedBy or ConcurrencyScope the kernel fails."""
        convert.require(request, "EventStore", "Namespace", "EventSequenceId", "EventSourceId", "Causation")
        convert.require(request, "CausedBy", "ConcurrencyScope", "EventType", "Content")
        outcome = self._append(request, [convert.event(request)], {request.EventSourceId: request.ConcurrencyScope})
        return convert.told_one(wire.AppendResponse(), request, outcome)

    def append_many(self, request: wire.AppendManyRequest) -> wire.AppendManyResponse:
        """Append events, all or none. Causation may be empty, and concurrency scopes may be missing."""
        convert.require(request, "EventStore", "Namespace", "EventSequenceId", "CausedBy")
        shared = convert.Shared.of(request)
        events = [convert.sourced_event(entry, shared) for entry in request.Events]
        outcome = self._append(request, events, request.ConcurrencyScopes)
        return convert.told_many(wire.AppendManyResponse(), request, outcome)

    def events(self, request: wire.GetFromEventSequenceNumberRequest) -> wire.GetFromEventSequenceNumberResponse:
        """All events from one number to another, both included."""
        scope = self._scope(request)
        wanted = Filter(
            types=[kind.Id for kind in request.EventTypes] or None,
            source=request.EventSourceId if request.HasField("EventSourceId") else None,
        )
        last = request.ToEventSequenceNumber if request.HasField("ToEventSequenceNumber") else 2**63
        found = self._page(scope, wanted, request.FromEventSequenceNumber, min(last + 1, 2**63 - 1))
        if self._kernel.behaviour.tombstone_breaks_reads:
            _check_tombstones(found)
        tags = set(request.Tags)
        return wire.GetFromEventSequenceNumberResponse(
            Events=self._told(scope, (each for each in found if not tags or tags & set(json.loads(each.tags))))
        )

    def of_source(
        self, request: wire.GetForEventSourceIdAndEventTypesRequest
    ) -> wire.GetForEventSourceIdAndEventTypesResponse:
        """The events of an event source, of some event types or of all; if a stream is named, only of that stream."""
        scope = self._scope(request)
        types = [kind.Id for kind in request.EventTypes] or None
        found = self._page(scope, convert.stream_filter(request, types, request.EventSourceId), 0)
        return wire.GetForEventSourceIdAndEventTypesResponse(Events=self._told(scope, found))

    def _told(self, scope: SequenceScope | None, events: Iterable[Event]) -> list[wire.AppendedEvent]:
        if scope is None:
            return []
        self._kernel.log.check_readable(scope)
        return [_appended(scope, each, self._kernel.behaviour) for each in events]

    def tail(self, request: wire.GetTailSequenceNumberRequest) -> wire.GetTailSequenceNumberResponse:
        """The highest number of a matching event; 2^64-1 if there is none."""
        types = [kind.Id for kind in request.EventTypes] or None
        return wire.GetTailSequenceNumberResponse(
            SequenceNumber=self._tail(request, convert.tail_filter(request, types))
        )

    def has_events(self, request: wire.HasEventsForEventSourceIdRequest) -> wire.HasEventsForEventSourceIdResponse:
        """Whether an event source has events."""
        found = self._tail(request, Filter(source=request.EventSourceId)) != UNAVAILABLE
        return wire.HasEventsForEventSourceIdResponse(HasEvents=found)


def _appended(scope: SequenceScope, event: Event, behaviour: Behaviour) -> wire.AppendedEvent:
    """An event as it is read back, without its subject."""
    context = convert.context(event, wire.EventContext(EventStore=scope.store, Namespace=scope.namespace))
    if behaviour.events_as_sql:
        context.EventType.Tombstone = False
    return wire.AppendedEvent(
        Context=context,
        Content=reread(event.content) if behaviour.events_as_sql else event.content,
        GenerationalContent={} if behaviour.context_reduced else {event.type.generation: event.content},
    )


def _check_tombstones(events: list[Event]) -> None:
    """Raise what reading tombstones and other events of one type together fails with in memory."""
    marks: dict[str, bool] = {}
    for event in events:
        key = f"{event.type.id}+{event.type.generation}"
        if marks.setdefault(key, event.type.tombstone) != event.type.tombstone:
            raise ArgumentException(f"An item with the same key has already been added. Key: {key}")
