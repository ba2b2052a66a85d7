"""Conversion between events and verdicts and the messages of both contracts, as far as these are alike."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from chronicle_notebook.contracts._scalars import UNAVAILABLE, event_type_to_wire, guid_from_wire, guid_to_wire
from chronicle_notebook.contracts.wire import sequences_classic_pb2 as classic, sequences_pb2 as wire
from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._event_type import EventTypeGeneration
from chronicle_notebook.sandbox._exceptions import ArgumentNullException, NullReferenceException
from chronicle_notebook.sandbox._log import Appended, Expectation
from chronicle_notebook.sandbox.storage._events import Filter

_SCHEMA: Any = 3  # of the enum ConstraintType, which each contract has separately
_INITIAL: Any = 1  # of the enum EventObservationState, which each contract has separately

# Messages of both contracts with the same fields.
_Append = wire.AppendRequest | classic.AppendRequest
_Sourced = wire.EventForEventSourceId | classic.EventToAppend
_Many = wire.AppendManyRequest | wire.AppendManyForEventSourcesRequest | classic.AppendManyRequest
One = TypeVar("One", wire.AppendResponse, classic.AppendResponse)
Many = TypeVar("Many", wire.AppendManyResponse, classic.AppendManyResponse)
Context = TypeVar("Context", wire.EventContext, classic.EventContext)


@dataclass(frozen=True, slots=True)
class Shared:
    """The common data of the events of one request, as stored."""

    correlation: str
    causation: str
    caused_by: str
    tags: tuple[str, ...]

    @classmethod
    def of(cls, request: _Append | _Many) -> Shared:
        """The common data of a request. In the classic request for many events, only each event has tags."""
        return cls(
            str(guid_from_wire(request.CorrelationId)),
            causation(request.Causation),
            json.dumps(_identity(request.CausedBy)),
            () if isinstance(request, classic.AppendManyRequest) else tuple(request.Tags),
        )


_COLLECTIONS = {"Causation": "source"}
_TEXTS = {"Content": "json"}


def require(request: Message, *names: str) -> None:
    """Raise the kernel's error for a missing part of a request."""
    for name in names:
        value = getattr(request, name)
        if isinstance(value, Message):
            if not request.HasField(name):
                raise NullReferenceException
        elif not value:
            raise ArgumentNullException(_COLLECTIONS.get(name) or _TEXTS.get(name, "value"))


def event(request: _Append) -> Event:
    """The event of an Append."""
    shared = Shared.of(request)
    return _event(request, request.EventSourceId, request, moment(request.Occurred), shared, shared.causation)


def simple_event(entry: wire.EventToAppend, source: str, occurred: str, shared: Shared) -> Event:
    """One event of an AppendMany."""
    return _event(entry, source, None, occurred, shared, shared.causation, many=True)


def sourced_event(entry: _Sourced, shared: Shared) -> Event:
    """One event of several event sources. Its own causation, which the classic form does not have, wins."""
    require(entry, "EventSourceId")
    causes = entry.Causation if isinstance(entry, wire.EventForEventSourceId) else ()
    own = causation(causes) if causes else shared.causation
    tagged = Shared(shared.correlation, own, shared.caused_by, (*shared.tags, *entry.Tags))
    return _event(entry, entry.EventSourceId, entry, moment(entry.Occurred), tagged, own, many=True)


def moment(message: wire.SerializableDateTimeOffset | classic.SerializableDateTimeOffset) -> str:
    """The client's moment, or now."""
    return _moment.kept(message.Value) if message.Value else _moment.now()


def causation(chain: Iterable[wire.Causation | classic.Causation]) -> str:
    """A chain of causes as stored. A cause without a time gets the first moment that there is."""
    found = []
    for cause in chain:
        require(cause, "Type")
        occurred = _moment.kept(cause.Occurred.Value) if cause.Occurred.Value else _moment.NEVER
        # C1 in docs/fidelity.md: the properties are in the order of their names, because no reader of protobuf keeps
        # the order of a map.
        properties = dict(sorted(cause.Properties.items()))
        found.append({"occurred": occurred, "type": cause.Type, "properties": properties})
    return json.dumps(found)


def expectation(source: str, scope: wire.ConcurrencyScope | classic.ConcurrencyScope) -> Expectation:
    """The condition of a concurrency scope (source: K/Core/EventSequences/Concurrency/ConcurrencyValidator.cs)."""
    return Expectation(
        scope.SequenceNumber,
        Filter(
            types=[entry.Id for entry in scope.EventTypes] or None,
            source=source if scope.EventSourceId else None,
            source_type=scope.EventSourceType if scope.HasField("EventSourceType") else None,
            stream_type=scope.EventStreamType if scope.HasField("EventStreamType") else None,
            stream_id=scope.EventStreamId if scope.HasField("EventStreamId") else None,
        ),
        scope.ExpectsNoMatchingEvent,
    )


def tail_filter(
    request: wire.TailSequenceNumberRequest | classic.GetTailSequenceNumberRequest, types: list[str] | None
) -> Filter:
    """The filter for a tail."""
    return stream_filter(request, types, request.EventSourceId if request.HasField("EventSourceId") else None)


def stream_filter(
    request: wire.TailSequenceNumberRequest
    | wire.ForEventSourceIdAndEventTypesRequest
    | classic.GetTailSequenceNumberRequest
    | classic.GetForEventSourceIdAndEventTypesRequest,
    types: list[str] | None,
    source: str | None,
) -> Filter:
    """The events of some types, one source and one stream. ``Default``, ``All`` and ``Default`` mean any stream."""

    def given(name: str, general: str) -> str | None:
        value: str = getattr(request, name)
        return value if request.HasField(name) and value != general else None  # type: ignore[arg-type]

    return Filter(
        types=types,
        source=source,
        source_type=given("EventSourceType", "Default"),
        stream_type=given("EventStreamType", "All"),
        stream_id=given("EventStreamId", "Default"),
    )


def split(text: str) -> list[str]:
    """The ids in one text, separated by commas (assumed, the kernel's separator was not seen)."""
    return [part.strip() for part in text.split(",") if part.strip()]


def told_one(answer: One, request: _Append, outcome: Appended) -> One:
    """The answer to an Append, with its outcome."""
    answer.SequenceNumber = outcome.numbers[0] if outcome.numbers else UNAVAILABLE
    for found in outcome.conflicts:
        # B17 in docs/fidelity.md: the empty event source id is not written, because protobuf for Python leaves out
        # empty texts.
        # The kernel never fills in the event source id.
        answer.ConcurrencyViolation.ExpectedSequenceNumber = found.expected
        answer.ConcurrencyViolation.ActualSequenceNumber = found.actual
    _tell(answer, request, outcome)
    return answer


def told_many(answer: Many, request: _Many, outcome: Appended) -> Many:
    """The answer to an append of many events, with its outcome."""
    answer.SequenceNumbers.extend(outcome.numbers)
    for found in outcome.conflicts:
        answer.ConcurrencyViolations.add(ExpectedSequenceNumber=found.expected, ActualSequenceNumber=found.actual)
    _tell(answer, request, outcome)
    return answer


def _tell(
    answer: wire.AppendResponse | wire.AppendManyResponse | classic.AppendResponse | classic.AppendManyResponse,
    request: _Append | _Many,
    outcome: Appended,
) -> None:
    answer.CorrelationId.CopyFrom(request.CorrelationId)
    for found in outcome.schema_conflicts:
        answer.ConstraintViolations.add(
            EventTypeId=found.type,
            SequenceNumber=UNAVAILABLE,
            ConstraintType=_SCHEMA,
            ConstraintName="SchemaValidation",
            Message=found.violation.message,
            # C8 in docs/fidelity.md: the order of the details is lost, because no reader of protobuf keeps the order of
            # a map.
            Details={"path": found.violation.path, "kind": found.violation.kind},
        )
    answer.Errors.extend(outcome.errors)
    answer.ConcurrencyCheckPerformed = outcome.checked


def context(event: Event, message: Context) -> Context:
    """The message with the context of an event."""
    # B19 in docs/fidelity.md: an event is read in its own generation, because the sandbox executes no migration.
    event_type_to_wire(event.type, message.EventType)
    message.EventSourceType = event.source_type
    message.EventSourceId = event.source
    message.SequenceNumber = event.number
    message.EventStreamType = event.stream_type
    message.EventStreamId = event.stream_id
    message.Occurred.Value = event.occurred
    correlation = UUID(event.correlation)
    if correlation.int:
        message.CorrelationId.CopyFrom(guid_to_wire(correlation))
    message.ObservationState = _INITIAL
    for cause in json.loads(event.causation):
        message.Causation.add(Type=cause["type"], Properties=cause["properties"]).Occurred.Value = cause["occurred"]
    _fill_identity(message.CausedBy, json.loads(event.caused_by))
    message.Tags.extend(json.loads(event.tags))
    message.Hash = event.hash
    return message


def _event(
    entry: _Append | _Sourced | wire.EventToAppend,
    source: str,
    stream: _Append | _Sourced | None,
    occurred: str,
    shared: Shared,
    causes: str,
    *,
    many: bool = False,
) -> Event:
    require(entry, "EventType", "Content")

    def given(name: str, general: str) -> str:
        # An explicitly empty text is kept: only a missing one gets the default.
        return getattr(stream, name) if stream is not None and stream.HasField(name) else general  # type: ignore[arg-type]

    return Event(
        -1,
        EventTypeGeneration.of(entry.EventType),
        source,
        entry.Content,
        source_type=given("EventSourceType", "Default"),
        stream_type=given("EventStreamType", "All"),
        stream_id=given("EventStreamId", "Default"),
        occurred=occurred,
        correlation=shared.correlation,
        causation=causes,
        caused_by=shared.caused_by,
        tags=json.dumps(shared.tags),
        subject=entry.Subject if entry.HasField("Subject") else source,
        many=many,
    )


def _identity(message: wire.Identity | classic.Identity) -> dict[str, Any]:
    identity: dict[str, Any] = {"subject": message.Subject, "name": message.Name, "userName": message.UserName}
    if message.HasField("OnBehalfOf"):
        identity["onBehalfOf"] = _identity(message.OnBehalfOf)
    return identity


def _fill_identity(message: wire.Identity | classic.Identity, value: Mapping[str, Any]) -> None:
    message.Subject, message.Name, message.UserName = value["subject"], value["name"], value["userName"]
    if "onBehalfOf" in value:
        _fill_identity(message.OnBehalfOf, value["onBehalfOf"])
