"""Webhooks as a DataFrame. Only this module knows the columns and their types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chronicle_notebook.base._text import readable
from chronicle_notebook.base._url import shown_each
from chronicle_notebook.model import EventType, WebhookColumns, WebhookDefinition
from chronicle_notebook.model._authorization import kind_numbers

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def frame(columns: WebhookColumns, *, tidy: bool = False) -> pd.DataFrame:
    """A frame whose index is ``id``.

    Columns: ``url`` (text, with dots for a user name, a password and the values of a query), ``event_types`` (list of
    texts: ``Id``, or ``Id+generation`` if the generation is not 1), ``authorization`` (category: none, basic, bearer,
    oauth; missing for an unknown kind), ``headers`` (list of names, never values), ``event_sequence`` (text),
    ``active`` and ``replayable`` (bool). A frame without webhooks has the same columns.

    With ``tidy`` there is one row for each pair of a webhook and an event type: ``event_type`` (text) and
    ``generation`` (whole number) replace ``event_types``. A webhook without event types has one row, in which both are
    missing.
    """
    import numpy as np
    import pandas as pd

    # As wide as the number on the wire, which can have any value.
    codes = np.asarray(columns.authorization, dtype=np.int32)
    numbers = kind_numbers()
    positions = np.full(max(numbers.values()) + 2, -1)
    positions[list(numbers.values())] = range(len(numbers))
    inside = np.where((codes >= 0) & (codes < len(positions)), codes, -1)
    result = pd.DataFrame(
        {
            "url": pd.array(_fit(shown_each(columns.url)), dtype="str"),
            "event_types": _lists(columns.event_types),
            # A number that this version does not know becomes a missing value, not a wrong kind.
            "authorization": pd.Categorical.from_codes(positions[inside], categories=pd.Index([*numbers])),
            "headers": _lists(columns.headers),
            "event_sequence": pd.array(_fit(columns.event_sequence), dtype="str"),
            "active": np.asarray(columns.active, dtype=bool),
            "replayable": np.asarray(columns.replayable, dtype=bool),
        },
        index=pd.Index(_fit(columns.id), dtype="str", name="id"),
        copy=False,
    )
    return _tidy(result) if tidy else result


def columns_of(definitions: Sequence[WebhookDefinition]) -> WebhookColumns:
    """The columns of given definitions."""
    numbers = kind_numbers()
    return WebhookColumns(
        id=[each.id for each in definitions],
        url=[each.target_url for each in definitions],
        event_types=[[readable(str(kind)) for kind in each.event_types] for each in definitions],
        authorization=[numbers.get(each.authorization.kind, -1) for each in definitions],
        headers=[sorted(map(readable, each.headers)) for each in definitions],
        event_sequence=[each.event_sequence_id for each in definitions],
        active=[each.active for each in definitions],
        replayable=[each.replayable for each in definitions],
    )


def _fit(texts: list[str]) -> list[str]:
    """Texts of other clients, without the characters that a terminal would obey; the same list if there are none."""
    import numpy as np

    together = " ".join(texts)
    if together.isascii():
        # The quickest check of all texts at once: control characters are below the space, and 127 is one too.
        codes = np.frombuffer(together.encode(), dtype=np.uint8)
        if not codes.size or (codes.min() >= 32 and codes.max() < 127):
            return texts
    return list(map(readable, texts))


def _lists(values: Sequence[list[str]] | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A column whose cells are lists. pandas would read lists of equal length as a matrix."""
    import numpy as np

    return values if isinstance(values, np.ndarray) else np.fromiter(values, dtype=object, count=len(values))


def _tidy(wide: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    texts: list[str | None] = []
    positions: list[int] = []
    for position, kinds in enumerate(wide["event_types"]):
        texts += kinds or [None]
        positions += [position] * max(1, len(kinds))
    parsed = {text: EventType.parse(text) for text in texts if text is not None}
    ids = [None if text is None else parsed[text].id for text in texts]
    generations = [None if text is None else parsed[text].generation for text in texts]
    result = wide.drop(columns="event_types").take(positions)
    result.insert(1, "event_type", pd.Series(ids, index=result.index, dtype="str"))
    result.insert(2, "generation", pd.Series(generations, index=result.index, dtype="Int64"))
    return result
