"""Sequence numbers on the wire, where the largest there is stands for none."""

UNAVAILABLE = 2**64 - 1
"""The sequence number that means "none", or "not checked" (source: K/Concepts/Events/EventSequenceNumber.cs)."""


def number_to_wire(number: int | None) -> int:
    """The number for the wire; none becomes the sentinel."""
    return UNAVAILABLE if number is None else number


def number_from_wire(number: int) -> int | None:
    """A number of the wire; the sentinel means none."""
    return None if number == UNAVAILABLE else number
