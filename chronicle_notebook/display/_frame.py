"""The banner of a protected kernel above the DataFrames that come from it.

A DataFrame shows itself, so the banner is in its ``attrs``. pandas copies them to frames that are filtered or derived
from it. The formatters of the shell show the banner above the frame. They are changed when the first such frame is
made, so other frames and other processes are not affected.
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
    """The frame, which now shows the banner above itself in IPython and Jupyter. Without a banner the frame is
    unchanged."""
    if banner:
        frame.attrs[BANNER] = banner
        # If IPython was never imported, there is no shell.
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if shell is not None:
            _teach(shell.display_formatter.formatters)
    return frame


class _Html:
    """Shows the banner and then the frame, as the previous formatter shows it."""

    def __init__(self, before: Callable[[Any], str | None] | None) -> None:
        self._before = before

    def __call__(self, frame: pd.DataFrame) -> str | None:
        # The result is None if pandas is set to show no HTML. Then only the text is shown, and the text has the banner.
        table = frame._repr_html_() if self._before is None else self._before(frame)  # type: ignore[operator]
        return None if table is None else banner_html(_banner(frame)) + str(table)


class _Text:
    """The same for terminals and for programs that read the text of a notebook."""

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
        # The shell finds its own printer by default. Only a printer that somebody set for frames is kept.
        before = formatters[mime].type_printers.get(kind)
        if not isinstance(before, _Html | _Text):
            formatters[mime].for_type(kind, form(before))
