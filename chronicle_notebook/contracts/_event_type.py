"""Event types on the wire: every package of the contract has a message of its own for them, of the same fields."""

from __future__ import annotations

from typing import Protocol, TypeVar


class EventTypeMessage(Protocol):
    """What these messages have."""

    Id: str
    Generation: int
    Tombstone: bool


class EventTypeValue(Protocol):
    """What an event type is on this side, in a client or in the sandbox."""

    @property
    def id(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def tombstone(self) -> bool: ...


Into = TypeVar("Into", bound=EventTypeMessage)


def event_type_to_wire(value: EventTypeValue, message: Into) -> Into:
    """The message, a new one or a part of another, with an event type in it."""
    message.Id, message.Generation, message.Tombstone = value.id, value.generation, value.tombstone
    return message
