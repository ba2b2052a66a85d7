"""Event types of events and webhooks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chronicle_notebook.contracts._scalars import EventTypeMessage


@dataclass(frozen=True, slots=True)
class EventTypeGeneration:
    """An event type of one generation."""

    id: str
    generation: int = 1
    tombstone: bool = False

    @classmethod
    def of(cls, message: EventTypeMessage) -> EventTypeGeneration:
        """The event type in a message."""
        return cls(message.Id, message.Generation, message.Tombstone)

    def json(self) -> dict[str, object]:
        """The form in JSON."""
        return {"id": self.id, "generation": self.generation, "tombstone": self.tombstone}


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered generation of an event type."""

    type: EventTypeGeneration
    schema: str
    owner: int
    """1 the client, 2 the server."""
    source: int
    """1 code, 2 a user."""


def event_types_json(event_types: Iterable[EventTypeGeneration]) -> list[dict[str, object]]:
    """Event types in their form in JSON."""
    return [event_type.json() for event_type in event_types]


def event_types_from_json(values: Iterable[dict[str, object]]) -> tuple[EventTypeGeneration, ...]:
    """Event types from their form in JSON."""
    return tuple(
        EventTypeGeneration(str(value["id"]), int(str(value["generation"])), bool(value["tombstone"]))
        for value in values
    )
