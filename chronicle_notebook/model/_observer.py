"""An observer: how far the deliveries of a webhook have come in one namespace, and which partitions fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chronicle_notebook.base._public import public
from chronicle_notebook.base._url import without_credentials
from chronicle_notebook.model._event_type import EventType

_OPEN = "circuit is now open"
UNTRIED = "After many failures in a row the kernel gives the target a rest, a circuit breaker, and did not try again."
"""What an attempt means that met an open circuit."""
ASK = "client.webhooks.test(id) shows how the target does."
"""What to do when no attempt tells the cause."""


@public
class RunningState(StrEnum):
    """What an observer does. Catching up shows as ``active`` (source: K/Core/Observation/States)."""

    UNKNOWN = "unknown"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REPLAYING = "replaying"
    DISCONNECTED = "disconnected"
    QUARANTINED = "quarantined"


@public
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


@public
@dataclass(frozen=True, slots=True, repr=False)
class FailedAttempt:
    """One attempt that did not succeed."""

    occurred: datetime | None
    sequence_number: int
    messages: tuple[str, ...]
    """The kernel's own words, which can quote the whole target URL."""

    @property
    def untried(self) -> bool:
        """Whether nothing was sent, as too many requests to the target had failed in a row."""
        return any(_OPEN in message for message in self.messages)

    @property
    def summary(self) -> str:
        """The messages in one text, with dots for what can be a credential in a URL."""
        return without_credentials(" / ".join(self.messages))

    def __repr__(self) -> str:
        return f"FailedAttempt({self.occurred!r}, {self.sequence_number!r}, {self.summary!r})"


@public
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

    @property
    def last_tried(self) -> FailedAttempt | None:
        """The latest attempt in which something was sent."""
        return next((attempt for attempt in reversed(self.attempts) if not attempt.untried), None)

    def reason(self, causes: Causes | None = None) -> str:
        """Why it fails, in one text; empty when it is not told.

        While a circuit is open the kernel sends nothing, and says only that. Then this is the latest failure of what
        was sent, of this partition or else of :func:`causes_of` the others, and that the last attempt was none.
        """
        if not self.attempts:
            return ""
        last = self.attempts[-1]
        if not last.untried:
            return last.summary
        cause = self.last_tried or (causes or {}).get((self.observer_id, self.namespace))
        return f"{last.summary} ({UNTRIED} {ASK})" if cause is None else f"{cause.summary} ({UNTRIED})"


Causes = Mapping[tuple[str, str], FailedAttempt]
"""The latest attempt in which something was sent, by observer and namespace."""


def causes_of(partitions: Iterable[FailedPartition]) -> Causes:
    """What a failed partition can be explained with that has only met an open circuit."""
    found: dict[tuple[str, str], FailedAttempt] = {}
    for partition in partitions:
        place, tried = (partition.observer_id, partition.namespace), partition.last_tried
        if tried is not None and (place not in found or _moment(found[place]) < _moment(tried)):
            found[place] = tried
    return found


def _moment(attempt: FailedAttempt) -> float:
    return 0.0 if attempt.occurred is None else attempt.occurred.timestamp()
