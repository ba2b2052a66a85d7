"""An observer: the progress of a webhook's deliveries in one namespace, and the partitions that fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from chronicle_notebook.base._public import public
from chronicle_notebook.base._url import without_credentials
from chronicle_notebook.model._event_type import EventType
from chronicle_notebook.model._retry_rule import MOST_ATTEMPTS, is_overdue

WEBHOOK_REACTOR = "$system.Cratis.Chronicle.Observation.Webhooks.WebhookReactor"
"""The id of the kernel's own observer of registrations and removals of webhooks, in the namespace ``Default`` and the
event sequence ``system`` (seen on 16.33.0, 16.37.1 and a build of 16.38)."""
REACTOR_NAMESPACE, REACTOR_SEQUENCE = "Default", "system"
ONLY_A_RETRY = (
    "Once the target answers, only client.retry_failed_partitions(id) brings the partition back: a replay, a new "
    "registration or a restart of the kernel does not."
)
"""What to do about a partition that the kernel has given up (seen on 16.37.1)."""
_OPEN = "circuit is now open"
UNTRIED = "After many failures in a row the kernel waits (circuit breaker), so this attempt sent nothing."
"""The meaning of an attempt that met an open circuit."""
ASK = "client.webhooks.test(id) shows how the target answers."
"""The hint if no attempt shows the cause."""


@public
class RunningState(StrEnum):
    """The state of an observer. Catching up shows as ``active`` (source: K/Core/Observation/States)."""

    UNKNOWN = "unknown"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REPLAYING = "replaying"
    DISCONNECTED = "disconnected"
    QUARANTINED = "quarantined"


@public
@dataclass(frozen=True, slots=True)
class ObserverState:
    """The progress of one observer in one namespace. The observer of a webhook has the webhook's id."""

    id: str
    namespace: str
    event_sequence_id: str
    kind: str
    """``reactor``, ``projection``, ``reducer``, ``external`` (a webhook) or ``unknown``."""
    running_state: RunningState
    next_sequence_number: int
    """The next number that the observer will look at."""
    last_handled_sequence_number: int | None
    """The number of the last delivered event; None if none was delivered."""
    tail_sequence_number: int | None
    """The last number of the sequence; None if the sequence is empty or the number is not known."""
    handled_count: int | None
    """The number of delivered events. A replay sets it back to 0. None if the kernel does not say: the lists of kernels
    on SQL storage have no count (seen on 16.37.1 and a build of 16.38)."""
    event_types: tuple[EventType, ...] = ()
    replayable: bool = True

    @property
    def started(self) -> bool:
        """Whether the kernel tells a tail or a handled event. Before the first event of its types it tells neither."""
        return self.tail_sequence_number is not None or self.last_handled_sequence_number is not None

    @property
    def lag(self) -> int:
        """How many events of the sequence the observer has not seen yet. Fewer may be delivered, because not all are
        for this observer."""
        return (
            0
            if self.tail_sequence_number is None
            else max(0, self.tail_sequence_number + 1 - self.next_sequence_number)
        )


@public
@dataclass(frozen=True, slots=True, repr=False)
class FailedAttempt:
    """One failed attempt."""

    occurred: datetime | None
    sequence_number: int
    messages: tuple[str, ...]
    """What the kernel noted, from the outermost error to the innermost one. The texts may contain credentials of a URL:
    :attr:`summary` has none."""

    @property
    def untried(self) -> bool:
        """Whether nothing was sent, because too many requests to the target had failed in a row."""
        return any(_OPEN in message for message in self.messages)

    @property
    def summary(self) -> str:
        """The messages as one text, with dots for everything in a URL that can be a credential."""
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
    quarantined: bool | None = False
    """Whether the kernel no longer retries by itself; None if the kernel does not say, as up to 16.38."""

    @property
    def given_up(self) -> bool:
        """Whether the kernel has given up, or probably has: it says so, or has tried as often as it does by default, or
        did not try when the next attempt was due."""
        return self.given_up_at(datetime.now(UTC))

    def given_up_at(self, now: datetime) -> bool:
        """The same at a given time, with time zone."""
        if self.quarantined is not None:
            return self.quarantined
        last = self.attempts[-1].occurred if self.attempts else None
        tried = len(self.attempts)
        return tried >= MOST_ATTEMPTS or (last is not None and last.tzinfo is not None and is_overdue(tried, last, now))

    @property
    def outlook(self) -> str:
        """What to expect and to do if the kernel has given up; empty otherwise."""
        if not self.given_up:
            return ""
        sure = "has" if self.quarantined else f"has tried {len(self.attempts)} times and has probably"
        return f"The kernel {sure} given up. {ONLY_A_RETRY}"

    @property
    def last_tried(self) -> FailedAttempt | None:
        """The latest attempt in which a request was sent."""
        return next((attempt for attempt in reversed(self.attempts) if not attempt.untried), None)

    def reason(self, causes: Causes | None = None) -> str:
        """Why the partition fails, as one text; empty if it is not known.

        While a circuit is open, the kernel sends nothing, and reports only that. The text then has the latest failure
        of a request, of this partition or else of the others in :func:`causes_of`, and says that the last attempt sent
        nothing.
        """
        if not self.attempts:
            return ""
        last = self.attempts[-1]
        if not last.untried:
            return last.summary
        cause = self.last_tried or (causes or {}).get((self.observer_id, self.namespace))
        return f"{last.summary} ({UNTRIED} {ASK})" if cause is None else f"{cause.summary} ({UNTRIED})"


Causes = Mapping[tuple[str, str], FailedAttempt]
"""The latest attempt that sent a request, by observer and namespace, and with an empty namespace that of all."""


def causes_of(partitions: Iterable[FailedPartition]) -> Causes:
    """The causes that can explain a failed partition which has only met an open circuit."""
    found: dict[tuple[str, str], FailedAttempt] = {}
    for partition in partitions:
        tried = partition.last_tried
        for place in ((partition.observer_id, partition.namespace), (partition.observer_id, "")):
            if tried is not None and (place not in found or _moment(found[place]) < _moment(tried)):
                found[place] = tried
    return found


def _moment(attempt: FailedAttempt) -> float:
    return 0.0 if attempt.occurred is None else attempt.occurred.timestamp()
