"""An appended event."""

from __future__ import annotations

from dataclasses import dataclass

from chronicle_notebook.sandbox._event_type import EventTypeGeneration

SYSTEM_IDENTITY = '{"subject":"5d032c92-9d5e-41eb-947a-ee5314ed0032","name":"[System]","userName":"[System]"}'
"""The identity for everything that the kernel does itself (source: K/Concepts/Identities/Identity.cs)."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event with its context. ``causation``, ``caused_by``, ``tags`` and ``content`` are JSON texts, the content as
    .NET writes it."""

    number: int
    """Its sequence number; -1 before it is appended."""
    type: EventTypeGeneration
    source: str
    """The event source id, which is also the partition."""
    content: str
    source_type: str = "Default"
    stream_type: str = "All"
    stream_id: str = "Default"
    occurred: str = ""
    """ISO 8601 with seven fraction digits and the offset that it was given."""
    correlation: str = "00000000-0000-0000-0000-000000000000"
    causation: str = "[]"
    caused_by: str = '{"subject":"","name":"","userName":""}'
    tags: str = "[]"
    subject: str = ""
    hash: str = ""
    many: bool = False
    """Whether it was appended together with others."""
