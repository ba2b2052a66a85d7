"""A plan as text and as static HTML: counts, a line for each webhook that differs, and what else to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chronicle_notebook.base._text import count
from chronicle_notebook.desired._plan_content import PlanContent
from chronicle_notebook.desired._plan_frame import rows
from chronicle_notebook.desired._planned import FieldEffect, PlannedWebhook, StateAction
from chronicle_notebook.display._table_and_card import Card, Table, Tone

_COUNTED = (
    (StateAction.CREATE, "to create"),
    (StateAction.UPDATE, "to update"),
    (StateAction.REPLACE, "to replace"),
    (StateAction.IGNORED, "ignored by this kernel"),
    (StateAction.NOT_TAKEN, "not taken by this kernel"),
    (StateAction.REMOVE, "to remove"),
    (StateAction.KEPT, "not in the file"),
    (StateAction.UNCHANGED, "unchanged"),
)


def summary(plan: PlanContent) -> str:
    """The counts, in one sentence."""
    told = [f"{action.sign} {len(found):,} {what}" for action, what in _COUNTED if (found := plan.of(action))]
    return f"{', '.join(told) or 'Nothing is wanted and nothing is registered'}. Nothing was sent."


def parts(plan: PlanContent) -> Iterator[Card | Table]:
    """The card and the table."""
    yield Card(
        heading=f"Plan: {summary(plan)}",
        facts=list(_facts(plan)),
        notes=list(_notes(plan)),
        tone=Tone.WARNING if plan.differences else Tone.GOOD,
        banner=plan.registered.origin.banner,
    )
    shown = [each for each in plan.items if each.action is not StateAction.UNCHANGED]
    if shown:
        titles = ("", "Id", "Field", "Registered", "Wanted", "Effect")
        yield Table(caption="Webhooks", titles=titles, rows=list(_lines(shown)))


def _lines(items: Sequence[PlannedWebhook]) -> Iterator[tuple[str, ...]]:
    for item in items:
        first = True
        for webhook, _, field, before, after, effect in rows(item):
            yield (
                (item.action.sign, webhook, field, before or "–", after or "–", effect)
                if first
                else (
                    "",
                    "",
                    field,
                    before or "–",
                    after or "–",
                    effect,
                )
            )
            first = False


def _facts(plan: PlanContent) -> Iterator[tuple[str, str]]:
    source = str(plan.wanted.path or "this process")
    yield "file", f"{source}, profile {plan.wanted.profile}" if plan.wanted.profile else source
    yield "event store", f"{plan.client.event_store} on {plan.client.server}"
    if plan.wanted.owned_by is not None:
        yield "owned", str(plan.wanted.owned_by)


def _notes(plan: PlanContent) -> Iterator[str]:
    secret = [each for each in plan.not_compared if any(f.effect is FieldEffect.NOT_COMPARED for f in each.fields)]
    if secret:
        yield f"Secrets of {count(len(secret), 'webhook')} cannot be compared. resend_secrets=True sends them."
    if plan.of(StateAction.IGNORED):
        yield "This kernel ignores some changes. replace=True removes these webhooks and registers them again."
    if plan.untaken:
        yield f"A kernel like this one does not keep everything of {count(len(plan.untaken), 'webhook')}."
    yield from plan.remarks
