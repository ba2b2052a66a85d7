"""Conversion between the messages of the `classic` generation and the values of ``model``, where they differ from
`commands`."""

from __future__ import annotations

from chronicle_notebook.base._text import readable
from chronicle_notebook.contracts._authorization import kind_of_authorization
from chronicle_notebook.contracts._convert import event_type_from_wire, object_of
from chronicle_notebook.contracts.wire import event_types_classic_pb2, webhooks_pb2
from chronicle_notebook.model import KERNEL_EVENT_TYPES, EventType, RegisteredEventType, WebhookColumns


def registered_from_wire(message: event_types_classic_pb2.EventTypeRegistration) -> RegisteredEventType:
    """An event type of an event store. This wire does not say who owns it (source:
    K/Contracts/Events/EventTypeRegistration.cs)."""
    return RegisteredEventType(
        type=event_type_from_wire(message.Type),
        schema=object_of(message.Schema),
        owner="server" if message.Type.Id in KERNEL_EVENT_TYPES else "client",
        source="code",
    )


def columns(messages: list[webhooks_pb2.WebhookDefinition]) -> WebhookColumns:
    """The columns of a list of webhooks. The content of an authorization is not read, because it is at best
    ciphertext."""
    return WebhookColumns(
        id=[message.Identifier for message in messages],
        url=[message.Target.Url for message in messages],
        event_types=[
            [readable(str(EventType(kind.Id, kind.Generation))) for kind in message.EventTypes] for message in messages
        ],
        authorization=[kind_of_authorization(message) for message in messages],
        headers=[sorted(map(readable, message.Target.Headers)) for message in messages],
        event_sequence=[message.EventSequenceId for message in messages],
        active=[message.IsActive if message.HasField("IsActive") else True for message in messages],
        replayable=[message.IsReplayable if message.HasField("IsReplayable") else True for message in messages],
    )
