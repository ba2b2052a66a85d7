"""Between the messages of the `classic` generation and the values of ``model``, where they differ from `commands`."""

from __future__ import annotations

import json

from chronicle_notebook.contracts.commands import _convert as shared
from chronicle_notebook.contracts.wire import event_types_classic_pb2, sequences_classic_pb2, webhooks_pb2
from chronicle_notebook.model import AppendedEvent, EventType, RegisteredEventType, WebhookColumns

KERNEL_EVENT_TYPES = frozenset(
    {
        "BasicAuthorizationSetForWebhook",
        "BearerTokenAuthorizationSetForWebhook",
        "EventRedacted",
        "EventRedactionRequested",
        "EventStoreAdded",
        "EventTypeAdded",
        "EventTypeGenerationAdded",
        "EventTypesSetForWebhook",
        "OAuthAuthorizationSetForWebhook",
        "TargetHeadersSetForWebhook",
        "TargetUrlSetForWebhook",
        "WebhookAdded",
        "WebhookRemoved",
    }
)
"""Types of the kernel's own events. It lists them among those of the clients, and who owns a type is not on this wire
(source: K/Contracts/Events/EventTypeRegistration.cs, K/Core/EventTypes/EventTypes.cs)."""

_SECRETS = {"Value0": 1, "Value1": 2, "Value2": 3}


def event_type_to_wire(registered: RegisteredEventType) -> event_types_classic_pb2.EventTypeRegistration:
    """The message that registers one generation of an event type."""
    return event_types_classic_pb2.EventTypeRegistration(
        Type=event_types_classic_pb2.EventType(
            Id=registered.id, Generation=registered.generation, Tombstone=registered.type.tombstone
        ),
        Schema=json.dumps(dict(registered.schema), ensure_ascii=False),
    )


def event_type_from_wire(message: event_types_classic_pb2.EventTypeRegistration) -> RegisteredEventType:
    """An event type of an event store."""
    return RegisteredEventType(
        type=EventType(message.Type.Id, message.Type.Generation, message.Type.Tombstone),
        schema=shared.object_of(message.Schema),
        owner="server" if message.Type.Id in KERNEL_EVENT_TYPES else "client",
        source="code",
    )


def event_from_wire(message: sequences_classic_pb2.AppendedEvent) -> AppendedEvent:
    """An event of a sequence."""
    context = message.Context
    return AppendedEvent(
        sequence_number=context.SequenceNumber,
        type=EventType(context.EventType.Id, context.EventType.Generation, context.EventType.Tombstone),
        event_source_id=context.EventSourceId,
        occurred=shared.time_of(context.Occurred.Value),
        content=shared.object_of(message.Content),
    )


def columns(messages: list[webhooks_pb2.WebhookDefinition]) -> WebhookColumns:
    """The columns of a list of webhooks. What stands in an authorization, ciphertext at best, is not looked at."""
    return WebhookColumns(
        id=[message.Identifier for message in messages],
        url=[message.Target.Url for message in messages],
        event_types=[[str(EventType(kind.Id, kind.Generation)) for kind in message.EventTypes] for message in messages],
        authorization=[kind_of(message) for message in messages],
        headers=[sorted(message.Target.Headers) for message in messages],
        event_sequence=[message.EventSequenceId for message in messages],
        active=[message.IsActive if message.HasField("IsActive") else True for message in messages],
        replayable=[message.IsReplayable if message.HasField("IsReplayable") else True for message in messages],
    )


def kind_of(message: webhooks_pb2.WebhookDefinition) -> int:
    """The kind of the authorization as a number of the wire: the first value that is set decides."""
    authorization = message.Target.Authorization
    return next((number for name, number in _SECRETS.items() if authorization.HasField(name)), 0)  # type: ignore[arg-type]
