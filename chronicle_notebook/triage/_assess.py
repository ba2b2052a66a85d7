"""From what was read to a triage. Nothing is read or sent here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import FailedPartition, ObserverState, RunningState, WebhookDefinition
from chronicle_notebook.model._observer import WEBHOOK_REACTOR, causes_of
from chronicle_notebook.model._retry_rule import MOST_ATTEMPTS
from chronicle_notebook.triage._cause import Cause, cause_of
from chronicle_notebook.triage._condition import Condition, TriageRow, duration, first_failure, in_utc, worst
from chronicle_notebook.triage._next_step import next_step
from chronicle_notebook.triage._observed import Observed, Queue
from chronicle_notebook.triage._triage import Triage

STALLED_AFTER = 60.0
"""The seconds for which an event waits before its webhook counts as stalled. A kernel ends a delivery after 30 seconds
(seen on 16.37.1)."""


CLOCKS_DIFFER = 30.0
"""The seconds by which two clocks may differ. A larger difference is taken into account."""


def assess(
    observed: Observed,
    *,
    origin: Origin,
    paused: Collection[str] = (),
    before: Triage | None = None,
    clock_ahead: float = 0.0,
) -> Triage:
    """The triage of a observed. Nothing is read or sent.

    :param origin: the kernel, the event store and the time of reading, from which ages and estimates are counted.
    :param paused: the ids of the webhooks that are paused.
    :param before: an earlier triage. A webhook that has handled something since is not stalled.
    :param clock_ahead: how many seconds the clock of this machine is ahead of the kernel's. Else each failed partition
        would seem overdue, and so given up.
    """
    remark = clock_remark(clock_ahead)
    told = (remark,) if remark else ()
    origin = by_the_kernels_clock(origin, clock_ahead)
    known = {hook.id: hook for hook in observed.webhooks}
    observers: defaultdict[str, list[ObserverState]] = defaultdict(list)
    for observer in observed.observers:
        observers[observer.id].append(observer)
    failed: defaultdict[str, list[FailedPartition]] = defaultdict(list)
    for partition in observed.failed:
        failed[partition.observer_id].append(partition)
    quarantined = {each.id for each in observed.observers if each.running_state is RunningState.QUARANTINED}
    assessor = _Assessor(observed, origin.read_at, frozenset(paused), before)
    ids = dict.fromkeys([*known, *failed, *sorted(quarantined), *sorted(paused)])
    rows = [assessor.row(each, known.get(each), observers[each], failed[each]) for each in ids]
    return Triage(sorted(rows, key=worst), origin=origin, remarks=(*told, *observed.unread), webhooks=len(known))


def by_the_kernels_clock(origin: Origin, ahead: float) -> Origin:
    """An origin with its time by the kernel's clock, if the clock of this machine is far ahead of it or behind it."""
    return replace(origin, read_at=origin.read_at - timedelta(seconds=ahead)) if abs(ahead) > CLOCKS_DIFFER else origin


def clock_remark(ahead: float) -> str:
    """That the clocks of this machine and of the kernel differ; empty if they do not.

    :param ahead: how many seconds the one of this machine is ahead.
    """
    if abs(ahead) <= CLOCKS_DIFFER:
        return ""
    first, second = ("This machine's", "the kernel's") if ahead > 0 else ("The kernel's", "this machine's")
    return (
        f"{first} clock is ahead of {second} by {duration(abs(ahead))}: ages and retries are counted by the kernel's."
    )


class _Assessor:
    def __init__(self, observed: Observed, now: datetime, paused: frozenset[str], before: Triage | None) -> None:
        self._observed, self._now, self._paused = observed, now, paused
        self._causes = causes_of(observed.failed)
        self._attempts = {each.id: len(each.attempts) for row in before or () for each in row.failed}
        self._positions = {
            (each.namespace, each.id): each.next_sequence_number for row in before or () for each in row.observers
        }

    def row(
        self,
        webhook: str,
        definition: WebhookDefinition | None,
        observers: Sequence[ObserverState],
        failed: Sequence[FailedPartition],
    ) -> TriageRow:
        """One row."""
        failed = sorted(failed, key=_age)
        causes = tuple(self._cause(each, definition) for each in failed)
        ended = tuple(self._is_given_up(each) for each in failed)
        waits = tuple(self._observed.waiting.get((each.namespace, each.observer_id, each.partition)) for each in failed)
        queues = {
            each.namespace: queue
            for each in observers
            if (queue := self._observed.queues.get((each.namespace, webhook))) is not None
        }
        condition = self._condition(webhook, definition, observers, queues, failing=len(failed), given_up=sum(ended))
        return TriageRow(
            webhook,
            condition.value,
            definition,
            tuple(observers),
            tuple(failed),
            causes,
            waits,
            self._waiting(waits, queues),
            min((since for each in queues.values() if (since := in_utc(each.since)) is not None), default=None),
            ended,
            next_step(webhook, condition, definition, failed, causes),
        )

    def _is_given_up(self, failed: FailedPartition) -> bool:
        """Whether the kernel has given up a partition, or probably has. An attempt since the last look shows that it
        has not, whatever the clocks say."""
        if failed.quarantined is None and len(failed.attempts) > self._attempts.get(failed.id, len(failed.attempts)):
            return len(failed.attempts) >= MOST_ATTEMPTS
        return failed.given_up_at(self._now)

    def _cause(self, failed: FailedPartition, definition: WebhookDefinition | None) -> Cause:
        url = "" if definition is None else definition.target_url
        return cause_of(failed, self._causes, shared=self._observed.shared_circuit, target_url=url)

    def _condition(  # noqa: PLR0911 - one line for each condition, the worst first
        self,
        webhook: str,
        definition: WebhookDefinition | None,
        observers: Sequence[ObserverState],
        queues: Mapping[str, Queue],
        *,
        failing: int,
        given_up: int,
    ) -> Condition:
        if webhook in self._paused and definition is None:
            return Condition.PAUSED
        if any(each.running_state is RunningState.QUARANTINED for each in observers):
            return Condition.QUARANTINED
        if webhook == WEBHOOK_REACTOR and failing:
            return Condition.BLOCKED
        if given_up:
            return Condition.GIVEN_UP
        if failing:
            return Condition.FAILING
        if definition is None or not definition.active or not definition.event_types:
            return Condition.INACTIVE
        if all(each.running_state is RunningState.DISCONNECTED for each in observers):
            return Condition.DISCONNECTED
        if any(self._is_stalled(each, queues[each.namespace]) for each in observers if each.namespace in queues):
            return Condition.STALLED
        if any((each.namespace, webhook) in self._observed.unchecked for each in observers):
            return Condition.UNKNOWN
        return Condition.DELIVERING if queues else Condition.HEALTHY

    def _is_stalled(self, observer: ObserverState, queue: Queue) -> bool:
        if observer.running_state is RunningState.REPLAYING:
            return False
        before = self._positions.get((observer.namespace, observer.id))
        if before is not None and before < observer.next_sequence_number:
            return False
        since = in_utc(queue.since)
        return since is not None and (self._now - since).total_seconds() > STALLED_AFTER

    @staticmethod
    def _waiting(waits: Sequence[int | None], queues: Mapping[str, Queue]) -> int | None:
        found = [*waits, *(each.count for each in queues.values())]
        known = [each for each in found if each is not None]
        return sum(known) if len(known) == len(found) else None


def _age(partition: FailedPartition) -> float:
    first = first_failure(partition)
    return 0.0 if first is None else first.timestamp()
