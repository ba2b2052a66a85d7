"""A list of values that shows itself as a table. The listing calls of a client return it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import readable
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._frame import under
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.display._table_and_card import SHOWN, Table, clock

if TYPE_CHECKING:
    import pandas as pd

Item = TypeVar("Item")

LONGEST_CELL = 500
"""The longest text of a cell in a table, in characters."""
LARGEST = 2**63 - 1
"""The largest number in a column of a frame. Kernels count up to twice this number, and use the last numbers as
marks."""
CUT = "Long cells are cut: to_frame() has the whole values."


@dataclass(frozen=True)  # without slots: with them Python 3.11 cannot call Column[...](...)
class Column(Generic[Item]):
    """One column: its name in a frame, its title, its value, and its dtype in a frame."""

    name: str
    title: str
    value: Callable[[Item], Any]
    dtype: str = "str"
    shown: bool = True
    """Whether the table has this column too. The frame always has it."""
    text: Callable[[Item], str] | None = None
    """The text in the table, if it is not the whole value."""

    def cell(self, item: Item) -> str:
        """The value of an item as text."""
        if self.text is not None:
            return self.text(item)
        value = self.value(item)
        if value is None:
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, datetime):
            return clock(value)
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False, default=str)
        return f"{value:,}" if isinstance(value, int) else str(value)


class _Kept:
    """The results of a function for some items. It replaces the function, because the function may not be picklable."""

    def __init__(self, items: Sequence[Any], values: Sequence[Any]) -> None:
        self._items = items  # while the items live, no other object has their ids
        self._values = {id(item): value for item, value in zip(items, values, strict=True)}

    def __call__(self, item: Any) -> Any:
        return self._values[id(item)]


@public
class Listing(Displayed, Sequence[Item]):
    """An immutable sequence with a caption, a stamp, a text form, an HTML form and a frame."""

    def __init__(
        self,
        items: Sequence[Item],
        columns: Sequence[Column[Item]],
        *,
        caption: str,
        empty: str,
        origin: Origin | None = None,
        foot: str = "",
        total: int | None = None,
    ) -> None:
        self._items = tuple(items)
        self._total = len(self._items) if total is None else total
        self._columns = tuple(columns)
        self._caption, self._empty, self._origin = caption, empty, origin
        self._foot = foot or (origin.stamp if origin is not None else "")
        self._banner = origin.banner if origin is not None else ""

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    @overload
    def __getitem__(self, key: int) -> Item: ...

    @overload
    def __getitem__(self, key: slice) -> Listing[Item]: ...

    def __getitem__(self, key: int | slice) -> Item | Listing[Item]:
        if isinstance(key, slice):
            return self._of(self._items[key])
        return self._items[key]

    def __eq__(self, other: object) -> bool:
        """Whether the items are equal to those of another listing, list or tuple."""
        if isinstance(other, Listing):
            return self._items == other._items
        return self._items == tuple(other) if isinstance(other, list | tuple) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def _of(self, items: Sequence[Item]) -> Listing[Item]:
        return Listing(
            items,
            self._columns,
            caption=self._caption,
            empty=self._empty,
            origin=self._origin,
            foot=self._foot,
            total=self._total,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        columns = [
            (
                Column(each.name, each.title, str, each.dtype, each.shown),
                [each.value(item) for item in self._items],
                None if each.text is None else [each.text(item) for item in self._items],
            )
            for each in self._columns
        ]
        words = {"caption": self._caption, "empty": self._empty, "origin": self._origin, "foot": self._foot}
        return (_restored, (self._items, columns, words | {"total": self._total}))

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame whose index is the first column. An empty list has the same columns and dtypes."""
        import pandas as pd

        data = {
            column.name: pd.Series([_fitting(column, item) for item in self._items], dtype=column.dtype)
            for column in self._columns
        }
        return under(pd.DataFrame(data).set_index(self._columns[0].name), self._banner)

    def _display(self) -> Table:
        columns = [column for column in self._columns if column.shown]
        whole = [[column.cell(item) for column in columns] for item in self._items]
        rows = [[_cut(cell) for cell in row] for row in whole]
        part = "" if len(self._items) == self._total else f"{len(self._items):,} of {self._total:,}: "
        return Table(
            caption=part + self._caption,
            titles=[column.title for column in columns],
            rows=rows,
            foot=self._foot if rows[:SHOWN] == whole[:SHOWN] else f"{CUT} {self._foot}".strip(),
            empty=self._empty,
            banner=self._banner,
            numbers=frozenset(i for i, column in enumerate(columns) if column.dtype in {"Int64", "float64"}),
        )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def _fitting(column: Column[Item], item: Item) -> Any:
    value = column.value(item)
    if isinstance(value, str):
        return readable(value)
    return None if column.dtype == "Int64" and isinstance(value, int) and value > LARGEST else value


def _restored(
    items: Sequence[Any], columns: Sequence[tuple[Column[Any], list[Any], list[str] | None]], words: dict[str, Any]
) -> Listing[Any]:
    """A listing from its pickled parts."""
    kept = [
        replace(column, value=_Kept(items, values), text=None if texts is None else _Kept(items, texts))
        for column, values, texts in columns
    ]
    return Listing(items, kept, **words)


def counted(number: int, noun: str) -> str:
    """``1 event type``, ``2 event types``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
