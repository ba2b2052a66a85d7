"""Carrying a plan out: checked, in parts, and read back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from chronicle_notebook.base._arguments import check_flag, check_names, check_seconds
from chronicle_notebook.base._errors import PlanRefusedError, ProtectedError
from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import count
from chronicle_notebook.desired._before import before_path, write_before
from chronicle_notebook.desired._plan_content import PlanContent
from chronicle_notebook.desired._planned import PlannedWebhook, StateAction
from chronicle_notebook.desired._store import StateClient
from chronicle_notebook.events._declared_event_type import event_type_of
from chronicle_notebook.registration._outcome import Outcome, Outcomes

PART = 50
"""The largest number of webhooks of one call. A kernel takes some 0.13 s for each, one after the other (seen on
16.37.1), so a call takes some 7 s, and the default deadline is 30 s."""
MOST_REMOVED = 5
"""At most one of so many owned webhooks is removed without consent."""


@public
class Applied(Outcomes):
    """The result of a plan: an outcome for each webhook that was sent. True if each of them is true."""

    def __init__(self, outcomes: Sequence[Outcome], *, caption: str, before: Path | None, seconds: float) -> None:
        super().__init__(outcomes, caption=caption)
        self.before = before
        """The file with the state of before; None if nothing had to be sent. Applying it goes back."""
        self.seconds = seconds
        """How long it took."""


def applied(
    plan: PlanContent,
    *,
    confirm: str | None,
    allow_removals: bool,
    before: str | Path | None,
    wait: float,
    on_progress: Callable[[int, int], None] | None,
) -> Applied:
    """Carry the plan out."""
    check_names(confirm=confirm)
    check_flag(allow_removals, field="allow_removals")
    check_seconds(wait, field="wait")
    started = time.monotonic()
    client = plan.client
    changes = plan.changes
    _check_removals(plan, allowed=allow_removals)
    _check_same(plan, client)
    where = f"event store {client.event_store!r} on {client.server}"
    if not changes:
        return Applied([], caption=f"Nothing had to be sent to {where}", before=None, seconds=0.0)
    _check_confirmed(client, confirm)
    kept = write_before(plan, before_path(plan.wanted.path, datetime.now(UTC)) if before is None else Path(before))
    outcomes: list[Outcome] = []
    if plan.wanted.event_type_classes:
        known = {each.id for each in client.event_types()}
        _register_types(client, plan.wanted.event_type_classes, known)
    done = 0
    try:
        for part in _parts(changes):
            outcomes += _send(client, part, wait)
            done += len(part)
            if on_progress is not None:
                on_progress(done, len(changes))
    except BaseException as error:
        error.add_note(
            f"{done:,} of {count(len(changes), 'webhook')} are done. Plan and apply again for the rest. What was "
            f"registered before is in {kept}."
        )
        raise
    seconds = time.monotonic() - started
    return Applied(outcomes, caption=f"{count(len(outcomes), 'webhook')} in {where}", before=kept, seconds=seconds)


def _register_types(client: StateClient, classes: Sequence[type], known: set[str]) -> None:
    new = [each for each in classes if event_type_of(each).id not in known]
    if new:
        client.register_event_types(*new)


def _check_removals(plan: PlanContent, *, allowed: bool) -> None:
    removed = plan.of(StateAction.REMOVE)
    owner = plan.wanted.owned_by
    owned = [each for each in plan.registered if owner is not None and owner.owns(each)]
    if allowed or len(removed) * MOST_REMOVED <= len(owned):
        return
    raise PlanRefusedError(
        f"The plan removes {count(len(removed), 'webhook')} of {len(owned):,} that the file owns, more than a fifth.",
        webhooks=tuple(each.id for each in removed),
        hint="If that is meant, give allow_removals=True.",
    )


def _check_same(plan: PlanContent, client: StateClient) -> None:
    """Refuse if what is registered is not what the plan was made for."""
    then = {each.id: each for each in plan.registered}
    now = {each.id: each for each in client.webhooks.all()}
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
    """What goes into one call each: what is registered in lists, then each replacement, then the removals in lists."""
    registered = [each for each in changes if each.action in {StateAction.CREATE, StateAction.UPDATE}]
    removed = [each for each in changes if each.action is StateAction.REMOVE]
    for start in range(0, len(registered), PART):
        yield registered[start : start + PART]
    for each in changes:
        if each.action is StateAction.REPLACE:
            yield [each]
    for start in range(0, len(removed), PART):
        yield removed[start : start + PART]


def _send(client: StateClient, part: Sequence[PlannedWebhook], wait: float) -> Sequence[Outcome]:
    if part[0].action is StateAction.REMOVE:
        return client.webhooks.remove([each.id for each in part], wait=wait)
    wanted = [each.wanted for each in part if each.wanted is not None]
    if part[0].action is StateAction.REPLACE:
        return [client.webhooks.replace(wanted[0], wait=wait)]
    return client.webhooks.register(wanted, wait=wait)
