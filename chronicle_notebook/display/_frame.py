"""The banner of a protected kernel above the DataFrames that come from it, too.

A DataFrame shows itself, so the banner travels in its ``attrs``, which pandas hands on to what is filtered or taken
from it, and the shell's formatters put it above. They are taught on the first such frame alone: nobody else's frames,
and no other process, see any of this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chronicle_notebook.display._table_and_card import banner_html, banner_text

if TYPE_CHECKING:
    import pandas as pd

BANNER = "chronicle_notebook.banner"
"""The key in ``DataFrame.attrs``."""


def under(frame: pd.DataFrame, banner: str) -> pd.DataFrame:
    """The frame, which shows the banner above itself in IPython and Jupyter; the frame as it is without a banner."""
    if banner:
        frame.attrs[BANNER] = banner
        # What was never imported runs no shell.
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if shell is not None:
            _teach(shell.display_formatter.formatters)
    return frame


class _Html:
    """Shows a frame as whatever was there before does, with its banner above."""

    def __init__(self, before: Callable[[Any], str | None] | None) -> None:
        self._before = before

    def __call__(self, frame: pd.DataFrame) -> str | None:
        # None where pandas is told to show no HTML: then the text is all, and has the banner.
        table = frame._repr_html_() if self._before is None else self._before(frame)  # type: ignore[operator]
        return None if table is None else banner_html(_banner(frame)) + str(table)


class _Text:
    """As above, for terminals and for what reads the text of a notebook."""

    def __init__(self, before: Callable[[Any, Any, bool], None] | None) -> None:
        self._before = before

    def __call__(self, data: pd.DataFrame | pd.Series[Any], printer: Any, cycle: bool) -> None:  # noqa: FBT001 - as a shell calls it
        if banner := _banner(data):
            printer.text(f"{banner_text(banner)}\n")
        if self._before is None:
            printer.text(repr(data))
        else:
            self._before(data, printer, cycle)


def _banner(data: pd.DataFrame | pd.Series[Any]) -> str:
    return str(data.attrs.get(BANNER, ""))


def _teach(formatters: Any) -> None:
    import pandas as pd

    for kind, mime, form in (
        (pd.DataFrame, "text/html", _Html),
        (pd.DataFrame, "text/plain", _Text),
        (pd.Series, "text/plain", _Text),
    ):
        # The shell's own printer is looked up as the default; only what somebody set for frames is kept.
        before = formatters[mime].type_printers.get(kind)
        if not isinstance(before, _Html | _Text):
            formatters[mime].for_type(kind, form(before))
