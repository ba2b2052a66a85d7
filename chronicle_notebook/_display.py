"""Tables and cards as text and as static HTML: escaped, without script, in the colours of JupyterLab's theme.

What is shown here also shows where no script runs: in saved, exported and untrusted notebooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import escape

SHOWN = 60
"""Rows that a table shows at most; more are counted below it."""

_FONT = "font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);"
_TEXT = "color:var(--jp-ui-font-color1,inherit);"
_SOFT = "color:var(--jp-ui-font-color2,inherit);"
_CAPTION = "text-align:left;white-space:nowrap;font-weight:600;padding:0 0 4px"
_GRID = "display:grid;grid-template-columns:max-content minmax(0,1fr);gap:1px 16px;margin:0"
# JupyterLab floats these, which a grid must not.
_PLACED = "float:none;width:auto;"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts under titles."""

    caption: str
    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    foot: str = ""
    """One line below the table, for example where and when it was read."""
    empty: str = "Nothing to show."
    """What stands there when there are no rows."""
    numbers: frozenset[int] = frozenset()
    """Positions of the columns that hold numbers; they are set flush right."""
    banner: str = ""
    """One line above everything, for what must not be overlooked: see :func:`banner_of`."""

    def text(self) -> str:
        """The table as plain text."""
        if not self.rows:
            return "\n".join(part for part in (banner_text(self.banner), self.caption, self.empty, self.foot) if part)
        shown = [list(map(_one_line, row)) for row in self.rows[:SHOWN]]
        widths = [max(map(len, column)) for column in zip(self.titles, *shown, strict=True)]
        lines = [
            "  ".join(
                cell.rjust(width) if position in self.numbers else cell.ljust(width)
                for position, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in (list(self.titles), *shown)
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        parts = (banner_text(self.banner), self.caption, *lines, self._cut(), self.foot)
        return "\n".join(part for part in parts if part)

    def html(self) -> str:
        """The table as HTML with a caption and scoped headers; every text is escaped."""
        head = "".join(
            f'<th scope="col" style="white-space:nowrap;{self._side(position)}">{escape(title)}</th>'
            for position, title in enumerate(self.titles)
        )
        body = "".join(f'<tr style="vertical-align:top">{"".join(self._cells(row))}</tr>' for row in self.rows[:SHOWN])
        if not self.rows:
            body = (
                f'<tr><td colspan="{len(self.titles)}" style="text-align:left;{_SOFT}">{escape(self.empty)}</td></tr>'
            )
        caption = f'<caption style="{_CAPTION}">{escape(self.caption)}</caption>'
        foot = "".join(f'<div style="{_SOFT}">{escape(line)}</div>' for line in (self._cut(), self.foot) if line)
        return (
            f'<div class="chronicle-notebook" style="{_FONT}{_TEXT}overflow-x:auto">{banner_html(self.banner)}'
            f'<table cellpadding="6" style="border-collapse:collapse;{_FONT}{_TEXT}overflow-wrap:break-word">'
            f"{caption}<thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{foot}</div>"
        )

    def _cells(self, row: Sequence[str]) -> Iterable[str]:
        # Short on purpose, as it is there once per cell: padding and lines come from the page's own style for tables.
        for position, cell in enumerate(row):
            if position == 0:
                yield f'<th scope="row" style="white-space:nowrap;{self._side(position)}">{escape(cell)}</th>'
            else:
                yield f'<td style="{self._side(position)}">{escape(cell)}</td>'

    def _side(self, position: int) -> str:
        return "text-align:right" if position in self.numbers else "text-align:left"

    def _cut(self) -> str:
        return f"{SHOWN} of {len(self.rows):,} rows shown." if len(self.rows) > SHOWN else ""


class Tone(StrEnum):
    """What a card's bar says; the heading says it in words or with a sign too, as colour alone says nothing to many."""

    PLAIN = "var(--jp-brand-color1,#1976d2)"
    GOOD = "var(--jp-success-color1,#388e3c)"
    WARNING = "var(--jp-warn-color1,#f57c00)"
    BAD = "var(--jp-error-color1,#d32f2f)"


@dataclass(frozen=True, slots=True)
class Card:
    """A heading over a few named facts."""

    heading: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str] = ()
    tone: Tone = Tone.PLAIN
    banner: str = ""
    """As of a table."""

    def text(self) -> str:
        """The card as plain text."""
        width = max((len(name) for name, _ in self.facts), default=0)
        lines = [f"  {name.ljust(width)}  {value}" for name, value in self.facts]
        above = [banner_text(self.banner)] if self.banner else []
        return "\n".join([*above, self.heading, *lines, *(f"  {note}" for note in self.notes)])

    def html(self) -> str:
        """The card as HTML; every text is escaped."""
        facts = "".join(
            f'<dt style="{_SOFT}{_PLACED}font-weight:400">{escape(name)}</dt>'
            f'<dd style="{_PLACED}margin:0;overflow-wrap:anywhere">{escape(value)}</dd>'
            for name, value in self.facts
        )
        notes = "".join(f'<div style="padding-top:2px">{escape(note)}</div>' for note in self.notes)
        grid = f'<dl style="{_GRID}">{facts}</dl>' if facts else ""
        return (
            f'<div class="chronicle-notebook" style="{_FONT}{_TEXT}border-left:3px solid {self.tone};padding:2px 12px">'
            f'{banner_html(self.banner)}<div style="font-weight:600">{escape(self.heading)}</div>{grid}{notes}</div>'
        )


def clock(moment: datetime) -> str:
    """A moment for a reader: local date and time to the second, with the offset."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def banner_of(server: str) -> str:
    """What must stand above everything that comes from a server: that it is protected; empty for any other."""
    return str(getattr(server, "banner", ""))


def mark_of(server: str) -> str:
    """What a one-line repr says of a protected server; empty for any other."""
    return ", PROTECTED" if banner_of(server) else ""


def banner_text(banner: str) -> str:
    """A banner as a line of text; empty for none."""
    return f"!! {banner} !!" if banner else ""


def banner_html(banner: str) -> str:
    """A banner as HTML; empty for none."""
    if not banner:
        return ""
    return (
        '<div style="background:var(--jp-error-color1,#d32f2f);color:#fff;font-weight:600;padding:2px 8px;'
        f'margin-bottom:4px">{escape(banner)}</div>'
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
