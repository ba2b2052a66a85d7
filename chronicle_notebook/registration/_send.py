"""Sending the checked webhooks: in parts, each once, and read back, with an outcome for each."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from chronicle_notebook.base._errors import (
    ChronicleError,
    DeadlineExceededError,
    KernelError,
    KernelFaultError,
    KernelUnreachableError,
)
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._kernel_defects import KnownDefects, by_key
from chronicle_notebook.display._progress import CallProgress
from chronicle_notebook.model import AuthorizationKind, WebhookDefinition
from chronicle_notebook.registration import _interrupted
from chronicle_notebook.registration._beforehand import ONE_BY_ONE, notes_beforehand
from chronicle_notebook.registration._blocked import with_blocked
from chronicle_notebook.registration._differences import (
    applicable,
    differing,
    kind_change_fails,
    left_behind,
    old_target_notes,
    remarks,
)
from chronicle_notebook.registration._fault import (
    as_unchanged,
    fault_note,
    nothing_changed,
    took_effect,
)
from chronicle_notebook.registration._in_use import in_use_notes
from chronicle_notebook.registration._new_host import check_hosts
from chronicle_notebook.registration._outcome import Action, Outcome, Outcomes, counted
from chronicle_notebook.registration._parts import UNKNOWN_OUTCOME, Course
from chronicle_notebook.registration._wait import Definitions, Settled, until_registered

RESENT = (
    "The credentials were sent again: a kernel does not know whether they are the same, so it may recommend or start a "
    "replay."
)
RECOVERED = "The connection was lost during the call, but the read-back shows that the kernel did it."
NOT_AWAITED = "The answer was not awaited, but the read-back shows that the kernel did it."
ANSWERED_LATE = "The kernel did not answer in time, but the read-back shows that it did it."
ACCEPTED = "The kernel had accepted the call. Only the wait was interrupted: check with client.webhooks.ids()."
INACTIVE = "It is inactive: the kernel keeps it and sends nothing."
SENT_BEFORE = "The unfinished call before this one had sent it."

Notes = Mapping[str, tuple[str, ...]]
"""Remarks about each webhook, by its id."""


def send(
    kernel: KernelGateway,
    event_store: str,
    definitions: Sequence[WebhookDefinition],
    notes: Notes,
    *,
    wait: float,
    confirm_host: str | None = None,
    before: Definitions | None = None,
    beforehand: Notes | None = None,
) -> list[Outcome]:
    """Send the checked webhooks, without those that are unchanged, and return the outcomes.

    :param before: the webhooks that are registered, if they were just listed.
    :param beforehand: what :func:`notes_beforehand` says about the webhooks, if it was just asked.
    """
    before = _read(kernel, event_store) if before is None else before
    check_hosts(definitions, before, confirmed=confirm_host)
    return _Sending(kernel, event_store, definitions, notes, before, wait, beforehand).outcomes()


def recovered(lost: ChronicleError | None) -> str:
    """What to say about a call without an answer that the kernel carried out."""
    if lost is None:
        return NOT_AWAITED
    return ANSWERED_LATE if isinstance(lost, DeadlineExceededError) else RECOVERED


class _Sending:
    """One registration, from the first list to the outcomes."""

    def __init__(
        self,
        kernel: KernelGateway,
        event_store: str,
        definitions: Sequence[WebhookDefinition],
        notes: Notes,
        before: Definitions,
        wait: float,
        beforehand: Notes | None,
    ) -> None:
        self._kernel = kernel
        self._event_store = event_store
        self._definitions = definitions
        self._notes = notes
        self._wait = wait
        self._defects: KnownDefects = by_key(kernel.known_defects)
        self._started: dict[str, float] = {}
        """When the call with each webhook began."""
        self._seen: dict[str, float] = {}
        """After how many seconds each webhook was seen."""
        self._earlier = _interrupted.recalled(kernel.server, event_store)
        self._before, under_way = self._after_unfinished(before)
        self._course = Course(
            [each for each in definitions if each not in under_way and not self._same(each)], earlier=under_way
        )
        new = [each for each in self._course.unsent if each.id not in self._before]
        if beforehand is None:
            beforehand = notes_beforehand(kernel, event_store, new, self._defects)
        self._beforehand = {each.id: beforehand[each.id] for each in new if each.id in beforehand}

    def _after_unfinished(self, before: Definitions) -> tuple[Definitions, list[WebhookDefinition]]:
        """Wait for what the kernel still does of an unfinished call, and return the list and what is still missing.

        If nothing of it appears, the kernel does not work on it any more.
        """
        expected = [each for each in self._definitions if each.id in self._earlier.under_way]
        missing = [each for each in expected if not self._arrived(each, before, before=None)]
        if not missing:
            return before, []
        settled = until_registered(lambda: _read(self._kernel, self._event_store), missing, {}, wait=self._wait)
        later = [each for each in missing if each.id not in settled.seen_after]
        return settled.found, later if len(later) < len(missing) else []

    def _same(self, wanted: WebhookDefinition) -> bool:
        """Whether sending would change nothing. With credentials this is known only of what this process sent just
        now."""
        found = self._before.get(wanted.id)
        if found is None:
            return False
        if wanted.authorization.kind is AuthorizationKind.NONE and not differing(wanted, found):
            return True
        return self._sent_before(wanted)

    def _sent_before(self, wanted: WebhookDefinition) -> bool:
        found = self._before.get(wanted.id)
        return found is not None and self._earlier.has(wanted) and self._arrived(wanted, self._before, before=None)

    def _arrived(self, wanted: WebhookDefinition, found: Definitions, *, before: WebhookDefinition | None) -> bool:
        """Whether a list shows everything of a webhook that this kernel may be expected to show."""
        now = found.get(wanted.id)
        return now is not None and not applicable(differing(wanted, now), wanted, before, self._defects)

    def outcomes(self) -> list[Outcome]:
        """Send everything, and return the outcome of each webhook.

        :raises ChronicleError: nothing was sent, or the outcome of a single webhook is not known.
        """
        try:
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

    def _send(self, part: Sequence[WebhookDefinition]) -> None:
        now = time.monotonic()
        self._started.update((each.id, now) for each in part)
        self._kernel.add_webhooks(self._event_store, part)

    def _late(self, part: Sequence[WebhookDefinition]) -> Collection[WebhookDefinition]:
        """The webhooks of a part without an answer that the list shows, after a wait."""
        provable = [each for each in part if not self._unprovable(each)]
        if not provable:
            return []
        settled = self._until(provable)
        return [each for each in provable if each.id in settled.seen_after]

    def _unprovable(self, wanted: WebhookDefinition) -> bool:
        """Whether the list already looked as wanted before sending, so that reading it back proves nothing."""
        return self._arrived(wanted, self._before, before=self._before.get(wanted.id))

    def _shows(self, wanted: WebhookDefinition, found: Definitions) -> bool:
        return not self._unprovable(wanted) and self._arrived(wanted, found, before=self._before.get(wanted.id))

    def _look(self) -> None:
        """Note what is seen between two parts, and say how far the list has come."""
        found, now = _read(self._kernel, self._event_store), time.monotonic()
        sent = [*self._course.answered, *self._course.late]
        for each in sent:
            if each.id not in self._seen and self._arrived(each, found, before=self._before.get(each.id)):
                self._seen[each.id] = now - self._started[each.id]
        total = len(sent) + len(self._course.unsent)
        self._progress.tell(
            f"Registering webhooks in event store {self._event_store!r}: {len(sent):,} of {total:,} sent, "
            f"{len(self._seen):,} seen.",
            done=len(sent),
        )

    def _until(self, awaited: Sequence[WebhookDefinition]) -> Settled:
        return until_registered(
            lambda: _read(self._kernel, self._event_store),
            awaited,
            self._before,
            wait=self._wait,
            defects=self._defects,
        )

    def _settled(self) -> list[Outcome]:
        """The outcomes, after a wait for everything that the kernel accepted.

        :raises ChronicleError: no outcome is known.
        """
        course, fault = self._course, self._course.fault
        begun = time.monotonic()
        awaited = [*course.answered, *course.late, *self._not_failing(course.failed)]
        if course.error is not None and fault is None and not course.begun and self._alone(course.error):
            raise course.error from None
        unread: ChronicleError | None = None
        try:
            settled = self._until(awaited)
        except UNKNOWN_OUTCOME as error:
            if fault is not None:
                raise fault from None
            if not course.begun:
                raise
            settled, unread = Settled(self._before, {}, 0.0), error
        except KernelError:
            if fault is not None:
                raise fault from None
            raise
        unmade = fault is not None and not course.begun and len(awaited) == len(course.failed)
        if fault is not None and unmade and nothing_changed(self._before, settled.found):
            raise as_unchanged(fault)
        return self._told_all(settled, begun, unread)

    def _told_all(self, settled: Settled, begun: float, unread: ChronicleError | None = None) -> list[Outcome]:
        self._places = self._course.places(lambda each: each.id)
        return [self._told(each, settled, begun, unread=unread) for each in self._definitions]

    def _alone(self, error: ChronicleError) -> bool:
        """Whether the error tells more than outcomes would: nothing of the list is seen."""
        return len(self._definitions) == 1 or not isinstance(error, DeadlineExceededError)

    def _not_failing(self, failed: Sequence[WebhookDefinition]) -> list[WebhookDefinition]:
        """The webhooks that a kernel with these bugs can change at all: it makes no sense to wait for the others."""
        return [each for each in failed if not kind_change_fails(each, self._before.get(each.id), self._defects)]

    def _told(
        self, wanted: WebhookDefinition, settled: Settled, begun: float, *, unread: ChronicleError | None = None
    ) -> Outcome:
        """The outcome of one webhook."""
        course, remarks_ = self._course, self._notes[wanted.id]
        place = self._places.get(wanted.id)
        reason = "" if course.error is None else course.error.message
        if place is None:
            return self._unchanged(wanted, (*remarks_, SENT_BEFORE) if self._sent_before(wanted) else remarks_)
        if place is course.unsent:
            return self._plain(wanted, remarks_, unsent=reason or INTERRUPTED)
        if place is course.unanswered or place is course.earlier:
            return self._plain(wanted, remarks_, unanswered=reason or UNDER_WAY)
        if place is course.failed and course.fault is not None:
            return self._failed(wanted, settled, course.fault)
        if unread is not None:
            return replace(self._plain(wanted, remarks_), accepted=True, changed=True, unread=unread.message)
        late = (recovered(course.lost),) if place is course.late else ()
        told = self._outcome(wanted, settled, remarks_ + late)
        # Counted from the moment of sending: the call itself can take most of the time.
        waited = self._seen.get(wanted.id, begun - self._started[wanted.id] + told.waited)
        return replace(told, waited=waited)

    def _failed(self, wanted: WebhookDefinition, settled: Settled, fault: KernelFaultError) -> Outcome:
        """The outcome of a webhook of the part on which the kernel failed."""
        done = took_effect(wanted, self._before.get(wanted.id), settled.found.get(wanted.id))
        notes = (*self._notes[wanted.id], fault_note(fault, done=done))
        told = self._outcome(wanted, settled, notes)
        return told if done else replace(told, accepted=False, changed=False, notes=notes)

    def _plain(
        self, wanted: WebhookDefinition, notes: tuple[str, ...], *, unsent: str = "", unanswered: str = ""
    ) -> Outcome:
        """The outcome of a webhook that was not read back."""
        return Outcome(
            webhook=wanted.id,
            action=self._action(wanted),
            accepted=False,
            visible=False,
            waited=0.0,
            origin=self._kernel.origin(self._event_store),
            changed=False,
            notes=notes,
            unsent=unsent,
            unanswered=unanswered,
        )

    def _unchanged(self, wanted: WebhookDefinition, notes: tuple[str, ...]) -> Outcome:
        return replace(self._plain(wanted, notes), action=Action.UNCHANGED, accepted=True, visible=True, changed=True)

    def _action(self, wanted: WebhookDefinition) -> Action:
        return Action.UPDATED if wanted.id in self._before else Action.CREATED

    def _outcome(self, wanted: WebhookDefinition, settled: Settled, notes: tuple[str, ...]) -> Outcome:
        earlier, found = self._before.get(wanted.id), settled.found.get(wanted.id)
        defects = self._defects
        reasons = defects if self._kernel.version_tells else None
        if earlier is not None and wanted.authorization.kind is not AuthorizationKind.NONE:
            notes += (RESENT,)
        if found is not None and not wanted.active and not found.active:
            notes += (INACTIVE,)
        left = () if found is None else left_behind(wanted, found, earlier, reasons)
        notes += self._beforehand.get(wanted.id, ())
        if earlier is not None and found is not None:
            notes += self._old_target(old_target_notes(differing(earlier, found), earlier, defects), earlier)
        return Outcome(
            webhook=wanted.id,
            action=self._action(wanted),
            accepted=True,
            visible=found is not None,
            waited=settled.seen_after.get(wanted.id, settled.waited),
            origin=self._kernel.origin(self._event_store),
            ineffective=left,
            changed=earlier is None or found is None or bool(differing(found, earlier)),
            notes=notes + remarks(wanted, defects, left=[each.field for each in left]),
        )

    def _old_target(self, notes: tuple[str, ...], earlier: WebhookDefinition) -> tuple[str, ...]:
        """The notes about the old target, with the event sources that stay with it. A long list does not name them."""
        if not notes or len(self._definitions) > ONE_BY_ONE:
            return notes
        return notes + in_use_notes(self._kernel, self._event_store, earlier)

    def _interrupt(self, interruption: KeyboardInterrupt) -> None:
        """Say in an interruption what was done, with the outcome of each webhook."""
        course = self._course
        if len(self._definitions) == 1:
            if course.begun:
                interruption.add_note(ACCEPTED)
            return
        if not (course.begun or course.under_way):
            return
        settled = Settled(self._before, {}, 0.0)
        with suppress(KernelError, KeyboardInterrupt):
            settled = replace(settled, found=_read(self._kernel, self._event_store))
            course.came({each for each in course.under_way if self._shows(each, settled.found)})
        told = self._told_all(settled, time.monotonic())
        vars(interruption)["outcomes"] = Outcomes(told, caption=f"{len(told):,} webhooks")
        interruption.add_note(counted(told, verb="registered") + REST)

    def _remember(self) -> None:
        course = self._course
        where = (self._kernel.server, self._event_store)
        if course.unanswered and len(self._definitions) == 1 and isinstance(course.error, KernelUnreachableError):
            return  # it was waited for already
        if course.unsent or course.under_way:
            sent = [*course.answered, *course.late, *course.under_way]
            _interrupted.note(*where, sent=sent, under_way=[each.id for each in course.under_way])
        elif self._earlier.sent and course.error is None:
            _interrupted.forget(*where, [each.id for each in self._definitions])


REST = (
    " The kernel goes on with what is under way. The same call again waits for that and sends the rest. "
    "The outcome of each webhook is in sys.last_value.outcomes."
)
INTERRUPTED = "The call was interrupted before."
UNDER_WAY = "The call was interrupted while the kernel worked on it."


def _read(kernel: KernelGateway, event_store: str) -> Definitions:
    return {definition.id: definition for definition in kernel.webhooks(event_store)}
