"""What shows itself as a table or a card. Tables and cards themselves are loaded when the first one is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chronicle_notebook.display._table_and_card import Card, Table


class Displayed:
    """A value that shows itself as a table or a card, as text and as HTML."""

    __slots__ = ()

    def _display(self) -> Table | Card:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self._display().text()

    def _repr_html_(self) -> str:
        return self._display().html()
