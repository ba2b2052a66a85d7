"""An observer: how far the deliveries of a webhook have come in one namespace, and which partitions fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chronicle_notebook.model._event_type import EventType


class RunningState(StrEnum):
    """What an observer does. Catching up shows as ``active`` (source: K/Core/Observation/States)."""

    UNKNOWN = "unknown"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REPLAYING = "replaying"
    DISCONNECTED = "disconnected"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class ObserverState:
    """How far one observer has come in one namespace. A webhook's observer has the webhook's id."""

    id: str
    namespace: str
    event_sequence_id: str
    kind: str
    """``reactor``, ``projection``, ``reducer``, ``external`` (a webhook) or ``unknown``."""
    running_state: RunningState
    next_sequence_number: int
    """The number to look at next."""
    last_handled_sequence_number: int | None
    """The last one delivered; None when none was yet."""
    tail_sequence_number: int | None
    """The last number of the sequence; None when it is empty or not known."""
    handled_count: int
    """How many events were delivered; starts again with a replay."""
    event_types: tuple[EventType, ...] = ()
    replayable: bool = True

    @property
    def lag(self) -> int:
        """How many numbers of the sequence are still to be looked at: an upper bound of the events to deliver."""
        return (
            0
            if self.tail_sequence_number is None
            else max(0, self.tail_sequence_number + 1 - self.next_sequence_number)
        )


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """One attempt that did not succeed."""

    occurred: datetime | None
    sequence_number: int
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FailedPartition:
    """A partition whose events an observer could not deliver. It leaves the list when it has recovered."""

    id: UUID
    observer_id: str
    namespace: str
    partition: str
    attempts: tuple[FailedAttempt, ...]
    quarantined: bool = False
    """Whether the kernel has given up retrying by itself."""
