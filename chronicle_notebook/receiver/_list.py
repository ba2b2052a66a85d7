"""Deliveries as a sequence, a table and a frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import count, readable
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._table_and_card import SHOWN, Table
from chronicle_notebook.receiver._delivery import Delivery

if TYPE_CHECKING:
    import pandas as pd

_TITLES = ("#", "Received (UTC)", "Request", "Partition", "Holds", "Answered", "ms")
_NUMBERS = frozenset({0, 6})


@public
@dataclass(frozen=True, slots=True, repr=False)
class DeliveryList(Displayed, Sequence[Delivery]):
    """Deliveries in the order of arrival. The list does not grow: ask the receiver again for the latest deliveries."""

    _items: tuple[Delivery, ...] = ()
    dropped: int = 0
    """How many older deliveries the receiver had already dropped when this list was made."""

    @classmethod
    def of(cls, items: Iterable[Delivery], *, dropped: int = 0) -> DeliveryList:
        """A list of deliveries in the order of arrival."""
        return cls(tuple(sorted(items, key=lambda delivery: delivery.number)), dropped)

    @overload
    def __getitem__(self, index: int) -> Delivery: ...
    @overload
    def __getitem__(self, index: slice) -> DeliveryList: ...
    def __getitem__(self, index: int | slice) -> Delivery | DeliveryList:
        return DeliveryList(self._items[index]) if isinstance(index, slice) else self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all deliveries, in order."""
        return [event for delivery in self._items for event in delivery.events]

    def to_frame(self) -> pd.DataFrame:
        """A frame with one row for each delivery; the index is the number. An empty list has the same columns and
        types."""
        import pandas as pd

        items = self._items
        index = pd.Index([d.number for d in items], dtype="int64", name="number")

        def column(values: list[Any], dtype: str) -> pd.Series[Any]:
            return pd.Series(values, index=index, dtype=dtype)

        return pd.DataFrame(
            {
                "received": column([d.received for d in items], "datetime64[us, UTC]"),
                "path": column([readable(d.path) for d in items], "str"),
                "partition": column([None if d.partition is None else readable(d.partition) for d in items], "str"),
                "events": column([len(d.events) for d in items], "int64"),
                "sequence_numbers": column([d.sequence_numbers for d in items], "object"),
                "event_types": column([tuple(map(readable, d.event_types)) for d in items], "object"),
                "status": column([d.status for d in items], "Int64"),
                "duration_ms": column([d.duration_ms for d in items], "float64"),
                "method": column([readable(d.method) for d in items], "str"),
            },
            index=index,
        )

    def _display(self) -> Table:
        shown = self._items[-SHOWN:]
        caption = count(len(self), "delivery", "deliveries")
        if len(shown) < len(self):
            caption = f"The last {len(shown)} of {caption}"
        return Table(
            caption=caption,
            titles=_TITLES,
            rows=[_row(delivery) for delivery in shown],
            foot=f"{count(self.dropped, 'older one was', 'older ones were')} dropped." if self.dropped else "",
            empty="No delivery yet.",
            numbers=_NUMBERS,
        )


def _row(delivery: Delivery) -> list[str]:
    cells = (
        str(delivery.number),
        f"{delivery.received:%Y-%m-%d %H:%M:%S}.{delivery.received.microsecond // 1000:03d}",
        f"{delivery.method} {delivery.path}",
        "" if delivery.partition is None else delivery.partition,
        delivery.summary,
        delivery.answer,
        f"{delivery.duration_ms:.1f}",
    )
    return [readable(cell) for cell in cells]
