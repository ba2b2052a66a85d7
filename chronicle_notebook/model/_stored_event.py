"""An event of a sequence with everything that a kernel tells of it, as a delivery contains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chronicle_notebook.model._event_type import EventType


@dataclass(frozen=True, slots=True)
class EventCause:
    """One entry of what led to an event."""

    occurred: str
    """The time, as the kernel writes it."""
    type: str
    properties: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class EventAuthor:
    """Who appended an event."""

    subject: str
    name: str
    user_name: str
    on_behalf_of: EventAuthor | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it is stored. Texts stay as the kernel writes them, so that nothing is lost on the way."""

    sequence_number: int
    type: EventType
    event_source_id: str
    content: str
    """The JSON text of the content."""
    event_source_type: str = ""
    event_stream_type: str = ""
    event_stream_id: str = ""
    occurred: str = ""
    """The time, as the kernel writes it."""
    correlation_id: str = ""
    causation: tuple[EventCause, ...] = ()
    caused_by: EventAuthor | None = None
    tags: tuple[str, ...] = ()
    hash: str = ""
    """Kernels of up to 16.38 with in-memory storage tell none (seen on 16.37.1)."""
    subject: str | None = None
    """The subject; None if the contract does not tell it, as that of kernels up to 16.38 (seen on them)."""
    generations: Mapping[int, str] = field(default_factory=dict, hash=False)
    """The JSON texts of the content by generation."""
    original: str = ""
    """The JSON text of the content before the first revision; empty if the event was not revised."""
    revised: bool = False

    @property
    def moment(self) -> datetime | None:
        """The time; None if the text is not one."""
        try:
            return datetime.fromisoformat(self.occurred)
        except ValueError:
            return None
