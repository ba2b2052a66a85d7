"""A plan as a frame: a row for each field that differs, and one for each other webhook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from chronicle_notebook.desired._planned import PlannedWebhook, StateAction
from chronicle_notebook.display._frame import under

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("id", "action", "field", "registered", "wanted", "effect")
ALL = "all"
"""The field of a row that is about a whole webhook."""


def rows(item: PlannedWebhook) -> Iterator[tuple[str, str, str, str, str, str]]:
    """The rows of one webhook. A whole webhook shows its URL."""
    before = "" if item.registered is None else item.url
    after = "" if item.wanted is None else item.url
    if item.action in {StateAction.CREATE, StateAction.REMOVE, StateAction.KEPT} or not item.fields:
        yield item.id, item.action.value, ALL, before, after, item.note or _DONE[item.action]
    for each in item.fields:
        effect = f"{each.effect.value}: {each.reason}" if each.reason else each.effect.value
        yield item.id, item.action.value, each.field, each.registered, each.wanted, effect


_DONE = {
    StateAction.CREATE: "created",
    StateAction.REMOVE: "removed",
    StateAction.KEPT: "kept",
    StateAction.UNCHANGED: "unchanged",
    StateAction.UPDATE: "updated",
    StateAction.REPLACE: "replaced",
    StateAction.IGNORED: "ignored",
    StateAction.NOT_TAKEN: "not taken",
}


def frame(items: Iterable[PlannedWebhook], *, banner: str) -> pd.DataFrame:
    """The frame, with the same columns also if there is no webhook."""
    import pandas as pd

    found = [row for item in items for row in rows(item)]
    return under(pd.DataFrame(found, columns=list(COLUMNS), dtype="str"), banner)
