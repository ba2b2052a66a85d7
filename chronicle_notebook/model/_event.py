"""An event: as it is given to be appended, and as it stands in a sequence."""

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
    """What to append, and to which event source."""

    event_source_id: str
    """The partition: events of one event source stay in order."""
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
    """The numbers that the appended events got, in the order they were given. The first of a sequence is 0."""

    sequence_numbers: tuple[int, ...]

    @property
    def sequence_number(self) -> int:
        """The number of the last event appended."""
        return self.sequence_numbers[-1]
