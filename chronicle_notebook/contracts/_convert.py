"""Conversion between messages and the values of ``model``, as far as both wire generations share it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from chronicle_notebook.base._errors import InvalidDefinitionError
from chronicle_notebook.base._secrets import Secret
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

_KINDS: dict[int, WebhookAuthorization] = {
    0: NO_AUTHORIZATION,
    1: UndisclosedAuthorization(AuthorizationKind.BASIC),
    2: UndisclosedAuthorization(AuthorizationKind.BEARER),
    3: UndisclosedAuthorization(AuthorizationKind.OAUTH),
}
_UNKNOWN = UndisclosedAuthorization(AuthorizationKind.UNKNOWN)
_VALUES: dict[int, Any] = {1: "Value0", 2: "Value1", 3: "Value2"}
"""The member of an authorization that is set, by the number of its kind."""
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
                f"Webhook {definition.id!r}: its credentials were read back and are not known.",
                field="authorization",
                webhook=definition.id,
                hint="Give the credentials again before you register it.",
            )


def undisclosed(kind: int) -> WebhookAuthorization:
    """The authorization of a webhook that was read back: its kind, without credentials.

    A kind that this version does not know is not "none": the deliveries do carry credentials.
    """
    return _KINDS.get(kind, _UNKNOWN)


def kind_of_authorization(message: webhooks_pb2.WebhookDefinition) -> int:
    """The kind of the authorization, as a number of the wire: the first value that is set decides."""
    authorization = message.Target.Authorization
    for number, name in _VALUES.items():
        if authorization.HasField(name):
            return number
    return 0


def definition_from_wire(message: webhooks_pb2.WebhookDefinition) -> WebhookDefinition:
    """A webhook as a client sends it, or as the `classic` generation returns it. Missing flags mean true.

    Credentials are left out, because a webhook that was read back has at best ciphertext.
    """
    target = message.Target
    return WebhookDefinition(
        id=message.Identifier,
        target_url=target.Url,
        event_types=tuple(map(event_type_from_wire, message.EventTypes)),
        authorization=undisclosed(kind_of_authorization(message)),
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


def observer_from_wire(message: observation_pb2.ObserverInformation, namespace: str) -> ObserverState:
    """The progress of an observer. A missing ``IsReplayable`` means true."""
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
        event_types=tuple(map(event_type_from_wire, message.EventTypes)),
        replayable=message.IsReplayable if message.HasField("IsReplayable") else True,
    )


def failed_partition_from_wire(message: observation_pb2.FailedPartition, namespace: str) -> FailedPartition:
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
        quarantined=message.IsQuarantined,
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
