"""Between the messages of the `commands` generation and the values of ``model``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chronicle_notebook._errors import InvalidDefinitionError
from chronicle_notebook._secrets import Secret
from chronicle_notebook.contracts._guid import guid_from_wire
from chronicle_notebook.contracts.wire import event_types_pb2, observation_pb2, sequences_pb2, webhooks_pb2
from chronicle_notebook.model import (
    NO_AUTHORIZATION,
    AppendedEvent,
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    FailedAttempt,
    FailedPartition,
    NoAuthorization,
    OAuthAuthorization,
    ObserverState,
    RegisteredEventType,
    RunningState,
    UndisclosedAuthorization,
    WebhookAuthorization,
    WebhookDefinition,
)

UNAVAILABLE = 2**64 - 1
"""The sequence number that means "none" (source: K/Concepts/Events/EventSequenceNumber.cs)."""

_KINDS: dict[int, WebhookAuthorization] = {
    0: NO_AUTHORIZATION,
    1: UndisclosedAuthorization(AuthorizationKind.BASIC),
    2: UndisclosedAuthorization(AuthorizationKind.BEARER),
    3: UndisclosedAuthorization(AuthorizationKind.OAUTH),
}
_OWNERS = {0: "none", 1: "client", 2: "server"}
_SOURCES = {0: "unknown", 1: "code", 2: "user"}
_OBSERVER_KINDS = {1: "reactor", 2: "projection", 3: "reducer", 4: "external"}
_STATES = dict(enumerate(RunningState))


def definition_to_wire(definition: WebhookDefinition) -> webhooks_pb2.WebhookDefinition:
    """The message that registers a webhook, with its secrets in clear: keep it out of local variables.

    Flags that are true are left out, flags that are false are written, as Chronicle's .NET client does.
    """
    message = webhooks_pb2.WebhookDefinition(
        EventSequenceId=definition.event_sequence_id,
        Identifier=definition.id,
        EventTypes=[
            webhooks_pb2.EventType(Id=kind.id, Generation=kind.generation, Tombstone=kind.tombstone)
            for kind in definition.event_types
        ],
        Target=webhooks_pb2.WebhookTarget(
            Url=definition.target_url,
            Authorization=_authorization_to_wire(definition),
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


def _authorization_to_wire(
    definition: WebhookDefinition,
) -> webhooks_pb2.OneOf_BasicAuthorization_BearerTokenAuthorization_OAuthAuthorization | None:
    one_of = webhooks_pb2.OneOf_BasicAuthorization_BearerTokenAuthorization_OAuthAuthorization
    match definition.authorization:
        case NoAuthorization():
            return None
        case BasicAuthorization(username, password):
            return one_of(Value0=webhooks_pb2.BasicAuthorization(Username=username, Password=password.reveal()))
        case BearerAuthorization(token):
            return one_of(Value1=webhooks_pb2.BearerTokenAuthorization(Token=token.reveal()))
        case OAuthAuthorization(authority, client_id, client_secret):
            return one_of(
                Value2=webhooks_pb2.OAuthAuthorization(
                    Authority=authority, ClientId=client_id, ClientSecret=client_secret.reveal()
                )
            )
        case UndisclosedAuthorization():
            raise InvalidDefinitionError(
                f"The credentials of webhook {definition.id!r} were read back and are not known.",
                field="authorization",
                webhook=definition.id,
                hint="Give the credentials again before you register it.",
            )


def undisclosed(kind: int) -> WebhookAuthorization:
    """The authorization of a webhook that was read back: its kind, without credentials."""
    return _KINDS.get(kind, NO_AUTHORIZATION)


def definition_from_details(message: webhooks_pb2.WebhookDetailsResponse) -> WebhookDefinition:
    """A webhook as read back. In this form an absent flag means false (source: the contract at 19.29.4)."""
    return WebhookDefinition(
        id=message.Identifier,
        target_url=message.Url,
        event_types=tuple(EventType(kind.Id, kind.Generation, kind.Tombstone) for kind in message.EventTypes),
        authorization=undisclosed(message.AuthorizationType),
        headers=message.Headers,
        event_sequence_id=message.EventSequenceId,
        replayable=message.IsReplayable,
        active=message.IsActive,
    )


def definition_from_wire(message: webhooks_pb2.WebhookDefinition) -> WebhookDefinition:
    """A webhook as a client sends it, or as the `classic` generation gives it back: absent flags mean true.

    Credentials are not taken over, as what stands there when it is read back is ciphertext at best.
    """
    target, authorization = message.Target, message.Target.Authorization
    kinds = [number for number in (1, 2, 3) if authorization.HasField(_VALUES[number])]
    return WebhookDefinition(
        id=message.Identifier,
        target_url=target.Url,
        event_types=tuple(EventType(kind.Id, kind.Generation, kind.Tombstone) for kind in message.EventTypes),
        authorization=_KINDS[kinds[0]] if kinds else NO_AUTHORIZATION,
        headers=target.Headers,
        event_sequence_id=message.EventSequenceId,
        replayable=message.IsReplayable if message.HasField("IsReplayable") else True,
        active=message.IsActive if message.HasField("IsActive") else True,
    )


_VALUES: dict[int, Any] = {1: "Value0", 2: "Value1", 3: "Value2"}


def event_type_to_wire(registered: RegisteredEventType) -> event_types_pb2.EventTypeRegistration:
    """The message that registers one generation of an event type."""
    return event_types_pb2.EventTypeRegistration(
        Type=event_types_pb2.EventType(
            Id=registered.id, Generation=registered.generation, Tombstone=registered.type.tombstone
        ),
        Schema=json.dumps(dict(registered.schema), ensure_ascii=False),
    )


def event_type_from_wire(message: event_types_pb2.EventTypeDetailsResponse) -> RegisteredEventType:
    """An event type of an event store."""
    return RegisteredEventType(
        type=EventType(message.Type.Id, message.Type.Generation, message.Type.Tombstone),
        schema=object_of(message.Schema),
        owner=_OWNERS.get(message.Owner, "none"),
        source=_SOURCES.get(message.Source, "unknown"),
    )


def event_from_wire(message: sequences_pb2.AppendedEventResponse) -> AppendedEvent:
    """An event of a sequence."""
    context = message.Context
    return AppendedEvent(
        sequence_number=context.SequenceNumber,
        type=EventType(context.EventType.Id, context.EventType.Generation, context.EventType.Tombstone),
        event_source_id=context.EventSourceId,
        occurred=time_of(context.Occurred.Value),
        content=object_of(message.Content),
    )


def observer_from_wire(message: observation_pb2.ObserverInformation, namespace: str) -> ObserverState:
    """How far an observer has come. An absent ``IsReplayable`` means true."""
    return ObserverState(
        id=message.Id,
        namespace=namespace,
        event_sequence_id=message.EventSequenceId,
        kind=_OBSERVER_KINDS.get(message.Type, "unknown"),
        running_state=_STATES.get(message.RunningState, RunningState.UNKNOWN),
        next_sequence_number=message.NextEventSequenceNumber,
        last_handled_sequence_number=number_from_wire(message.LastHandledEventSequenceNumber),
        tail_sequence_number=number_from_wire(message.TailEventSequenceNumber),
        handled_count=message.HandledEventCount,
        event_types=tuple(EventType(kind.Id, kind.Generation, kind.Tombstone) for kind in message.EventTypes),
        replayable=message.IsReplayable if message.HasField("IsReplayable") else True,
    )


def failed_partition_from_wire(message: observation_pb2.FailedPartition, namespace: str) -> FailedPartition:
    """A partition that fails, with the attempts so far. Stack traces are left behind: they can hold sensitive text."""
    return FailedPartition(
        id=guid_from_wire(message.Id),
        observer_id=message.ObserverId,
        namespace=namespace,
        partition=message.Partition,
        attempts=tuple(
            FailedAttempt(time_of(attempt.Occurred.Value), attempt.SequenceNumber, tuple(attempt.Messages))
            for attempt in message.Attempts
        ),
        quarantined=message.IsQuarantined,
    )


def number_from_wire(number: int) -> int | None:
    """A sequence number; the sentinel means none."""
    return None if number == UNAVAILABLE else number


def names(messages: Sequence[Any]) -> list[str]:
    """The names out of a list of ``{Name, Id}``."""
    return [message.Name for message in messages]


def object_of(text: str) -> Mapping[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def time_of(text: str) -> datetime | None:
    """ISO 8601 as .NET writes it. Python reads seven fraction digits and drops the seventh."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
