"""Conversion between messages and the values of ``model``, as far as both wire generations share it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.contracts._authorization import (
    authorization_to_wire,
    details_of_authorization,
    kind_of_authorization,
)
from chronicle_notebook.contracts._scalars import EventTypeMessage, event_type_to_wire, guid_from_wire, number_from_wire
from chronicle_notebook.contracts.wire import (
    event_types_classic_pb2,
    event_types_pb2,
    observation_pb2,
    sequences_classic_pb2,
    sequences_pb2,
    webhooks_pb2,
)
from chronicle_notebook.model import (
    AppendedEvent,
    EventAuthor,
    EventCause,
    EventType,
    FailedAttempt,
    FailedPartition,
    ObserverState,
    RegisteredEventType,
    RunningState,
    StoredEvent,
    WebhookDefinition,
)
from chronicle_notebook.model._authorization import undisclosed

_OBSERVER_KINDS = {1: "reactor", 2: "projection", 3: "reducer", 4: "external"}
_STATES = dict(enumerate(RunningState))

Registration = TypeVar(
    "Registration", event_types_pb2.EventTypeRegistration, event_types_classic_pb2.EventTypeRegistration
)


def definition_to_wire(definition: WebhookDefinition) -> webhooks_pb2.WebhookDefinition:
    """The message that registers a webhook, with its secrets in clear: do not keep it in local variables.

    True flags are left out, false flags are written, as Chronicle's .NET client does.
    """
    message = webhooks_pb2.WebhookDefinition(
        EventSequenceId=definition.event_sequence_id,
        Identifier=definition.id,
        EventTypes=[event_type_to_wire(kind, webhooks_pb2.EventType()) for kind in definition.event_types],
        Target=webhooks_pb2.WebhookTarget(
            Url=definition.target_url,
            Authorization=authorization_to_wire(definition),
            Headers={
                name: value.reveal() if isinstance(value, Secret) else value
                for name, value in definition.headers.items()
            },
        ),
    )
    if not definition.replayable:
        message.IsReplayable = False
    if not definition.active:
        message.IsActive = False
    return message


def definition_from_wire(message: webhooks_pb2.WebhookDefinition) -> WebhookDefinition:
    """A webhook as a client sends it, or as the `classic` generation returns it. Missing flags mean true.

    Secrets are left out, because a webhook that was read back has at best ciphertext.
    """
    target = message.Target
    return WebhookDefinition(
        id=message.Identifier,
        target_url=target.Url,
        event_types=tuple(map(event_type_from_wire, message.EventTypes)),
        authorization=undisclosed(kind_of_authorization(message), details_of_authorization(message)),
        headers=target.Headers,
        event_sequence_id=message.EventSequenceId,
        replayable=message.IsReplayable if message.HasField("IsReplayable") else True,
        active=message.IsActive if message.HasField("IsActive") else True,
    )


def event_type_from_wire(message: EventTypeMessage) -> EventType:
    """The event type of a message."""
    return EventType(message.Id, message.Generation, message.Tombstone)


def registration_to_wire(registered: RegisteredEventType, kind: Callable[..., Registration]) -> Registration:
    """A message of the given class that registers one generation of an event type."""
    message = kind(Schema=json_text(registered.schema))
    event_type_to_wire(registered.type, message.Type)
    return message


def event_from_wire(
    message: sequences_pb2.AppendedEventResponse | sequences_classic_pb2.AppendedEvent,
) -> AppendedEvent:
    """An event of a sequence."""
    context = message.Context
    return AppendedEvent(
        sequence_number=context.SequenceNumber,
        type=event_type_from_wire(context.EventType),
        event_source_id=context.EventSourceId,
        occurred=time_of(context.Occurred.Value),
        content=object_of(message.Content),
    )


def stored_event_from_wire(
    message: sequences_pb2.AppendedEventResponse | sequences_classic_pb2.AppendedEvent,
) -> StoredEvent:
    """An event with all that the kernel tells of it. Only the message of the `commands` generation has a subject."""
    context = message.Context
    texts: dict[int, str] = {}
    if isinstance(message, sequences_pb2.AppendedEventResponse):
        texts.update({each.Key: each.Value for each in message.GenerationalContent})
    else:
        texts.update(message.GenerationalContent)
    return StoredEvent(
        sequence_number=context.SequenceNumber,
        type=event_type_from_wire(context.EventType),
        event_source_id=context.EventSourceId,
        content=message.Content,
        event_source_type=context.EventSourceType,
        event_stream_type=context.EventStreamType,
        event_stream_id=context.EventStreamId,
        occurred=context.Occurred.Value,
        correlation_id=str(guid_from_wire(context.CorrelationId)),
        causation=tuple(
            EventCause(each.Occurred.Value, each.Type, dict(each.Properties)) for each in context.Causation
        ),
        caused_by=_author(context.CausedBy) if context.HasField("CausedBy") else None,
        tags=tuple(context.Tags),
        hash=context.Hash,
        subject=context.Subject if isinstance(context, sequences_pb2.EventContext) else None,
        generations=texts,
        original=message.OriginalContent,
        revised=bool(message.Revisions),
    )


def _author(message: sequences_pb2.Identity | sequences_classic_pb2.Identity) -> EventAuthor:
    before = _author(message.OnBehalfOf) if message.HasField("OnBehalfOf") else None
    return EventAuthor(message.Subject, message.Name, message.UserName, before)


def observer_from_wire(message: observation_pb2.ObserverInformation, namespace: str) -> ObserverState:
    """The progress of an observer. A missing ``IsReplayable`` means true."""
    handled = number_from_wire(message.LastHandledEventSequenceNumber)
    return ObserverState(
        id=message.Id,
        namespace=namespace,
        event_sequence_id=message.EventSequenceId,
        kind=_OBSERVER_KINDS.get(message.Type, "unknown"),
        running_state=_STATES.get(message.RunningState, RunningState.UNKNOWN),
        next_sequence_number=message.NextEventSequenceNumber,
        last_handled_sequence_number=handled,
        tail_sequence_number=number_from_wire(message.TailEventSequenceNumber),
        # Absent is 0, also where events were handled and the list has no count.
        handled_count=message.HandledEventCount or (0 if handled is None else None),
        event_types=tuple(map(event_type_from_wire, message.EventTypes)),
        replayable=message.IsReplayable if message.HasField("IsReplayable") else True,
    )


def failed_partition_from_wire(
    message: observation_pb2.FailedPartition, namespace: str, *, tells_quarantine: bool
) -> FailedPartition:
    """A failed partition with its attempts. Stack traces are left out, because they can contain sensitive text."""
    return FailedPartition(
        id=guid_from_wire(message.Id),
        observer_id=message.ObserverId,
        namespace=namespace,
        partition=message.Partition,
        attempts=tuple(
            FailedAttempt(time_of(attempt.Occurred.Value), attempt.SequenceNumber, tuple(attempt.Messages))
            for attempt in message.Attempts
        ),
        quarantined=message.IsQuarantined if tells_quarantine else None,
    )


def json_text(value: Mapping[str, Any]) -> str:
    """A JSON object as the text for the wire."""
    return json.dumps(dict(value), ensure_ascii=False)


def object_of(text: str) -> Mapping[str, Any]:
    """The JSON object in a text; empty for any other text."""
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def time_of(text: str) -> datetime | None:
    """The time in an ISO 8601 text from .NET. Python reads seven fraction digits and drops the seventh."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
