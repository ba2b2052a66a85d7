"""Conversion between the messages of the `commands` generation and the values of ``model``, where they differ from
`classic`."""

from __future__ import annotations

from chronicle_notebook.contracts._convert import event_type_from_wire, object_of
from chronicle_notebook.contracts.wire import event_types_pb2
from chronicle_notebook.model import RegisteredEventType

_OWNERS = {0: "none", 1: "client", 2: "server"}
_SOURCES = {0: "unknown", 1: "code", 2: "user"}


def registered_from_wire(message: event_types_pb2.EventTypeDetailsResponse) -> RegisteredEventType:
    """An event type of an event store."""
    return RegisteredEventType(
        type=event_type_from_wire(message.Type),
        schema=object_of(message.Schema),
        owner=_OWNERS.get(message.Owner, "none"),
        source=_SOURCES.get(message.Source, "unknown"),
    )
