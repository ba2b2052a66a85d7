"""Carrying a plan out: checked, sent, and read back.

Lists are sent in parts by ``registration``, which also knows what an interrupted call of this process has sent. What a
process that was killed has sent is in a record beside the file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from chronicle_notebook.base._errors import PlanRefusedError, ProtectedError, SecretUnavailableError
from chronicle_notebook.base._text import count
from chronicle_notebook.definition.rules._check import check, check_revealed
from chronicle_notebook.desired._applied import Applied, caption
from chronicle_notebook.desired._event_types import register_types
from chronicle_notebook.desired._export import before_path, write_before
from chronicle_notebook.desired._plan_content import PlanContent
from chronicle_notebook.desired._planned import PlannedWebhook, StateAction
from chronicle_notebook.desired._sending_record import SendingRecord
from chronicle_notebook.desired._store import StateClient
from chronicle_notebook.display._progress import CallProgress, counting
from chronicle_notebook.registration._outcome import Action, Outcome

MOST_REMOVED = 5
"""At most one of so many owned webhooks is removed without consent."""
_ACTIONS = {StateAction.CREATE: Action.CREATED, StateAction.REMOVE: Action.REMOVED}
STOPPED = "a change before it did not come to its end, so the rest was not sent."


@dataclass(frozen=True, slots=True)
class Consent:
    """How a plan may be carried out."""

    confirm: str | None = None
    allow_removals: bool = False
    take_over: bool = False
    before: Path | None = None
    wait: float = 30.0
    on_progress: Callable[[int, int], None] | None = None
    on_change: Callable[[str, Outcome | None], None] | None = None

    def tell(self, webhook: str, outcome: Outcome | None) -> None:
        """Tell who waits for it."""
        if self.on_change is not None:
            self.on_change(webhook, outcome)

    def count(self, before: int, done: int, *, of: int) -> None:
        """Tell how many webhooks are done.

        :param before: those of the parts before.
        :param done: those of this part.
        """
        if self.on_progress is not None:
            self.on_progress(before + done, of)


def applied(plan: PlanContent, consent: Consent) -> Applied:
    """Carry the plan out."""
    started = time.monotonic()
    client, changes = plan.client, plan.changes
    where = f"event store {client.event_store!r} on {client.server}"
    _check_consent(plan, consent)
    _check_same(plan)
    ignored = [each.id for each in plan.of(StateAction.IGNORED)]
    if not changes:
        return Applied([], caption=caption([], where), ignored=ignored)
    _check_sendable(changes)
    _check_confirmed(client, consent.confirm)
    outcomes: list[Outcome] = []
    expected = {each.id: each.action is not StateAction.REMOVE for each in changes}
    with SendingRecord.of(plan.wanted.path, client).writing(expected) as record, CallProgress() as progress:
        kept = write_before(plan, consent.before or before_path(plan.wanted.path, datetime.now(UTC)))
        record.finished = False
        try:
            register_types(client, plan.wanted.event_type_classes)
            for part in _parts(changes):
                if part[0].action is StateAction.REPLACE:
                    progress.tell(f"Replacing {part[0].id!r}: {len(outcomes):,} of {len(changes):,} are done.")
                count_from = partial(consent.count, len(outcomes), of=len(changes))
                with counting(count_from):
                    outcomes += _told(plan, part, consent, count_from)
                consent.count(len(outcomes), 0, of=len(changes))
                if any(each.unsent or each.unanswered or each.unread for each in outcomes):
                    break
        except BaseException as error:
            error.add_note(
                f"{len(outcomes):,} of {count(len(changes), 'webhook')} are done. Plan and apply again for the rest. "
                f"What was registered before is in {kept}."
            )
            raise
        record.finished = not any(each.unanswered or each.unread for each in outcomes)
    outcomes += _unsent(client, changes, {each.webhook for each in outcomes})
    seconds = time.monotonic() - started
    planned = {each.id: each for each in changes}
    return Applied(
        outcomes,
        caption=caption(outcomes, where),
        before=kept,
        seconds=seconds,
        planned=planned,
        ignored=ignored,
    )


def _unsent(client: StateClient, changes: Sequence[PlannedWebhook], done: set[str]) -> list[Outcome]:
    """The outcomes of what was not sent, because a part before it did not come to its end."""
    return [
        Outcome(
            webhook=each.id,
            action=_ACTIONS.get(each.action, Action.UPDATED),
            accepted=False,
            visible=False,
            waited=0.0,
            origin=client.origin,
            changed=False,
            unsent=STOPPED,
        )
        for each in changes
        if each.id not in done
    ]


def _check_sendable(changes: Sequence[PlannedWebhook]) -> None:
    """Look every secret up before anything is sent.

    :raises SecretUnavailableError: some have no value; the message names all.
    """
    missing: list[str] = []
    for each in changes:
        if each.wanted is None:
            continue
        try:
            check(each.wanted)
            check_revealed(each.wanted)
        except SecretUnavailableError as error:
            missing.append(f"{each.id!r}: {error.message}")
    if missing:
        shown = " ".join(missing[:10]) + (f" And {len(missing) - 10} more." if len(missing) > 10 else "")
        raise SecretUnavailableError(
            f"Nothing was sent, because secrets have no value here. {shown}",
            field="authorization",
            hint="Set them where this process starts.",
        )


def _check_consent(plan: PlanContent, consent: Consent) -> None:
    given = {"allow_removals": consent.allow_removals, "take_over": consent.take_over}
    for name, refusal in consents(plan):
        if not given[name]:
            raise refusal


def consents(plan: PlanContent) -> Iterator[tuple[str, PlanRefusedError]]:
    """What needs consent: the name of the parameter that gives it, and the error without it."""
    for name, refusal in (("allow_removals", _many_removals(plan)), ("take_over", _taken_over(plan))):
        if refusal is not None:
            yield name, refusal


def _many_removals(plan: PlanContent) -> PlanRefusedError | None:
    removed = plan.of(StateAction.REMOVE)
    owner = plan.wanted.owned_by
    owned = [each for each in plan.registered if owner is not None and owner.owns(each)]
    if len(removed) * MOST_REMOVED <= len(owned):
        return None
    return PlanRefusedError(
        f"The plan removes {count(len(removed), 'webhook')} of {len(owned):,} that the file owns, more than a fifth.",
        webhooks=tuple(each.id for each in removed),
        hint="If that is meant, give allow_removals=True.",
    )


def _taken_over(plan: PlanContent) -> PlanRefusedError | None:
    taken = plan.taken_over
    if not taken:
        return None
    shown = ", ".join(repr(each.id) for each in taken[:3]) + (" and others" if len(taken) > 3 else "")
    ways = {
        "take what another owner has out of the file": any(each.wanted is not None for each in taken),
        "name under unmanaged what the file must not remove": any(each.wanted is None for each in taken),
    }
    first, *more = [*(way for way, helps in ways.items() if helps), "give take_over=True."]
    return PlanRefusedError(
        f"The plan would change what another owner has: {shown}.",
        webhooks=tuple(each.id for each in taken),
        hint=", or ".join([f"{first[0].upper()}{first[1:]}", *more]),
    )


def _check_same(plan: PlanContent) -> None:
    """Refuse if what is registered is not what the plan was made for."""
    then = {each.id: each for each in plan.registered}
    now = {each.id: each for each in plan.client.webhooks.all()}
    changed = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    if changed:
        shown = ", ".join(map(repr, changed[:3])) + (" and others" if len(changed) > 3 else "")
        raise PlanRefusedError(
            f"What is registered has changed since the plan was made: {shown}.",
            webhooks=tuple(changed),
            hint="Make the plan again.",
        )


def _check_confirmed(client: StateClient, confirm: str | None) -> None:
    if confirm is not None and client.protected:
        client.unlock(confirm)
    if client.locked:
        raise ProtectedError(
            f"Event store {client.event_store!r} on {client.server} is protected, and nobody confirmed it.",
            event_store=client.event_store,
            hint=f'Write apply(confirm="{client.event_store}").',
        )


def _parts(changes: Sequence[PlannedWebhook]) -> Iterator[Sequence[PlannedWebhook]]:
    """What goes into one call each: the list that is registered, each replacement, and the list that is removed."""
    registered = [each for each in changes if each.action in {StateAction.CREATE, StateAction.UPDATE}]
    removed = [each for each in changes if each.action is StateAction.REMOVE]
    if registered:
        yield registered
    for each in changes:
        if each.action is StateAction.REPLACE:
            yield [each]
    if removed:
        yield removed


def _told(
    plan: PlanContent, part: Sequence[PlannedWebhook], consent: Consent, counted: Callable[[int], None]
) -> Sequence[Outcome]:
    """Send a part, and tell who waits for it."""
    for each in part:
        consent.tell(each.id, None)
    counted(0)
    outcomes = _send(plan, part, consent.wait)
    for outcome in outcomes:
        consent.tell(outcome.webhook, outcome)
    return outcomes


def _send(plan: PlanContent, part: Sequence[PlannedWebhook], wait: float) -> Sequence[Outcome]:
    client = plan.client
    if part[0].action is StateAction.REMOVE:
        return client.webhooks.remove([each.id for each in part], wait=wait)
    wanted = [each.wanted for each in part if each.wanted is not None]
    if part[0].action is StateAction.REPLACE:
        return [client.webhooks.replace(wanted[0], wait=wait)]
    return client.webhooks.register(wanted, wait=wait, accept_unknown=plan.options.accept_unknown)
