"""A plan as text and as static HTML: counts, a line for each webhook that differs, and what else to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chronicle_notebook.base._text import count
from chronicle_notebook.desired._plan_frame import rows
from chronicle_notebook.desired._planned import FieldEffect, PlannedAction, PlannedWebhook
from chronicle_notebook.display._origin import Originated
from chronicle_notebook.display._table_and_card import Card, Table, Tone

if TYPE_CHECKING:
    from chronicle_notebook.desired._plan import StatePlan

_COUNTED = (
    (PlannedAction.CREATE, "to create"),
    (PlannedAction.UPDATE, "to update"),
    (PlannedAction.REPLACE, "to replace"),
    (PlannedAction.IGNORED, "ignored by this kernel"),
    (PlannedAction.NOT_TAKEN, "not taken by this kernel"),
    (PlannedAction.REMOVE, "to remove"),
    (PlannedAction.KEPT, "not in the file"),
    (PlannedAction.UNCHANGED, "unchanged"),
)


class StatePlanDisplay(Originated):
    """How a plan shows itself."""

    def summary(self: StatePlan) -> str:  # type: ignore[misc]
        """The counts, in one sentence."""
        told = [f"{action.sign} {len(found):,} {what}" for action, what in _COUNTED if (found := self.of(action))]
        return f"{', '.join(told) or 'Nothing is wanted and nothing is registered'}. Nothing was sent."

    def _parts(self: StatePlan) -> Iterator[Card | Table]:  # type: ignore[misc]
        yield Card(
            heading=f"Plan: {self.summary()}",
            facts=list(_facts(self)),
            notes=list(_notes(self)),
            tone=Tone.WARNING if self.differs() else Tone.GOOD,
            banner=self.origin.banner,
        )
        shown = [each for each in self if each.action is not PlannedAction.UNCHANGED]
        if shown:
            yield Table(
                caption="Webhooks",
                titles=("", "Id", "Field", "Registered", "Wanted", "Effect"),
                rows=list(_lines(shown)),
            )

    def __repr__(self: StatePlan) -> str:  # type: ignore[misc]
        return "\n\n".join(part.text() for part in self._parts())

    def _repr_html_(self: StatePlan) -> str:  # type: ignore[misc]
        return "".join(part.html() for part in self._parts())


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


def _facts(plan: StatePlan) -> Iterator[tuple[str, str]]:
    source = str(plan.path or "this process")
    yield "file", f"{source}, profile {plan.profile}" if plan.profile else source
    yield "event store", f"{plan.event_store} on {plan.server}"
    if plan.owned_by is not None:
        yield "owned", str(plan.owned_by)


def _notes(plan: StatePlan) -> Iterator[str]:
    secret = [each for each in plan.not_compared if any(f.effect is FieldEffect.NOT_COMPARED for f in each.fields)]
    if secret:
        yield f"Secrets of {count(len(secret), 'webhook')} cannot be compared. resend_secrets=True sends them."
    if plan.of(PlannedAction.IGNORED):
        yield "This kernel ignores some changes. replace=True removes these webhooks and registers them again."
    if plan.untaken:
        yield f"A kernel like this one does not keep everything of {count(len(plan.untaken), 'webhook')}."
    yield from plan.remarks
