"""An event to append, and an event of a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chronicle_notebook.base._public import public
from chronicle_notebook.model._event_type import EventType


@public
@dataclass(frozen=True, slots=True)
class EventToAppend:
    """An event to append, and its event source."""

    event_source_id: str
    """The event source, which is also the partition: the events of one event source stay in order."""
    type: EventType
    content: Mapping[str, Any] = field(default_factory=dict, hash=False)


@public
@dataclass(frozen=True, slots=True)
class AppendedEvent:
    """An event of a sequence."""

    sequence_number: int
    type: EventType
    event_source_id: str
    occurred: datetime | None
    content: Mapping[str, Any] = field(default_factory=dict, hash=False)


@public
@dataclass(frozen=True, slots=True)
class AppendResult:
    """The numbers of the appended events, in the given order. The first number of a sequence is 0."""

    sequence_numbers: tuple[int, ...]

    @property
    def sequence_number(self) -> int:
        """The number of the last appended event."""
        return self.sequence_numbers[-1]
