"""A list of values that shows as a table: what the listing calls of a client return."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from chronicle_notebook._display import Table, clock
from chronicle_notebook._frames import under

if TYPE_CHECKING:
    import pandas as pd

Item = TypeVar("Item")


@dataclass(frozen=True)  # no slots: with them Python 3.11 cannot call Column[...](...)
class Column(Generic[Item]):
    """One column: its name in a frame, its title, its value, and the dtype of the frame's column."""

    name: str
    title: str
    value: Callable[[Item], Any]
    dtype: str = "str"

    def cell(self, item: Item) -> str:
        """The value as a text."""
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


class Listing(Sequence[Item]):
    """An immutable sequence with a caption, a stamp, a text form, an HTML form and a frame."""

    def __init__(
        self,
        items: Sequence[Item],
        columns: Sequence[Column[Item]],
        *,
        caption: str,
        empty: str,
        foot: str,
        banner: str = "",
    ) -> None:
        self._items = tuple(items)
        self._columns = tuple(columns)
        self._caption, self._empty, self._foot, self._banner = caption, empty, foot, banner

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
            return self._of(self._items[key], self._banner)
        return self._items[key]

    def __eq__(self, other: object) -> bool:
        """Whether the items are those of another listing, list or tuple."""
        if isinstance(other, Listing):
            return self._items == other._items
        return self._items == tuple(other) if isinstance(other, list | tuple) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def under(self, banner: str) -> Listing[Item]:
        """The same list under a banner."""
        return self._of(self._items, banner)

    def _of(self, items: Sequence[Item], banner: str) -> Listing[Item]:
        return Listing(items, self._columns, caption=self._caption, empty=self._empty, foot=self._foot, banner=banner)

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame indexed by the first column; columns and dtypes are the same when it is empty."""
        import pandas as pd

        data = {
            column.name: pd.Series([column.value(item) for item in self._items], dtype=column.dtype)
            for column in self._columns
        }
        return under(pd.DataFrame(data).set_index(self._columns[0].name), self._banner)

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()

    def _table(self) -> Table:
        numbers = {"Int64", "UInt64", "float64"}
        return Table(
            caption=self._caption,
            titles=[column.title for column in self._columns],
            rows=[[column.cell(item) for column in self._columns] for item in self._items],
            foot=self._foot,
            empty=self._empty,
            banner=self._banner,
            numbers=frozenset(i for i, column in enumerate(self._columns) if column.dtype in numbers),
        )
