"""GUIDs as protobuf-net writes them: two little-endian halves of .NET's byte order (``bcl.Guid``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from chronicle_notebook.contracts.wire import bcl_pb2

if TYPE_CHECKING:
    from uuid import UUID


def guid_to_wire(value: UUID) -> bcl_pb2.Guid:
    """The message for a GUID; the zero GUID is an empty message."""
    raw = value.bytes_le
    return bcl_pb2.Guid(lo=int.from_bytes(raw[:8], "little"), hi=int.from_bytes(raw[8:], "little"))


def guid_from_wire(message: bcl_pb2.Guid) -> UUID:
    """The GUID of a message. A missing or empty message is the zero GUID."""
    from uuid import UUID

    return UUID(bytes_le=message.lo.to_bytes(8, "little") + message.hi.to_bytes(8, "little"))


UNAVAILABLE = 2**64 - 1
"""The sequence number that means "none", or "not checked" (source: K/Concepts/Events/EventSequenceNumber.cs)."""


def number_to_wire(number: int | None) -> int:
    """The number for the wire. None becomes the largest number."""
    return UNAVAILABLE if number is None else number


def number_from_wire(number: int) -> int | None:
    """A number of the wire. The largest number becomes None."""
    return None if number == UNAVAILABLE else number


class EventTypeMessage(Protocol):
    """The fields of these messages."""

    Id: str
    Generation: int
    Tombstone: bool


class EventTypeValue(Protocol):
    """The fields of an event type in a client or in the sandbox."""

    @property
    def id(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def tombstone(self) -> bool: ...


Into = TypeVar("Into", bound=EventTypeMessage)


def event_type_to_wire(value: EventTypeValue, message: Into) -> Into:
    """Put an event type into a message, a new one or a part of another message, and return the message."""
    message.Id, message.Generation, message.Tombstone = value.id, value.generation, value.tombstone
    return message
