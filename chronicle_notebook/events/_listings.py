"""Event types and event sequences as tables and frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import visible
from chronicle_notebook.display._listing import Column, Listing, counted
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import AppendedEvent, RegisteredEventType, WebhookDefinition

NAMED = 5
"""The largest number of webhooks that a row names. The others are counted."""


@public
@dataclass(frozen=True, slots=True)
class SequenceTail:
    """An event sequence and the number of its last event."""

    id: str
    namespace: str
    tail: int | None
    """None if the sequence is empty."""


@public
@dataclass(frozen=True, slots=True)
class ListenedEventType:
    """An event type and the active webhooks that receive it."""

    registered: RegisteredEventType
    webhooks: tuple[str, ...]
    """The ids of the webhooks. Kernels match by the id of an event type only, whatever its generation is."""


def _first(listened: ListenedEventType) -> str:
    named, more = ", ".join(listened.webhooks[:NAMED]), len(listened.webhooks) - NAMED
    return f"{named} and {more:,} more" if more > 0 else named or "none"


_EVENT_TYPE = (
    Column[RegisteredEventType]("id", "Id", lambda each: each.id),
    Column[RegisteredEventType]("generation", "Generation", lambda each: each.generation, "Int64"),
    Column[RegisteredEventType]("tombstone", "Tombstone", lambda each: each.type.tombstone, "bool"),
    Column[RegisteredEventType]("owner", "Owner", lambda each: each.owner, "category"),
    Column[RegisteredEventType]("source", "Source", lambda each: each.source, "category"),
    Column[RegisteredEventType]("properties", "Properties", lambda each: ", ".join(each.schema.get("properties", {}))),
)

_LISTENED = (
    Column[ListenedEventType]("id", "Id", lambda each: each.registered.id),
    Column[ListenedEventType]("generation", "Generation", lambda each: each.registered.generation, "Int64"),
    Column[ListenedEventType]("owner", "Owner", lambda each: each.registered.owner, "category"),
    Column[ListenedEventType]("webhooks", "Webhooks", lambda each: len(each.webhooks), "Int64"),
    Column[ListenedEventType](
        "listeners", "Which listen", lambda each: ", ".join(each.webhooks) or "none", text=_first
    ),
)

_SEQUENCE = (
    Column[SequenceTail]("id", "Id", lambda each: each.id),
    Column[SequenceTail]("namespace", "Namespace", lambda each: each.namespace),
    Column[SequenceTail]("tail", "Tail", lambda each: each.tail, "Int64"),
)

_EVENT = (
    Column[AppendedEvent]("sequence_number", "Number", lambda each: each.sequence_number, "Int64"),
    Column[AppendedEvent]("occurred", "Occurred", lambda each: each.occurred, "datetime64[ns, UTC]"),
    Column[AppendedEvent]("event_source_id", "Event source", lambda each: each.event_source_id),
    Column[AppendedEvent]("event_type", "Event type", lambda each: str(each.type)),
    Column[AppendedEvent]("content", "Content", lambda each: dict(each.content), "object"),
)


def event_type_listing(types: Sequence[RegisteredEventType], *, origin: Origin) -> Listing[RegisteredEventType]:
    """The event types of an event store."""
    return Listing(
        types,
        _EVENT_TYPE,
        caption=f"{counted(len(types), 'event type')} of event store {origin.event_store!r}",
        empty="No event type is registered here. Declare one with @cn.event_type.",
        origin=origin,
    )


def listened(types: Iterable[RegisteredEventType], webhooks: Iterable[WebhookDefinition]) -> list[ListenedEventType]:
    """Each event type with the active webhooks that receive it; the kernel's own event types come last."""
    listeners: dict[str, list[str]] = {}
    for definition in webhooks:
        if not definition.active:
            continue  # an inactive webhook receives nothing
        for kind in {kind.id for kind in definition.event_types}:
            listeners.setdefault(kind, []).append(definition.id)
    found = [ListenedEventType(each, tuple(listeners.get(each.id, ()))) for each in types]
    return sorted(found, key=lambda each: each.registered.owner == "server")


def listened_listing(types: Sequence[ListenedEventType], *, origin: Origin) -> Listing[ListenedEventType]:
    """The event types of an event store, each with the webhooks that receive it. The kernel's own event types need
    none."""
    silent = sum(not each.webhooks and each.registered.owner != "server" for each in types)
    rest = f"; {silent} of them have no active webhook" if silent else ""
    return Listing(
        types,
        _LISTENED,
        caption=f"{counted(len(types), 'event type')} of event store {origin.event_store!r}{rest}",
        empty="No event type is registered here. Declare one with @cn.event_type.",
        origin=origin,
    )


def name_listing(names: Sequence[str], *, what: str, where: str, current: str, origin: Origin) -> Listing[str]:
    """The names of event stores or namespaces, with a mark at the one that the client uses."""
    return Listing(
        names,
        (
            Column[str]("name", "Name", lambda each: each, text=visible),
            Column[str]("current", "Current", lambda each: each == current, "bool"),
        ),
        caption=f"{counted(len(names), what)} of {where}",
        empty="There is none.",
        origin=origin,
    )


def sequence_listing(tails: Sequence[SequenceTail], *, origin: Origin) -> Listing[SequenceTail]:
    """The sequences of a namespace, each with the number of its last event."""
    return Listing(
        tails,
        _SEQUENCE,
        caption=f"{counted(len(tails), 'event sequence')} of event store {origin.event_store!r}",
        empty="There is no event sequence here.",
        origin=origin,
    )


def event_listing(events: Sequence[AppendedEvent], *, where: str, origin: Origin) -> Listing[AppendedEvent]:
    """The events of a sequence."""
    return Listing(
        events,
        _EVENT,
        caption=f"{counted(len(events), 'event')} of {where}",
        empty="There is no event here. Append one with client.event_log.append(...).",
        origin=origin,
    )
