"""The classic service EventSequences (source: K/Core/Services/EventSequences)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from chronicle_notebook.contracts._guid import guid_to_wire
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import sequences_classic_pb2 as wire
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._log import UNAVAILABLE, Appended
from chronicle_notebook.sandbox._scope import Scope
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.services import _sequence_wire as convert
from chronicle_notebook.sandbox.storage._events import Filter

_Addressed = (
    wire.GetFromEventSequenceNumberRequest | wire.GetTailSequenceNumberRequest | wire.HasEventsForEventSourceIdRequest
)


class ClassicSequencesService:
    """Appends events and reads them. Answers have no envelope."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.APPEND, self.append),
            Served(methods.APPEND_MANY, self.append_many),
            Served(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, self.events),
            Served(methods.GET_TAIL_SEQUENCE_NUMBER, self.tail),
            Served(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, self.has_events),
        ]

    def append(self, request: wire.AppendRequest) -> wire.AppendResponse:
        """Append one event. Causation, CausedBy and ConcurrencyScope must be there, or the kernel fails."""
        convert.require(request, "Causation", "CausedBy", "ConcurrencyScope", "EventType", "EventSourceId")
        scopes = {request.EventSourceId: request.ConcurrencyScope}
        outcome = self._append(request, [convert.event(request)], scopes)
        answer = wire.AppendResponse(
            CorrelationId=request.CorrelationId,
            SequenceNumber=outcome.numbers[0] if outcome.numbers else UNAVAILABLE,
            ConstraintViolations=_violations(outcome),
            Errors=outcome.errors,
            ConcurrencyCheckPerformed=outcome.checked,
        )
        for conflict in _conflicts(outcome):
            answer.ConcurrencyViolation.CopyFrom(conflict)
        return answer

    def append_many(self, request: wire.AppendManyRequest) -> wire.AppendManyResponse:
        """Append events, all or none. Causation may be empty, and concurrency scopes may be absent."""
        convert.require(request, "CausedBy")
        shared = convert.Shared.of(request)
        events = [convert.sourced_event(entry, shared) for entry in request.Events]
        outcome = self._append(request, events, request.ConcurrencyScopes)
        return wire.AppendManyResponse(
            CorrelationId=request.CorrelationId,
            SequenceNumbers=outcome.numbers,
            ConstraintViolations=_violations(outcome),
            Errors=outcome.errors,
            ConcurrencyViolations=_conflicts(outcome),
            ConcurrencyCheckPerformed=outcome.checked,
        )

    def events(self, request: wire.GetFromEventSequenceNumberRequest) -> wire.GetFromEventSequenceNumberResponse:
        """Every event from a number on, to a number that is included."""
        scope = self._scope(request)
        wanted = Filter(
            types=[kind.Id for kind in request.EventTypes] or None,
            source=request.EventSourceId if request.HasField("EventSourceId") else None,
        )
        first = request.FromEventSequenceNumber
        last = request.ToEventSequenceNumber if request.HasField("ToEventSequenceNumber") else 2**63
        found: Iterable[Event] = ()
        # Numbers over 2^63-1 are sentinels, and beyond what storage can compare.
        if scope is not None and first < 2**63:
            found = self._kernel.events.page(scope.key, wanted, first, min(last + 1, 2**63 - 1))
        tags = set(request.Tags)
        return wire.GetFromEventSequenceNumberResponse(
            Events=[
                _appended(scope, each) for each in found if scope and (not tags or tags & set(json.loads(each.tags)))
            ]
        )

    def tail(self, request: wire.GetTailSequenceNumberRequest) -> wire.GetTailSequenceNumberResponse:
        """The highest number of an event that fits, 2^64-1 when there is none."""
        scope = self._scope(request)
        types = [kind.Id for kind in request.EventTypes] or None
        found = None if scope is None else self._kernel.events.tail(scope.key, convert.tail_filter(request, types))
        return wire.GetTailSequenceNumberResponse(SequenceNumber=UNAVAILABLE if found is None else found)

    def has_events(self, request: wire.HasEventsForEventSourceIdRequest) -> wire.HasEventsForEventSourceIdResponse:
        """Whether an event source has events."""
        scope = self._scope(request)
        wanted = Filter(source=request.EventSourceId)
        found = scope is not None and self._kernel.events.tail(scope.key, wanted) is not None
        return wire.HasEventsForEventSourceIdResponse(HasEvents=found)

    def _append(
        self,
        request: wire.AppendRequest | wire.AppendManyRequest,
        events: Sequence[Event],
        scopes: Mapping[str, wire.ConcurrencyScope],
    ) -> Appended:
        kernel = self._kernel
        scope = kernel.stores.scope(request.EventStore, request.Namespace, request.EventSequenceId)
        expected = {source: convert.expectation(source, demanded) for source, demanded in scopes.items()}
        return kernel.log.append(kernel.store(request.EventStore), scope, events, expected)

    def _scope(self, request: _Addressed) -> Scope | None:
        if not request.EventStore:
            raise ValueError("Value cannot be null. (Parameter 'value')")
        return self._kernel.stores.find_scope(request.EventStore, request.Namespace, request.EventSequenceId)


def _violations(outcome: Appended) -> list[wire.ConstraintViolation]:
    return [
        wire.ConstraintViolation(
            EventTypeId=found.type,
            SequenceNumber=UNAVAILABLE,
            ConstraintType=wire.ConstraintType.ValueType(convert.SCHEMA),
            ConstraintName="SchemaValidation",
            Message=found.violation.message,
            Details={"path": found.violation.path, "kind": found.violation.kind},
        )
        for found in outcome.schema_conflicts
    ]


def _conflicts(outcome: Appended) -> list[wire.ConcurrencyViolation]:
    return [
        wire.ConcurrencyViolation(ExpectedSequenceNumber=found.expected, ActualSequenceNumber=found.actual)
        for found in outcome.conflicts
    ]


def _appended(scope: Scope, event: Event) -> wire.AppendedEvent:
    """An event as it is read back. Its subject is not told."""
    kind = event.type
    context = wire.EventContext(
        EventType=wire.EventType(Id=kind.id, Generation=kind.generation, Tombstone=kind.tombstone),
        EventSourceType=event.source_type,
        EventSourceId=event.source,
        SequenceNumber=event.number,
        EventStreamType=event.stream_type,
        EventStreamId=event.stream_id,
        Occurred=wire.SerializableDateTimeOffset(Value=event.occurred),
        EventStore=scope.store,
        Namespace=scope.namespace,
        CorrelationId=guid_to_wire(UUID(event.correlation)),
        Causation=[
            wire.Causation(
                Occurred=wire.SerializableDateTimeOffset(Value=cause["occurred"]),
                Type=cause["type"],
                Properties=cause["properties"],
            )
            for cause in json.loads(event.causation)
        ],
        CausedBy=_identity(json.loads(event.caused_by)),
        Tags=json.loads(event.tags),
        Hash=event.hash,
    )
    return wire.AppendedEvent(
        Context=context, Content=event.content, GenerationalContent={kind.generation: event.content}
    )


def _identity(value: Mapping[str, object]) -> wire.Identity:
    message = wire.Identity(Subject=str(value["subject"]), Name=str(value["name"]), UserName=str(value["userName"]))
    behind = value.get("onBehalfOf")
    if isinstance(behind, Mapping):
        message.OnBehalfOf.CopyFrom(_identity(behind))
    return message
