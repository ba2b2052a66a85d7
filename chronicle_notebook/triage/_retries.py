"""Retries of failed partitions, and their results."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._errors import (
    DeadlineExceededError,
    KernelError,
    KernelUnreachableError,
    MethodNotImplementedError,
    RequestRefusedError,
)
from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import joined
from chronicle_notebook.connection._cancellation import watching
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.display._listing import Column, Listing
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import FailedPartition
from chronicle_notebook.model._observer import causes_of
from chronicle_notebook.triage._cause import Cause, cause_of
from chronicle_notebook.triage._observed import shares_circuit

FIRST_LOOK, LONGEST_LOOK = 0.05, 0.5
"""The pauses in seconds between two looks at the retries: the first one, and the longest one."""
AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0)
"""The pauses in seconds before a retry that met an open circuit is asked for again. A circuit stays open for 15 seconds
(source: K/Core/Setup/WebhookHttpClientExtensions.cs)."""
AT_ONCE = 8
"""The number of retries that are asked for at the same time. Each call waits behind a running delivery."""
_REPEAT = "The same call can simply be repeated: a retry of a partition that does not fail any more does nothing."
ONE_BY_ONE = 4
"""The largest number of observers of a namespace that are asked for one by one instead of in one list."""


class RetryOutcome(StrEnum):
    """The result of a retry."""

    RECOVERED = "recovered"
    """The partition does not fail any more."""
    FAILED_AGAIN = "failed again"
    """There was one more attempt, and it failed."""
    REFUSED = "refused"
    """The kernel did not start a retry."""
    PENDING = "not known yet"
    """There was no attempt so far."""
    NOT_SENT = "not sent"
    """The kernel was not asked: the call ended before."""


@public
@dataclass(frozen=True, slots=True)
class RetriedPartition:
    """One failed partition that the kernel was asked to retry."""

    partition: FailedPartition
    """As it was before the retry."""
    started: bool | None
    """Whether the kernel started the retry; None if it does not say so."""
    outcome: str = RetryOutcome.PENDING.value
    """``recovered``, ``failed again``, ``refused``, ``not known yet`` or ``not sent``."""
    cause: Cause | None = None
    """Why it failed again, or why the kernel refused."""


@public
class Retries(Listing[RetriedPartition]):
    """The failed partitions that were retried, each with its result."""

    def __init__(self, items: Sequence[RetriedPartition], *, origin: Origin, remarks: Sequence[str] = ()) -> None:
        self.remarks = tuple(remarks)
        """What else was done, and what the outcome does not prove, as sentences."""
        self.origin = origin
        """The kernel, the event store, and the time of the latest look."""
        super().__init__(
            items,
            _COLUMNS,
            caption=_headline(items),
            empty="No partition of a webhook fails, so nothing was retried.",
            origin=origin,
            foot=" ".join([*remarks, origin.stamp]),
        )

    def _of(self, items: Sequence[RetriedPartition]) -> Retries:
        return Retries(items, origin=self.origin, remarks=self.remarks)

    @property
    def headline(self) -> str:
        """One sentence, for example ``14 recovered, 2 failed again: HTTP 500``."""
        return _headline(self)

    def having(self, outcome: str) -> Retries:
        """Those with an outcome: ``recovered``, ``failed again``, ``refused``, ``not known yet`` or
        ``not sent``."""
        return self._of([each for each in self if each.outcome == outcome])

    @property
    def recovered(self) -> bool:
        """Whether each of them recovered. True if there was nothing to retry."""
        return all(each.outcome == RetryOutcome.RECOVERED for each in self)

    def __reduce__(self) -> tuple[object, ...]:
        return (_restored, (tuple(self), self.origin, self.remarks))


def _restored(items: Sequence[RetriedPartition], origin: Origin, remarks: Sequence[str]) -> Retries:
    return Retries(items, origin=origin, remarks=remarks)


def _headline(retried: Iterable[RetriedPartition]) -> str:
    items = list(retried)
    if not items:
        return "Nothing was retried"
    parts = []
    for outcome in RetryOutcome:
        found = [each for each in items if each.outcome == outcome]
        if found:
            words = dict.fromkeys(str(each.cause) for each in found if each.cause is not None)
            parts.append(f"{len(found):,} {outcome.value}{': ' if words else ''}{joined(list(words), 'and')}")
    return ", ".join(parts)


_COLUMNS = (
    Column[RetriedPartition]("observer", "Webhook", lambda each: each.partition.observer_id),
    Column[RetriedPartition]("namespace", "Namespace", lambda each: each.partition.namespace),
    Column[RetriedPartition]("partition", "Partition", lambda each: each.partition.partition),
    Column[RetriedPartition]("started", "Started", lambda each: each.started, "boolean"),
    Column[RetriedPartition]("outcome", "Outcome", lambda each: each.outcome, "category"),
    Column[RetriedPartition]("cause", "Cause", lambda each: "" if each.cause is None else str(each.cause)),
)

QUARANTINED = Cause("quarantined", detail="The kernel has quarantined it: retry with release=True.")


@dataclass(slots=True)
class _Try:
    """One partition that is retried."""

    failed: FailedPartition
    """As it was before the first retry."""
    sequence: str
    latest: FailedPartition
    """As it was before the latest retry."""
    result: RetriedPartition
    rounds: int = 0
    """How often a retry met an open circuit and sent nothing."""
    due: float | None = None
    """When to ask again after such a retry."""


class Retrying:
    """Retries of failed partitions of one event store."""

    def __init__(
        self,
        kernel: KernelGateway,
        event_store: str,
        partitions: Sequence[tuple[FailedPartition, str]],
        *,
        release: bool = False,
        remarks: Sequence[str] = (),
    ) -> None:
        """Take the failed partitions, each with the event sequence of its observer.

        :param release: whether a quarantine is ended first, where the kernel has a call for this.
        """
        self._kernel, self._store, self._release = kernel, event_store, release
        self._remarks = list(remarks)
        self._causes = causes_of([each for each, _ in partitions])
        """What explains a partition that has only met an open circuit, as a triage explains it."""
        self._clears = True
        """Whether the kernel has a call that ends the quarantine of a partition, as far as is known."""
        self._tries = [
            _Try(each, sequence, each, RetriedPartition(each, None, RetryOutcome.NOT_SENT.value))
            for each, sequence in partitions
        ]

    def run(self, wait: float, on_progress: Callable[[Retries], object] | None = None) -> Retries:
        """Ask for all retries and follow them. An interrupt ends this early, with what is known then.

        :raises KernelError: the kernel could not be asked. Its attribute ``retries`` has what is known.
        """
        try:
            self.start()
            self.follow(wait, on_progress)
        except KeyboardInterrupt:
            self._remarks.append(f"Stopped by Ctrl-C. The kernel goes on with what it was asked. {_REPEAT}")
        except KernelError as error:
            found = self.result()
            vars(error)["retries"] = found
            error.hint = f"{error.hint} {found.headline}: sys.last_value.retries has each. {_REPEAT}".strip()
            raise
        return self.result()

    def start(self) -> None:
        """Ask the kernel to retry each partition.

        The first call is made alone: a protected connection asks for the name of the event store once, and only in the
        thread of the caller.
        """
        for each in self._tries[:1]:
            self._ask(each)
        self._ask_all(self._tries[1:])

    def follow(self, wait: float, on_progress: Callable[[Retries], object] | None = None) -> None:
        """Look until each partition has recovered or failed again, for at most ``wait`` seconds.

        A retry that met an open circuit sent nothing. For a partition that the kernel has given up it is asked for
        again a little later: a circuit lets one request through after its break, and closes when this one succeeds. The
        others are left to the kernel, because each attempt counts.
        """
        until = time.monotonic() + wait
        pause, lost = FIRST_LOOK, ""
        while self._pending and (left := until - time.monotonic()) > 0:
            watch = watching()
            if watch is not None:
                watch.check()
            time.sleep(min(pause, left))
            pause = min(1.5 * pause, LONGEST_LOOK)
            lost = self._lost()
            now = time.monotonic()
            again = [each for each in self._pending if each.due is not None and each.due <= now]
            self._ask_all(again)
            pause = FIRST_LOOK if again else pause
            if on_progress is not None:
                on_progress(self.result())
        if lost:
            self._remarks.append(f"The kernel did not answer any more: {lost}")
        for each in self._pending:
            if each.due is not None:
                self._settle(each, RetryOutcome.FAILED_AGAIN, each.latest)

    def result(self) -> Retries:
        """What is known now."""
        found = [each.result for each in self._tries]
        return Retries(found, origin=self._kernel.origin(self._store), remarks=self._remarks)

    @property
    def _pending(self) -> list[_Try]:
        return [each for each in self._tries if each.result.outcome == RetryOutcome.PENDING]

    def _ask_all(self, tries: Sequence[_Try]) -> None:
        for begin in range(0, len(tries), AT_ONCE):  # an interrupt lets the rest of these go on, and no others
            at_once(*(partial(self._ask, each) for each in tries[begin : begin + AT_ONCE]))

    def _ask(self, one: _Try) -> None:
        failed = one.latest
        place = (self._store, failed.namespace, failed.observer_id, one.sequence, failed.partition)
        one.due = None
        before, one.result = one.result, RetriedPartition(one.failed, None)
        try:
            started = True if self._release and self._released(failed, place) else self._kernel.retry_partition(*place)
        except RequestRefusedError as error:
            one.result = _refused(one.failed, Cause("kernel", detail=error.message))
            return
        except DeadlineExceededError:
            started = None  # the call waits behind a running delivery, and may take effect later
        except KernelUnreachableError as error:
            if error.nothing_sent:
                one.result = before
            raise
        if started is False and not failed.quarantined:
            # It may have recovered, or been quarantined, since it was listed.
            now = self._listed_now(one)
            if now is None:
                self._settle(one, RetryOutcome.RECOVERED, None)
                return
            one.latest = now
            started = self._release and self._released(now, place)
        if started is False:
            why = QUARANTINED if one.latest.quarantined else Cause("kernel", detail="The kernel did not start it.")
            one.result = _refused(one.failed, why)
        else:
            one.result = RetriedPartition(one.failed, started)

    def _listed_now(self, one: _Try) -> FailedPartition | None:
        """A partition as the kernel lists it now; None if it does not fail any more."""
        return next((each for each in self._listed([one]) if _key(each) == _key(one.failed)), None)

    def _released(self, failed: FailedPartition, place: tuple[str, str, str, str, str]) -> bool:
        """End a quarantine and retry. Returns False if a plain retry is needed: it ends a quarantine on kernels up to
        16.38 (seen on them)."""
        if failed.quarantined is False or not self._clears:
            return False
        try:
            return self._kernel.clear_partition_quarantine(*place)
        except MethodNotImplementedError:
            self._clears = False
            return False

    def _lost(self) -> str:
        """Look once. Returns the error if there is no connection: the retries go on without one."""
        try:
            self._look()
        except (KernelUnreachableError, DeadlineExceededError) as error:
            return error.message
        return ""

    def _look(self) -> None:
        asked = [each for each in self._pending if each.due is None]
        current = {_key(each): each for each in self._listed(asked)}
        for each in asked:
            now = current.get(_key(each.failed))
            if now is None:
                self._settle(each, RetryOutcome.RECOVERED, None)
            elif _tried(now) == _tried(each.latest):
                continue
            elif now.given_up and now.attempts and now.attempts[-1].untried and each.rounds < len(AGAIN):
                each.latest, each.due = now, time.monotonic() + AGAIN[each.rounds]
                each.rounds += 1
            else:
                self._settle(each, RetryOutcome.FAILED_AGAIN, now)

    def _settle(self, one: _Try, outcome: RetryOutcome, now: FailedPartition | None) -> None:
        cause = None if now is None else cause_of(now, self._causes, shared=shares_circuit(self._kernel))
        one.result = RetriedPartition(one.failed, one.result.started, outcome.value, cause)

    def _listed(self, tries: Sequence[_Try]) -> list[FailedPartition]:
        """The failed partitions of the observers of these."""
        observers = dict.fromkeys((each.failed.namespace, each.failed.observer_id) for each in tries)
        by_space = Counter(namespace for namespace, _ in observers)
        whole = [space for space, number in by_space.items() if number > ONE_BY_ONE]
        calls = [partial(self._kernel.failed_partitions, self._store, space) for space in whole]
        calls += [
            partial(self._kernel.failed_partitions, self._store, *each) for each in observers if each[0] not in whole
        ]
        return [failed for found in at_once(*calls) for failed in found]


def _refused(failed: FailedPartition, cause: Cause) -> RetriedPartition:
    return RetriedPartition(failed, started=False, outcome=RetryOutcome.REFUSED.value, cause=cause)


def _key(failed: FailedPartition) -> tuple[str, str, str]:
    return failed.namespace, failed.observer_id, failed.partition


def _tried(failed: FailedPartition) -> tuple[object, ...]:
    return failed.id, len(failed.attempts), failed.attempts[-1].occurred if failed.attempts else None
