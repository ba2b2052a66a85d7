"""The condition of one webhook: all namespaces together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import count
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.model import FailedPartition, ObserverState, WebhookDefinition
from chronicle_notebook.model._observer import WEBHOOK_REACTOR
from chronicle_notebook.model._retry_rule import MOST_ATTEMPTS, last_attempt, next_attempt
from chronicle_notebook.triage._cause import Cause

if TYPE_CHECKING:
    from chronicle_notebook.display._table_and_card import Card


class Condition(StrEnum):
    """What is wrong with a webhook, the worst first."""

    QUARANTINED = "quarantined"
    """The kernel delivers nothing of a whole observer any more."""
    GIVEN_UP = "given up"
    """The kernel tries a partition no more, or probably no more."""
    FAILING = "failing"
    """Partitions fail, and the kernel tries them again."""
    DISCONNECTED = "disconnected"
    """It is listed as active, and no connected observer delivers its events."""
    STALLED = "stalled"
    """No partition fails, but an event of its types has waited for more than a minute, and nothing was handled."""
    BLOCKED = "blocked"
    """The kernel does not apply registrations of some ids any more. Neither a retry nor a restart ends this (seen on
    16.37.1 and a build of 16.38)."""
    PAUSED = "paused"
    """Somebody paused it with this toolkit."""
    INACTIVE = "inactive"
    """It was registered as inactive, or has no event types."""
    UNKNOWN = "not known"
    """No partition fails, and the kernel did not tell whether events wait."""
    DELIVERING = "delivering"
    """Events wait, and the observer goes on."""
    HEALTHY = "healthy"
    """Everything of its types was handled. Some kernels count every answer of a target as handled."""


class Severity(StrEnum):
    """How bad something is, worst first."""

    HIGH = "high"
    """A secret leaks, or events are not delivered."""
    MEDIUM = "medium"
    """Probably a mistake, or events are probably not delivered."""
    LOW = "low"
    """Good to know."""


_SEVERITY = {
    Condition.QUARANTINED: Severity.HIGH,
    Condition.GIVEN_UP: Severity.HIGH,
    Condition.FAILING: Severity.HIGH,
    Condition.DISCONNECTED: Severity.MEDIUM,
    Condition.STALLED: Severity.MEDIUM,
    Condition.BLOCKED: Severity.MEDIUM,
    Condition.PAUSED: Severity.LOW,
    Condition.INACTIVE: Severity.LOW,
    Condition.UNKNOWN: Severity.LOW,
}
OTHER_KINDS = frozenset({"reactor", "projection", "reducer"})
"""The kinds of observers that are not those of webhooks."""
FAILS = frozenset({Condition.QUARANTINED, Condition.GIVEN_UP, Condition.FAILING})
"""The conditions that count as failing."""


@public
@dataclass(frozen=True, slots=True)
class CauseGroup:
    """The failed partitions of one webhook that have one cause."""

    cause: Cause
    failed: tuple[FailedPartition, ...]
    """The oldest failure first."""
    waiting: int | None
    """How many events of its types wait for them; None if they could not be counted."""
    given_up: int
    """How many of them the kernel has given up, or probably has."""

    @property
    def since(self) -> datetime | None:
        """The time of the first failure."""
        return min((each for each in map(first_failure, self.failed) if each is not None), default=None)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces in which they fail."""
        return tuple(dict.fromkeys(each.namespace for each in self.failed))

    def told(self, now: datetime) -> str:
        """One line, for example ``refused: 16 partitions in Default since 02:36:04 (31 min), 22 events wait, given
        up``."""
        parts = [f"{count(len(self.failed), 'partition')} in {', '.join(self.namespaces)}{age(self.since, now)}"]
        if self.waiting:
            parts.append(count(self.waiting, "event waits", "events wait"))
        parts.append(outlook(self.failed, self.given_up, now))
        return f"{self.cause}: {', '.join(part for part in parts if part)}"


@public
@dataclass(frozen=True, slots=True, repr=False)
class TriageRow(Displayed):
    """One webhook, or another observer that fails, in all namespaces."""

    webhook: str
    """Its id."""
    condition: str
    """``quarantined``, ``given up``, ``failing``, ``disconnected``, ``stalled``, ``blocked``, ``paused``,
    ``inactive``,
    ``not known``, ``delivering`` or ``healthy``."""
    definition: WebhookDefinition | None
    """As it is registered; None for a webhook that was removed or is paused, and for an observer of the kernel."""
    observers: tuple[ObserverState, ...]
    """Its observer in each namespace."""
    failed: tuple[FailedPartition, ...]
    """Its failed partitions, the oldest failure first."""
    causes: tuple[Cause, ...]
    """The cause of each failed partition, in the same order."""
    waits: tuple[int | None, ...]
    """How many events of its types wait for each failed partition, in the same order; None where they could not be
    counted."""
    waiting: int | None
    """How many events of its types wait in all; None if they could not be counted."""
    stalled_since: datetime | None
    """When the first event was appended that a stalled or delivering webhook has not handled."""
    ended: tuple[bool, ...]
    """Whether the kernel has given up each failed partition, or probably has, in the same order."""
    next_step: str
    """What to do, as a command or a sentence; empty if there is nothing to do."""

    @property
    def severity(self) -> str:
        """``high``, ``medium``, ``low`` or ``none``."""
        found = _SEVERITY.get(Condition(self.condition))
        return "none" if found is None else found.value

    @property
    def kind(self) -> str:
        """``webhook``, ``removed webhook``, or the kind of another observer: ``reactor``, ``projection``,
        ``reducer``."""
        if self.definition is not None or self.condition == Condition.PAUSED:
            return "webhook"
        if self.webhook == WEBHOOK_REACTOR:
            return "reactor"
        kinds = [each.kind for each in self.observers if each.kind in OTHER_KINDS]
        return kinds[0] if kinds else "removed webhook"

    @property
    def fails(self) -> bool:
        """Whether a partition fails or the whole observer is quarantined."""
        return self.condition in FAILS

    @property
    def cause(self) -> Cause | None:
        """The most frequent cause; None if nothing fails."""
        if not self.causes:
            return Cause("quarantined") if self.condition == Condition.QUARANTINED else None
        return self.groups[0].cause

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces in which it fails; those of all its observers if nothing fails."""
        return tuple(dict.fromkeys(each.namespace for each in self.failed or self.observers))

    @property
    def since(self) -> datetime | None:
        """The time of the first failure, or the time since when an event waits."""
        return min((each for each in map(first_failure, self.failed) if each is not None), default=self.stalled_since)

    @property
    def last_attempt(self) -> datetime | None:
        """The time of the latest failed attempt."""
        return max((each for each in map(_last, self.failed) if each is not None), default=None)

    @property
    def given_up(self) -> int:
        """The number of failed partitions that the kernel has given up, or probably has."""
        return sum(self.ended)

    @property
    def groups(self) -> tuple[CauseGroup, ...]:
        """Its failed partitions by cause, the most frequent cause first. An open circuit counts as the cause behind
        it."""
        found: dict[str, list[int]] = {}
        for position, cause in enumerate(self.causes):
            found.setdefault(cause.key, []).append(position)
        return tuple(self._group(each) for each in sorted(found.values(), key=len, reverse=True))

    def _group(self, positions: Sequence[int]) -> CauseGroup:
        waits = [self.waits[each] for each in positions]
        known = [each for each in waits if each is not None]
        return CauseGroup(
            # One without an open circuit says more.
            min((self.causes[each] for each in positions), key=lambda each: bool(each.behind)),
            tuple(self.failed[each] for each in positions),
            sum(known) if len(known) == len(waits) else None,
            sum(self.ended[each] for each in positions),
        )

    @property
    def attempts(self) -> int:
        """The largest number of failed attempts of a partition."""
        return _attempts(self.failed)

    @property
    def next_attempt(self) -> datetime | None:
        """The time of the next attempt of a partition that the kernel has not given up. This is an estimate by the
        kernel's rule: a kernel does not report its plan."""
        return min(_plans(self.failed, next_attempt), default=None)

    @property
    def gives_up_at(self) -> datetime | None:
        """The earliest time at which the kernel gives up the first of the remaining partitions. An estimate too."""
        return min(_plans(self.failed, last_attempt), default=None)

    def facts(self, now: datetime) -> dict[str, object]:
        """The row as plain data for JSON; times are texts in ISO 8601, in UTC."""
        return {
            "webhook": self.webhook,
            "kind": self.kind,
            "registered": self.definition is not None,
            "condition": self.condition,
            "severity": self.severity,
            "cause": None if self.cause is None else str(self.cause),
            "detail": "" if self.cause is None else self.cause.detail,
            "namespaces": list(self.namespaces),
            "partitions": len(self.failed),
            "given_up_partitions": self.given_up,
            "given_up": self.told_quarantine,
            "since": _iso(self.since),
            "last_attempt": _iso(self.last_attempt),
            "next_attempt_estimate": _iso(self.next_attempt),
            "attempts": self.attempts,
            "waiting": self.waiting,
            "outlook": self.outlook(now),
            "next_step": self.next_step,
        }

    @property
    def told_quarantine(self) -> str:
        """Whether the kernel has given up a partition: ``no``, ``probable`` or ``quarantined`` (the kernel says so)."""
        if self.condition == Condition.QUARANTINED or any(each.quarantined for each in self.failed):
            return "quarantined"
        return "probable" if self.given_up else "no"

    def outlook(self, now: datetime) -> str:
        """What the kernel will do, for example ``attempt 9 of 11, about 10 minutes left``."""
        if self.condition == Condition.QUARANTINED:
            return "the kernel delivers nothing of this observer"
        return outlook(self.failed, self.given_up, now)

    def _display(self) -> Card:
        from chronicle_notebook.display._table_and_card import Card, Tone, clock

        tones = {"high": Tone.BAD, "medium": Tone.WARNING, "none": Tone.GOOD}
        facts = [("namespaces", ", ".join(self.namespaces) or "–")]
        facts += [(str(each.cause), count(len(each.failed), "partition")) for each in self.groups]
        if self.since is not None:
            facts.append(("since", clock(self.since)))
        if self.failed:
            facts.append(("attempts", of_most(self.attempts)))
        if self.next_attempt is not None:
            facts.append(("next attempt", f"about {clock(self.next_attempt)} (estimate)"))
        facts.append(("waiting", "not known" if self.waiting is None else count(self.waiting, "event")))
        notes = [f"Next step: {self.next_step}"] if self.next_step else []
        return Card(f"{self.webhook}: {self.condition}", facts, notes, tones.get(self.severity, Tone.PLAIN))


def outlook(failed: Sequence[FailedPartition], given_up: int, now: datetime) -> str:
    """What the kernel will do about failed partitions; empty if there are none.

    :param given_up: how many of them it has given up, or probably has.
    """
    if not failed:
        return ""
    sure = "" if any(each.quarantined for each in failed) else "probably "
    if given_up == len(failed):
        return f"{sure}given up"
    if given_up:
        return f"{given_up} of {len(failed)} {sure}given up"
    tries = f"attempt {of_most(_attempts(failed))}"
    # An attempt cannot be later than now: then the clocks differ, and the rest is counted from now on.
    until = min(_plans(failed, lambda number, last: last_attempt(number, min(last, now))), default=None)
    return tries if until is None else f"{tries}, about {_left((until - now).total_seconds())} left"


def of_most(attempts: int) -> str:
    """A number of attempts, with how many a kernel makes by itself. Retries of a user can make it larger."""
    if attempts > MOST_ATTEMPTS:
        return f"{attempts} ({MOST_ATTEMPTS} allowed)"
    return f"{attempts} of {MOST_ATTEMPTS}"


def _attempts(failed: Sequence[FailedPartition]) -> int:
    return max((len(each.attempts) for each in failed), default=0)


def _plans(failed: Sequence[FailedPartition], rule: Callable[[int, datetime], datetime | None]) -> Iterator[datetime]:
    for each in failed:
        last = _last(each)
        when = None if last is None or each.quarantined else rule(len(each.attempts), last)
        if when is not None:
            yield when


def hour(moment: datetime) -> str:
    """The local time of a moment."""
    return moment.astimezone().strftime("%H:%M:%S")


def age(since: datetime | None, now: datetime) -> str:
    """`` since 02:36:04 (31 min)``, with the date from one day on; empty if the time is not known."""
    if since is None:
        return ""
    seconds = (now - since).total_seconds()
    moment = hour(since) if seconds < 86_400 else since.astimezone().strftime("%Y-%m-%d %H:%M")
    return f" since {moment} ({duration(seconds)})"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def first_failure(partition: FailedPartition) -> datetime | None:
    """The time of the first attempt, with time zone; None if it is not known."""
    return in_utc(partition.attempts[0].occurred) if partition.attempts else None


def _last(partition: FailedPartition) -> datetime | None:
    return in_utc(partition.attempts[-1].occurred) if partition.attempts else None


def in_utc(moment: datetime | None) -> datetime | None:
    """A moment that can be compared with others: without a time zone it is taken as UTC, which kernels write."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _left(seconds: float) -> str:
    if seconds < 90:
        return count(max(1, round(seconds)), "second")
    return count(round(seconds / 60), "minute")


def duration(seconds: float) -> str:
    """A time span, for example ``40 s``, ``31 min``, ``5 h`` or ``3 d``."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (unit == "min" and seconds >= 60):
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def worst(row: TriageRow) -> tuple[int, int, float, str]:
    """The key that sorts rows, the worst first: by condition, then by the events that wait, then by age."""
    order: Sequence[str] = [each.value for each in Condition]
    since = row.since
    return (order.index(row.condition), -(row.waiting or 0), 0.0 if since is None else since.timestamp(), row.webhook)
