"""Events and verdicts, from the messages of the contract and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from chronicle_notebook.contracts._guid import guid_from_wire, guid_to_wire
from chronicle_notebook.contracts.wire import sequences_classic_pb2 as classic
from chronicle_notebook.contracts.wire import sequences_pb2 as wire
from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._event_type import EventType
from chronicle_notebook.sandbox._log import Appended, Expectation
from chronicle_notebook.sandbox.storage._events import Filter

SCHEMA = 3

# Messages that both forms of the contract have, with the same fields.
_Append = wire.AppendRequest | classic.AppendRequest
_Sourced = wire.EventForEventSourceId | classic.EventToAppend
_Many = wire.AppendManyRequest | wire.AppendManyForEventSourcesRequest | classic.AppendManyRequest


@dataclass(frozen=True, slots=True)
class Shared:
    """What the events of one request have in common, as stored."""

    correlation: str
    causation: str
    caused_by: str
    tags: tuple[str, ...]

    @classmethod
    def of(cls, request: _Append | _Many) -> Shared:
        """From a request; the classic one of many events has tags on each event alone."""
        return cls(
            str(guid_from_wire(request.CorrelationId)),
            causation(request.Causation),
            json.dumps(_identity(request.CausedBy)),
            () if isinstance(request, classic.AppendManyRequest) else tuple(request.Tags),
        )


def require(request: Message, *names: str) -> None:
    """Raise what the kernel raises when a part is missing that it dereferences."""
    for name in names:
        value = getattr(request, name)
        absent = not request.HasField(name) if isinstance(value, Message) else not value
        if absent:
            raise ValueError(f"Value cannot be null. (Parameter '{name[0].lower()}{name[1:]}')")


def event(request: _Append) -> Event:
    """The event of an Append."""
    shared = Shared.of(request)
    return _event(request, request.EventSourceId, request, moment(request.Occurred), shared, shared.causation)


def simple_event(entry: wire.EventToAppend, source: str, occurred: str, shared: Shared) -> Event:
    """One event of an AppendMany."""
    return _event(entry, source, None, occurred, shared, shared.causation)


def sourced_event(entry: _Sourced, shared: Shared) -> Event:
    """One event of several event sources; a causation of its own, which the classic form has not, wins."""
    require(entry, "EventSourceId")
    causes = entry.Causation if isinstance(entry, wire.EventForEventSourceId) else ()
    own = causation(causes) if causes else shared.causation
    tagged = Shared(shared.correlation, own, shared.caused_by, (*shared.tags, *entry.Tags))
    return _event(entry, entry.EventSourceId, entry, moment(entry.Occurred), tagged, own)


def moment(message: wire.SerializableDateTimeOffset | classic.SerializableDateTimeOffset) -> str:
    """A moment given by the client, else now."""
    return _moment.normalized(message.Value) if message.Value else _moment.now()


def causation(chain: Iterable[wire.Causation | classic.Causation]) -> str:
    """A chain of causes as stored."""
    return json.dumps(
        [
            {"occurred": moment(cause.Occurred), "type": cause.Type, "properties": dict(cause.Properties)}
            for cause in chain
        ]
    )


def expectation(source: str, scope: wire.ConcurrencyScope | classic.ConcurrencyScope) -> Expectation:
    """What a concurrency scope demands (source: K/Core/EventSequences/Concurrency/ConcurrencyValidator.cs)."""
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
    """What a tail is asked of; ``Default``, ``All`` and ``Default`` ask for nothing."""

    def given(name: str, general: str) -> str | None:
        value: str = getattr(request, name)
        return value if request.HasField(name) and value != general else None  # type: ignore[arg-type]

    return Filter(
        types=types,
        source=request.EventSourceId if request.HasField("EventSourceId") else None,
        source_type=given("EventSourceType", "Default"),
        stream_type=given("EventStreamType", "All"),
        stream_id=given("EventStreamId", "Default"),
    )


def split(text: str) -> list[str]:
    """Ids from one text; commas separate them (assumed, the kernel's separator was not seen)."""
    return [part.strip() for part in text.split(",") if part.strip()]


def violations(outcome: Appended) -> list[wire.ConstraintViolation]:
    """The schema's objections."""
    return [
        wire.ConstraintViolation(
            EventTypeId=found.type,
            SequenceNumber=2**64 - 1,
            ConstraintType=wire.ConstraintType.ValueType(SCHEMA),
            ConstraintName="SchemaValidation",
            Message=found.violation.message,
            Details={"path": found.violation.path, "kind": found.violation.kind},
        )
        for found in outcome.schema_conflicts
    ]


def conflicts(outcome: Appended) -> list[wire.ConcurrencyViolation]:
    """The concurrency scopes that were not met; the kernel never fills in the event source id."""
    return [
        wire.ConcurrencyViolation(ExpectedSequenceNumber=found.expected, ActualSequenceNumber=found.actual)
        for found in outcome.conflicts
    ]


def verdicts(outcome: Appended) -> dict[str, Any]:
    """The flags of an append's response."""
    return {
        "IsSuccess": outcome.succeeded,
        "HasConstraintViolations": bool(outcome.schema_conflicts),
        "HasConcurrencyViolations": bool(outcome.conflicts),
        "HasErrors": bool(outcome.errors),
        "ConcurrencyCheckPerformed": outcome.checked,
    }


def appended(event: Event) -> wire.AppendedEventResponse:
    """An event as it is read back."""
    kind = event.type
    context = wire.EventContext(
        EventType=wire.EventType(Id=kind.id, Generation=kind.generation, Tombstone=kind.tombstone),
        EventSourceType=event.source_type,
        EventSourceId=event.source,
        SequenceNumber=event.number,
        EventStreamType=event.stream_type,
        EventStreamId=event.stream_id,
        Occurred=wire.SerializableDateTimeOffset(Value=event.occurred),
        CorrelationId=guid_to_wire(UUID(event.correlation)),
        Causation=[
            wire.Causation(
                Occurred=wire.SerializableDateTimeOffset(Value=cause["occurred"]),
                Type=cause["type"],
                Properties=cause["properties"],
            )
            for cause in json.loads(event.causation)
        ],
        CausedBy=_identity_message(json.loads(event.caused_by)),
        Tags=json.loads(event.tags),
        Hash=event.hash,
        Subject=event.subject,
    )
    return wire.AppendedEventResponse(
        Id=str(event.number),
        Context=context,
        Content=event.content,
        GenerationalContent=[wire.KeyValuePair_Int32_String(Key=kind.generation, Value=event.content)],
    )


def _event(
    entry: _Append | _Sourced | wire.EventToAppend,
    source: str,
    stream: _Append | _Sourced | None,
    occurred: str,
    shared: Shared,
    causes: str,
) -> Event:
    require(entry, "EventType")

    def given(name: str, general: str) -> str:
        # An explicitly empty text is kept: only an absent one gets the default.
        return getattr(stream, name) if stream is not None and stream.HasField(name) else general  # type: ignore[arg-type]

    return Event(
        -1,
        EventType.of(entry.EventType),
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
    )


def _identity(message: wire.Identity | classic.Identity) -> dict[str, Any]:
    identity: dict[str, Any] = {"subject": message.Subject, "name": message.Name, "userName": message.UserName}
    if message.HasField("OnBehalfOf"):
        identity["onBehalfOf"] = _identity(message.OnBehalfOf)
    return identity


def _identity_message(value: dict[str, Any]) -> wire.Identity:
    message = wire.Identity(Subject=value["subject"], Name=value["name"], UserName=value["userName"])
    if "onBehalfOf" in value:
        message.OnBehalfOf.CopyFrom(_identity_message(value["onBehalfOf"]))
    return message
