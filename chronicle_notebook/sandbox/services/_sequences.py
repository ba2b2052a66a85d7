"""The service EventSequences (source: K/Core/Services/EventSequences)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chronicle_notebook.contracts._scalars import UNAVAILABLE
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import sequences_pb2 as wire
from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._envelope import envelope
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._log import Appended
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.delivery._payload import generations
from chronicle_notebook.sandbox.services import _sequence_wire as convert
from chronicle_notebook.sandbox.services._sequence_service import SequenceService
from chronicle_notebook.sandbox.storage._events import Filter

_Events = wire.QueryResult_IEnumerable_AppendedEventResponse
_Names = wire.QueryResult_IEnumerable_EventSequenceNamesResponse
_Many = wire.CommandResult_AppendManyResponse


class SequencesService(SequenceService):
    """Each answer has an envelope."""

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.ALL_EVENT_SEQUENCES, self.all),
            Served(methods.APPEND, self.append),
            Served(methods.APPEND_MANY, self.append_many),
            Served(methods.APPEND_MANY_FOR_EVENT_SOURCES, self.append_many_for_event_sources),
            Served(methods.APPENDED_EVENTS, self.appended),
            Served(methods.FOR_EVENT_SOURCE_ID_AND_EVENT_TYPES, self.of_source),
            Served(methods.FROM_SEQUENCE_NUMBER, self.from_number),
            Served(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, self.has_events),
            Served(methods.TAIL_SEQUENCE_NUMBER, self.tail),
        ]

    def all(self, request: wire.AllEventSequencesRequest) -> _Names:
        """``event-log``, ``system``, and the other used sequences of a namespace."""
        found = self._names(request)
        return envelope(_Names, Data=[wire.EventSequenceNamesResponse(Id=name, Name=name) for name in found])

    def append(self, request: wire.AppendRequest) -> wire.CommandResult_AppendResponse:
        """Append one event. Without Causation, CausedBy or ConcurrencyScope the kernel fails."""
        convert.require(request, "EventSourceId", "Causation", "CausedBy", "ConcurrencyScope", "EventType", "Content")
        outcome = self._append(request, [convert.event(request)], {request.EventSourceId: request.ConcurrencyScope})
        response = convert.told_one(wire.AppendResponse(), request, outcome)
        _flag(response, outcome)
        return envelope(wire.CommandResult_AppendResponse, Response=response)

    def append_many(self, request: wire.AppendManyRequest) -> _Many:
        """Append events of one event source, all or none."""
        convert.require(request, "CausedBy", "ConcurrencyScope", "EventSourceId")
        shared = convert.Shared.of(request)
        occurred = convert.moment(request.Occurred)
        events = [convert.simple_event(entry, request.EventSourceId, occurred, shared) for entry in request.Events]
        return self._many(request, events, {request.EventSourceId: request.ConcurrencyScope})

    def append_many_for_event_sources(self, request: wire.AppendManyForEventSourcesRequest) -> _Many:
        """Append events of several event sources, all or none. Concurrency scopes may be missing."""
        convert.require(request, "CausedBy")
        shared = convert.Shared.of(request)
        events = [convert.sourced_event(entry, shared) for entry in request.Events]
        scopes = {entry.EventSourceId: entry.Scope for entry in request.ConcurrencyScopes}
        return self._many(request, events, scopes)

    def appended(self, request: wire.AppendedEventsRequest) -> _Events:
        """All events of a sequence, or of one event source in it."""
        wanted = Filter(source=request.EventSourceId if request.HasField("EventSourceId") else None)
        return self._events(request, wanted, 0)

    def of_source(self, request: wire.ForEventSourceIdAndEventTypesRequest) -> _Events:
        """The events of an event source, of some event types or of all. Commas separate their ids (assumed)."""
        types = convert.split(request.EventTypeIds) or None
        return self._events(request, convert.stream_filter(request, types, request.EventSourceId), 0)

    def from_number(self, request: wire.FromSequenceNumberRequest) -> _Events:
        """The events from a number on. Commas separate event type ids (assumed)."""
        wanted = Filter(
            types=convert.split(request.EventTypeIds) if request.HasField("EventTypeIds") else None,
            source=request.EventSourceId if request.HasField("EventSourceId") else None,
        )
        return self._events(request, wanted, request.FromEventSequenceNumber)

    def has_events(self, request: wire.HasEventsForEventSourceIdRequest) -> wire.QueryResult_EventSourceEventsResponse:
        """Whether an event source has events."""
        found = self._tail(request, Filter(source=request.EventSourceId)) != UNAVAILABLE
        return envelope(
            wire.QueryResult_EventSourceEventsResponse, Data=wire.EventSourceEventsResponse(HasEvents=found)
        )

    def tail(self, request: wire.TailSequenceNumberRequest) -> wire.QueryResult_EventSequenceTailResponse:
        """The highest number of a matching event; 2^64-1 if there is none."""
        types = convert.split(request.EventTypeIds) if request.HasField("EventTypeIds") else None
        number = self._tail(request, convert.tail_filter(request, types))
        return envelope(
            wire.QueryResult_EventSequenceTailResponse, Data=wire.EventSequenceTailResponse(SequenceNumber=number)
        )

    def _many(
        self,
        request: wire.AppendManyRequest | wire.AppendManyForEventSourcesRequest,
        events: Sequence[Event],
        scopes: Mapping[str, wire.ConcurrencyScope],
    ) -> _Many:
        outcome = self._append(request, events, scopes)
        response = convert.told_many(wire.AppendManyResponse(), request, outcome)
        _flag(response, outcome)
        return envelope(_Many, Response=response)

    def _events(
        self,
        request: wire.AppendedEventsRequest
        | wire.ForEventSourceIdAndEventTypesRequest
        | wire.FromSequenceNumberRequest,
        wanted: Filter,
        first: int,
    ) -> _Events:
        scope = self._scope(request)
        if scope is not None:
            self._kernel.log.check_readable(scope)
        page = self._page(scope, wanted, first)
        return envelope(_Events, Data=[_appended(event, self._kernel.behaviour) for event in page])


def _flag(response: wire.AppendResponse | wire.AppendManyResponse, outcome: Appended) -> None:
    """Set the flags that this contract adds to the outcome of an append."""
    response.IsSuccess = outcome.succeeded
    response.HasConstraintViolations = bool(outcome.schema_conflicts)
    response.HasConcurrencyViolations = bool(outcome.conflicts)
    response.HasErrors = bool(outcome.errors)


def _appended(event: Event, behaviour: Behaviour) -> wire.AppendedEventResponse:
    """An event as it is read back."""
    texts = generations(event, behaviour)
    return wire.AppendedEventResponse(
        Id=str(event.number),
        Context=convert.context(event, wire.EventContext(Subject=event.subject)),
        Content=event.content,
        GenerationalContent=[wire.KeyValuePair_Int32_String(Key=int(key), Value=text) for key, text in texts.items()],
    )
