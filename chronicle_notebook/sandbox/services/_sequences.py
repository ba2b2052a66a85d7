"""The service EventSequences (source: K/Core/Services/EventSequences)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import sequences_pb2 as wire
from chronicle_notebook.sandbox._envelope import envelope
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._log import UNAVAILABLE, Appended, Expectation
from chronicle_notebook.sandbox._scope import EVENT_LOG, SYSTEM_SEQUENCE, Scope
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.services import _sequence_wire as convert
from chronicle_notebook.sandbox.storage._events import Filter

_Events = wire.QueryResult_IEnumerable_AppendedEventResponse
_Names = wire.QueryResult_IEnumerable_EventSequenceNamesResponse
_Many = wire.CommandResult_AppendManyResponse


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a request wants to append."""

    store: str
    namespace: str
    sequence: str


class SequencesService:
    """Appends events and reads them. Appending to a store or namespace that does not exist creates it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.ALL_EVENT_SEQUENCES, self.all),
            Served(methods.APPEND, self.append),
            Served(methods.APPEND_MANY, self.append_many),
            Served(methods.APPEND_MANY_FOR_EVENT_SOURCES, self.append_many_for_event_sources),
            Served(methods.APPENDED_EVENTS, self.appended),
            Served(methods.FROM_SEQUENCE_NUMBER, self.from_number),
            Served(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, self.has_events),
            Served(methods.TAIL_SEQUENCE_NUMBER, self.tail),
        ]

    def all(self, request: wire.AllEventSequencesRequest) -> _Names:
        """``event-log``, ``system``, and what else was used in a namespace."""
        store = self._kernel.store(request.EventStore)
        place = store.namespaces.get(request.Namespace.lower())
        names = dict.fromkeys((EVENT_LOG, SYSTEM_SEQUENCE, *(place.sequences if place else ())))
        return envelope(_Names, Data=[wire.EventSequenceNamesResponse(Id=name, Name=name) for name in names])

    def append(self, request: wire.AppendRequest) -> wire.CommandResult_AppendResponse:
        """Append one event. Causation, CausedBy and ConcurrencyScope must be there, or the kernel fails."""
        convert.require(request, "Causation", "CausedBy", "ConcurrencyScope", "EventType", "EventSourceId")
        outcome = self._append(
            _Place(request.EventStore, request.Namespace, request.EventSequenceId),
            [convert.event(request)],
            {request.EventSourceId: request.ConcurrencyScope},
        )
        response = wire.AppendResponse(
            CorrelationId=request.CorrelationId,
            SequenceNumber=outcome.numbers[0] if outcome.numbers else UNAVAILABLE,
            ConstraintViolations=convert.violations(outcome),
            Errors=outcome.errors,
            **convert.verdicts(outcome),
        )
        for conflict in convert.conflicts(outcome):
            response.ConcurrencyViolation.CopyFrom(conflict)
        return envelope(wire.CommandResult_AppendResponse, Response=response)

    def append_many(self, request: wire.AppendManyRequest) -> _Many:
        """Append events of one event source, all or none."""
        convert.require(request, "CausedBy", "ConcurrencyScope", "EventSourceId")
        shared = convert.Shared.of(request)
        occurred = convert.moment(request.Occurred)
        events = [convert.simple_event(entry, request.EventSourceId, occurred, shared) for entry in request.Events]
        return self._many(
            _Place(request.EventStore, request.Namespace, request.EventSequenceId),
            events,
            {request.EventSourceId: request.ConcurrencyScope},
            request,
        )

    def append_many_for_event_sources(self, request: wire.AppendManyForEventSourcesRequest) -> _Many:
        """Append events of several event sources, all or none; concurrency scopes may be absent."""
        convert.require(request, "CausedBy")
        shared = convert.Shared.of(request)
        events = [convert.sourced_event(entry, shared) for entry in request.Events]
        scopes = {entry.EventSourceId: entry.Scope for entry in request.ConcurrencyScopes}
        return self._many(
            _Place(request.EventStore, request.Namespace, request.EventSequenceId), events, scopes, request
        )

    def appended(self, request: wire.AppendedEventsRequest) -> _Events:
        """Every event of a sequence, or of one event source in it."""
        wanted = Filter(source=request.EventSourceId if request.HasField("EventSourceId") else None)
        return self._events(request, wanted, 0)

    def from_number(self, request: wire.FromSequenceNumberRequest) -> _Events:
        """The events from a number on. Event type ids are separated by commas (assumed)."""
        wanted = Filter(
            types=convert.split(request.EventTypeIds) if request.HasField("EventTypeIds") else None,
            source=request.EventSourceId if request.HasField("EventSourceId") else None,
        )
        return self._events(request, wanted, request.FromEventSequenceNumber)

    def has_events(self, request: wire.HasEventsForEventSourceIdRequest) -> wire.QueryResult_EventSourceEventsResponse:
        """Whether an event source has events."""
        scope = self._scope(request)
        wanted = Filter(source=request.EventSourceId)
        found = scope is not None and self._kernel.events.tail(scope.key, wanted) is not None
        return envelope(
            wire.QueryResult_EventSourceEventsResponse, Data=wire.EventSourceEventsResponse(HasEvents=found)
        )

    def tail(self, request: wire.TailSequenceNumberRequest) -> wire.QueryResult_EventSequenceTailResponse:
        """The highest number of an event that fits, 2^64-1 when there is none."""
        scope = self._scope(request)
        types = convert.split(request.EventTypeIds) if request.HasField("EventTypeIds") else None
        found = None if scope is None else self._kernel.events.tail(scope.key, convert.tail_filter(request, types))
        number = UNAVAILABLE if found is None else found
        return envelope(
            wire.QueryResult_EventSequenceTailResponse, Data=wire.EventSequenceTailResponse(SequenceNumber=number)
        )

    def _append(self, place: _Place, events: Sequence[Event], scopes: Mapping[str, wire.ConcurrencyScope]) -> Appended:
        kernel = self._kernel
        scope = kernel.stores.scope(place.store, place.namespace, place.sequence)
        expected: dict[str, Expectation] = {
            source: convert.expectation(source, demanded) for source, demanded in scopes.items()
        }
        return kernel.log.append(kernel.store(place.store), scope, events, expected)

    def _many(
        self,
        place: _Place,
        events: Sequence[Event],
        scopes: Mapping[str, wire.ConcurrencyScope],
        request: wire.AppendManyRequest | wire.AppendManyForEventSourcesRequest,
    ) -> _Many:
        outcome = self._append(place, events, scopes)
        response = wire.AppendManyResponse(
            CorrelationId=request.CorrelationId,
            SequenceNumbers=outcome.numbers,
            ConstraintViolations=convert.violations(outcome),
            Errors=outcome.errors,
            ConcurrencyViolations=convert.conflicts(outcome),
            **convert.verdicts(outcome),
        )
        return envelope(_Many, Response=response)

    def _events(
        self, request: wire.AppendedEventsRequest | wire.FromSequenceNumberRequest, wanted: Filter, first: int
    ) -> _Events:
        scope = self._scope(request)
        # Numbers over 2^63-1 are sentinels, and beyond what storage can compare.
        found: Iterable[Event] = ()
        if scope is not None and first < 2**63:
            found = self._kernel.events.page(scope.key, wanted, first)
        return envelope(_Events, Data=[convert.appended(event) for event in found])

    def _scope(
        self,
        request: wire.AppendedEventsRequest
        | wire.FromSequenceNumberRequest
        | wire.HasEventsForEventSourceIdRequest
        | wire.TailSequenceNumberRequest,
    ) -> Scope | None:
        if not request.EventStore:
            raise ValueError("Value cannot be null. (Parameter 'value')")
        return self._kernel.stores.find_scope(request.EventStore, request.Namespace, request.EventSequenceId)
