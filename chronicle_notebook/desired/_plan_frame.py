"""A plan as a frame, and the rows that every form of a plan shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronicle_notebook.base._text import one_line
from chronicle_notebook.desired._planned import PlannedField, PlannedWebhook, StateAction
from chronicle_notebook.display._frame import under

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("id", "action", "field", "registered", "wanted", "effect")
ALL = "all"
"""The field of a row that is about a whole webhook."""
_LONGEST = 120
"""The longest value in a row that is shown, in characters."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One row: a field that differs, or a whole webhook."""

    sign: str
    """The sign of the action; empty below the first row of a webhook."""
    id: str
    action: str
    field: str
    registered: str
    wanted: str
    effect: str
    reason: str = ""


def rows(item: PlannedWebhook) -> Iterator[PlanRow]:
    """The rows of one webhook. A whole webhook shows its URL."""
    before = "" if item.registered is None else item.url
    after = "" if item.wanted is None else item.url
    sign = item.action.sign
    if item.action in {StateAction.CREATE, StateAction.REMOVE, StateAction.KEPT} or not item.fields:
        effect = item.note or item.action.value
        yield PlanRow(sign, item.id, item.action.value, ALL, before, after, effect)
        sign = ""
    for each in item.fields:
        old, new = (one_line(_bare(each.field, text), most=_LONGEST) for text in (each.registered, _told(each)))
        yield PlanRow(sign, item.id, item.action.value, each.field, old, new, each.effect.value, each.reason)
        sign = ""


def _bare(field: str, text: str) -> str:
    """A value without the quotation marks that a sentence needs."""
    return text[1:-1] if field in {"target_url", "event_sequence_id"} and text[:1] == text[-1:] == "'" else text


def _told(field: PlannedField) -> str:
    """The wanted value; of event types what is added and what is taken away."""
    if field.field != "event_types" or not field.registered:
        return field.wanted
    before, after = field.registered.split(", "), field.wanted.split(", ")
    added = [f"+{each}" for each in after if each not in before]
    gone = [f"-{each}" for each in before if each not in after]
    return " ".join([*added, *gone]) or field.wanted


def frame(items: Iterable[PlannedWebhook], *, banner: str) -> pd.DataFrame:
    """The frame, with the same columns also if there is no webhook."""
    import pandas as pd

    found = []
    for item in items:
        fields = {each.field: each for each in item.fields}
        for row in rows(item):
            whole = fields.get(row.field)
            values = (row.registered, row.wanted) if whole is None else (whole.registered, whole.wanted)
            effect = f"{row.effect}: {row.reason}" if row.reason else row.effect
            found.append((row.id, row.action, row.field, *values, effect))
    return under(pd.DataFrame(found, columns=list(COLUMNS), dtype="str"), banner)
