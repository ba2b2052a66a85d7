"""Removing webhooks: in parts, each once, and read back until they are gone."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from chronicle_notebook.base._errors import (
    ChronicleError,
    DeadlineExceededError,
    KernelError,
    KernelFaultError,
    KernelUnreachableError,
)
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.display._progress import CallProgress
from chronicle_notebook.registration import _interrupted
from chronicle_notebook.registration._blocked import with_blocked
from chronicle_notebook.registration._fault import as_unchanged, fault_note
from chronicle_notebook.registration._outcome import Action, Outcome, Outcomes, counted
from chronicle_notebook.registration._parts import UNKNOWN_OUTCOME, Course, changed_nothing
from chronicle_notebook.registration._send import ACCEPTED, INTERRUPTED, REST, SENT_BEFORE, UNDER_WAY, recovered
from chronicle_notebook.registration._wait import Definitions, Settled, until_removed

Read = Callable[[], Definitions]


def remove(
    kernel: KernelGateway,
    event_store: str,
    webhooks: Sequence[str],
    *,
    wait: float,
    read: Read | None = None,
    note: str = "",
) -> list[Outcome]:
    """Remove webhooks, and wait until they are gone.

    :param read: returns the webhooks that are there; by default the list of the kernel.
    :param note: a remark for each outcome.
    """
    outcomes = _Removal(kernel, event_store, webhooks, wait, read or reading(kernel, event_store)).outcomes()
    return [dataclasses.replace(each, notes=(note, *each.notes)) for each in outcomes] if note else outcomes


def removed_before(kernel: KernelGateway, event_store: str, webhook: str) -> bool:
    """Whether an unfinished call before this one has sent the removal."""
    return webhook in _interrupted.recalled(kernel.server, event_store).removed


def reading(kernel: KernelGateway, event_store: str) -> Read:
    """A function that returns the webhooks of an event store by their ids."""
    return lambda: {definition.id: definition for definition in kernel.webhooks(event_store)}


def send_removal(kernel: KernelGateway, event_store: str, webhook: str) -> KernelError | None:
    """Send the removal of one webhook once. Returns the error if its answer was lost; then the read-back decides."""
    try:
        kernel.remove_webhooks(event_store, [webhook])
    except (*UNKNOWN_OUTCOME, KernelFaultError) as lost:
        if changed_nothing(lost):
            raise
        return lost
    return None


def see_removed(
    kernel: KernelGateway, event_store: str, webhook: str, *, lost: KernelError | None, wait: float
) -> Outcome:
    """Wait until a removed webhook is gone.

    :raises KernelError: the answer was ``lost``, or the kernel failed on the call, and the webhook is there.
    """
    removal = _Removal(kernel, event_store, [webhook], wait, reading(kernel, event_store))
    return removal.seen(lost)


class _Removal:
    """One removal, from the sending to the outcomes."""

    def __init__(
        self, kernel: KernelGateway, event_store: str, webhooks: Sequence[str], wait: float, read: Read
    ) -> None:
        self._kernel = kernel
        self._event_store = event_store
        self._webhooks = webhooks
        self._wait = wait
        self._read = read
        self._earlier = _interrupted.recalled(kernel.server, event_store)
        self._gone: set[str] = set()
        """What an unfinished call before this one has removed."""
        self._started: dict[str, float] = {}
        """When each id was sent."""
        self._course: Course[str] = Course(list(webhooks))

    def outcomes(self) -> list[Outcome]:
        """Send everything, and return the outcome of each webhook."""
        try:
            self._after_unfinished()
            with CallProgress() as progress:
                self._progress = progress
                self._course.run(self._send, self._late, self._look)
            told = self._settled()
        except KeyboardInterrupt as interruption:
            self._interrupt(interruption)
            raise
        finally:
            self._remember()
        return with_blocked(self._kernel, self._event_store, told)

    def seen(self, lost: KernelError | None) -> Outcome:
        """The outcome of one webhook whose removal was sent before."""
        course = self._course
        course.unsent, part = [], course.unsent
        if lost is None:
            course.answered = part
        elif isinstance(lost, KernelFaultError):
            course.failed, course.error = part, lost
        else:
            try:
                gone = self._late(part)
            except KernelError:
                raise lost from None
            course.late, course.unanswered = list(gone), [each for each in part if each not in gone]
            course.lost = lost
            course.error = lost if course.unanswered else None
        return self._settled(unread_told=False)[0]

    def _after_unfinished(self) -> None:
        """Wait for the removals that the kernel still works on. An id that is removed twice is blocked for good."""
        known = [each for each in self._webhooks if each in self._earlier.removed]
        if not known:
            return
        under_way = [each for each in known if each in self._earlier.under_way]
        there = self._read()
        if any(each in there for each in under_way):
            there = until_removed(self._read, under_way, wait=self._wait).found
        self._gone = {each for each in known if each not in there}
        left = [each for each in under_way if each in there]
        self._course = Course(
            [each for each in self._webhooks if each not in self._gone and each not in left], earlier=left
        )

    def _send(self, part: Sequence[str]) -> None:
        now = time.monotonic()
        self._started.update((each, now) for each in part)
        self._kernel.remove_webhooks(self._event_store, part)

    def _late(self, part: Sequence[str]) -> Collection[str]:
        return list(until_removed(self._read, part, wait=self._wait).seen_after)

    def _look(self) -> None:
        found = self._read()
        sent = [*self._course.answered, *self._course.late]
        total = len(sent) + len(self._course.unsent)
        gone = sum(each not in found for each in sent)
        self._progress.tell(
            f"Removing webhooks from event store {self._event_store!r}: {len(sent):,} of {total:,} sent, "
            f"{gone:,} gone.",
            done=len(sent),
        )

    def _settled(self, *, unread_told: bool = True) -> list[Outcome]:
        """The outcomes, after a wait until everything that was accepted is gone.

        :param unread_told: what was accepted and cannot be read back has an outcome; else the error is raised.
        :raises ChronicleError: no outcome is known, or nothing was removed.
        """
        course, fault = self._course, self._course.fault
        if course.error is not None and fault is None and not course.begun and self._alone(course.error):
            raise course.error from None
        awaited = [*course.answered, *course.late, *course.failed]
        begun = time.monotonic()
        try:
            settled = until_removed(self._read, awaited, wait=self._wait)
        except UNKNOWN_OUTCOME as error:
            if fault is not None or not course.begun or not unread_told:
                raise fault or error from None
            return self._told_all(Settled({}, {}, 0.0), begun, error)
        except KernelError:
            if fault is not None:
                raise fault from None
            raise
        if fault is not None and not settled.seen_after:
            raise as_unchanged(fault)
        return self._told_all(settled, begun)

    def _told_all(self, settled: Settled, begun: float, unread: ChronicleError | None = None) -> list[Outcome]:
        self._places = self._course.places(str)
        return [self._told(each, settled, begun, unread=unread) for each in self._webhooks]

    def _alone(self, error: ChronicleError) -> bool:
        """Whether the error tells more than outcomes would: nothing of the list is gone."""
        return len(self._webhooks) == 1 or not isinstance(error, DeadlineExceededError)

    def _told(self, webhook: str, settled: Settled, begun: float, *, unread: ChronicleError | None = None) -> Outcome:
        course = self._course
        gone = webhook in settled.seen_after or webhook in self._gone
        # Counted from the moment of sending: the call itself can take most of the time.
        waited = begun - self._started.get(webhook, begun) + settled.seen_after.get(webhook, settled.waited)
        told = Outcome(
            webhook=webhook,
            action=Action.REMOVED,
            accepted=True,
            visible=gone,
            waited=0.0 if webhook in self._gone else waited,
            origin=self._kernel.origin(self._event_store),
        )
        reason = "" if course.error is None else course.error.message
        if webhook in self._gone:
            return dataclasses.replace(told, notes=(SENT_BEFORE,))
        place = self._places.get(webhook)
        if place is course.unsent:
            return dataclasses.replace(told, accepted=False, changed=False, unsent=reason or INTERRUPTED)
        if place is course.unanswered or place is course.earlier:
            return dataclasses.replace(told, accepted=False, changed=False, unanswered=reason or UNDER_WAY)
        if place is course.failed and course.fault is not None:
            note = fault_note(course.fault, done=gone)
            return dataclasses.replace(told, accepted=gone, changed=gone, notes=(note,))
        notes = (recovered(course.lost),) if place is course.late else ()
        if unread is not None:
            return dataclasses.replace(told, notes=notes, unread=unread.message)
        return dataclasses.replace(told, notes=notes)

    def _interrupt(self, interruption: KeyboardInterrupt) -> None:
        """Say in an interruption what was done, with the outcome of each webhook."""
        course = self._course
        if len(self._webhooks) == 1:
            if course.begun:
                interruption.add_note(ACCEPTED)
            return
        if not (course.begun or course.under_way):
            return
        gone: dict[str, float] = {}
        with suppress(KernelError, KeyboardInterrupt):
            there = self._read()
            gone = {each: 0.0 for each in self._webhooks if each not in there}
            course.came(gone.keys())
        told = self._told_all(Settled({}, gone, 0.0), time.monotonic())
        vars(interruption)["outcomes"] = Outcomes(told, caption=f"{len(told):,} webhooks")
        interruption.add_note(counted(told, verb="removed") + REST)

    def _remember(self) -> None:
        course = self._course
        where = (self._kernel.server, self._event_store)
        if course.unanswered and len(self._webhooks) == 1 and isinstance(course.error, KernelUnreachableError):
            return  # it was waited for already
        if course.unsent or course.under_way:
            sent = [*course.answered, *course.late, *course.under_way]
            _interrupted.note(*where, removed=sent, under_way=course.under_way)
        elif self._earlier.removed and course.error is None:
            _interrupted.forget(*where, self._webhooks)
