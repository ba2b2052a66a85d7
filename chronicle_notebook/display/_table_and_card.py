"""Tables and cards as text and as static HTML: escaped, without script, in the colours of JupyterLab's theme.

This HTML also works where no script runs: in saved, exported and untrusted notebooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import escape

from chronicle_notebook.base._text import readable
from chronicle_notebook.display._glossary import explanation

SHOWN = 60
"""The largest number of rows in a table. A line below the table counts the others."""
ONE_LINE = 26
"""The longest cell, in characters, of a column of single words that stays on one line."""
ONE_LINE_FIRST = 40
"""The same limit for the first column, which names the row."""
NARROWEST = 18
"""The least width, in characters, of a column with longer cells, even on a narrow page."""

_FONT = "font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);"
_TEXT = "color:var(--jp-ui-font-color1,inherit);"
_SOFT = "color:var(--jp-ui-font-color2,inherit);"
_CAPTION = "text-align:left;white-space:nowrap;font-weight:600;padding:0 0 4px"
_NO_WRAP = "white-space:nowrap"
_GRID = "display:grid;grid-template-columns:max-content minmax(0,1fr);gap:1px 16px;margin:0"
PLAIN = "mathjax_ignore tex2jax_ignore"
"""HTML classes that switch off typesetting: otherwise ``$...$`` in other people's text becomes mathematics."""
# JupyterLab lets these elements float, which breaks a grid.
_PLACED = "float:none;width:auto;"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under column titles."""

    caption: str
    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    foot: str = ""
    """One line below the table, for example the server and the time of reading."""
    empty: str = "Nothing to show."
    """The text that replaces the rows of an empty table."""
    numbers: frozenset[int] = frozenset()
    """The positions of the columns with numbers. They are aligned right."""
    banner: str = ""
    """One line above everything, for a warning that nobody must miss: the banner of a protected kernel."""
    most: int = SHOWN
    """The largest number of rows that are shown."""

    def text(self) -> str:
        """The table as plain text."""
        if not self.rows:
            parts = (banner_text(self.banner), *map(readable, (self.caption, self.empty, self.foot)))
            return "\n".join(part for part in parts if part)
        shown = [list(map(_one_line, row)) for row in self.rows[: self.most]]
        titles = list(map(_one_line, self.titles))
        widths = [max(map(len, column)) for column in zip(titles, *shown, strict=True)]
        lines = [
            "  ".join(
                cell.rjust(width) if position in self.numbers else cell.ljust(width)
                for position, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in (titles, *shown)
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        parts = (banner_text(self.banner), readable(self.caption), *lines, self._cut(), readable(self.foot))
        return "\n".join(part for part in parts if part)

    def html(self) -> str:
        """The table as HTML with a caption and scoped headers; every text is escaped."""
        room = [self._room(position) for position in range(len(self.titles))]
        head = "".join(
            f'<th scope="col" style="{self._side(position)};{_NO_WRAP}{_least(room[position])}">{label(title)}</th>'
            for position, title in enumerate(self.titles)
        )
        body = "".join(
            f'<tr style="vertical-align:top">{"".join(self._cells(row, room))}</tr>' for row in self.rows[: self.most]
        )
        if not self.rows:
            body = f'<tr><td colspan="{len(self.titles)}" style="text-align:left;{_SOFT}">{_safe(self.empty)}</td></tr>'
        caption = f'<caption style="{_CAPTION}">{_safe(self.caption)}</caption>'
        foot = "".join(f'<div style="{_SOFT}">{_safe(line)}</div>' for line in (self._cut(), self.foot) if line)
        # The last of these styles matters only for columns that may wrap: their cells may break anywhere, also within a
        # URL.
        return (
            f'<div class="chronicle-notebook {PLAIN}" style="{_FONT}{_TEXT}overflow-x:auto" tabindex="0">'
            f"{banner_html(self.banner)}"
            f'<table cellpadding="4" style="border-collapse:collapse;{_FONT}{_TEXT}overflow-wrap:anywhere">'
            f"{caption}<thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{foot}</div>"
        )

    def _cells(self, row: Sequence[str], room: Sequence[int]) -> Iterable[str]:
        # These styles are short because each cell repeats them. Padding and lines come from the page's own style for
        # tables.
        for position, cell in enumerate(row):
            tag, scope = ("th", ' scope="row"') if position == 0 else ("td", "")
            text = _unhyphenated(cell) if room[position] else _safe(cell)
            wrap = "" if room[position] else f";{_NO_WRAP}"
            yield f'<{tag}{scope} style="{self._side(position)}{wrap}">{text}</{tag}>'

    def _room(self, position: int) -> int:
        """The least width, in characters, of a column whose cells may take several lines; 0 for other columns.

        A short cell on one line is not broken at its hyphens. A long cell would push the following columns out of
        sight.
        """
        cells = [row[position] for row in self.rows[: self.most]]
        longest = ONE_LINE_FIRST if position == 0 else ONE_LINE
        if all(len(cell) <= longest and (position == 0 or " " not in cell) for cell in cells):
            return 0
        return min(NARROWEST, max(len(word) for cell in cells for word in cell.split() or [""]))

    def _side(self, position: int) -> str:
        return "text-align:right" if position in self.numbers else "text-align:left"

    def _cut(self) -> str:
        return f"{self.most:,} of {len(self.rows):,} rows shown." if len(self.rows) > self.most else ""


class Tone(StrEnum):
    """The meaning of a card's coloured bar. The heading repeats it in words or with a sign, because many people cannot
    rely on colour."""

    PLAIN = "var(--jp-brand-color1,#1976d2)"
    GOOD = "var(--jp-success-color1,#388e3c)"
    WARNING = "var(--jp-warn-color1,#f57c00)"
    BAD = "var(--jp-error-color1,#d32f2f)"


@dataclass(frozen=True, slots=True)
class Card:
    """A heading and a few named facts below it."""

    heading: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str] = ()
    tone: Tone = Tone.PLAIN
    banner: str = ""
    """The same as in a table."""

    def text(self) -> str:
        """The card as plain text."""
        width = max((len(name) for name, _ in self.facts), default=0)
        lines = [f"  {readable(name).ljust(width)}  {readable(value)}" for name, value in self.facts]
        above = [banner_text(self.banner)] if self.banner else []
        return "\n".join([*above, readable(self.heading), *lines, *(f"  {readable(note)}" for note in self.notes)])

    def html(self) -> str:
        """The card as HTML; every text is escaped."""
        facts = "".join(
            f'<dt style="{_SOFT}{_PLACED}font-weight:400">{label(name)}</dt>'
            f'<dd style="{_PLACED}margin:0;overflow-wrap:anywhere">{_safe(value)}</dd>'
            for name, value in self.facts
        )
        notes = "".join(f'<div style="padding-top:2px">{_safe(note)}</div>' for note in self.notes)
        grid = f'<dl style="{_GRID}">{facts}</dl>' if facts else ""
        style = f"{_FONT}{_TEXT}border-left:3px solid {self.tone};padding:2px 12px"
        return (
            f'<div class="chronicle-notebook {PLAIN}" style="{style}">'
            f'{banner_html(self.banner)}<div style="font-weight:600">{_safe(self.heading)}</div>{grid}{notes}</div>'
        )


def clock(moment: datetime) -> str:
    """A moment as local date and time, to the second, with the offset."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def banner_text(banner: str) -> str:
    """A banner as a line of text; empty if there is none."""
    return f"!! {readable(banner)} !!" if banner else ""


def banner_html(banner: str) -> str:
    """A banner as HTML; empty if there is none."""
    if not banner:
        return ""
    return (
        f'<div class="{PLAIN}" style="background:var(--jp-error-color1,#d32f2f);color:#fff;font-weight:600;'
        f'padding:2px 8px;margin-bottom:4px">{_safe(banner)}</div>'
    )


def label(text: str) -> str:
    """A label, with its explanation if it is a word of the glossary. The browser's own style marks such a word."""
    why = explanation(text)
    return f'<abbr title="{escape(why)}">{_safe(text)}</abbr>' if why else _safe(text)


def _one_line(text: str) -> str:
    return " ".join(readable(text).split())


def _least(room: int) -> str:
    return f";min-width:{room}ch" if room else ""


def _unhyphenated(text: str) -> str:
    """Text that may take several lines, but is not broken at the hyphens of its short words."""
    return " ".join(
        f'<span style="{_NO_WRAP}">{_safe(word)}</span>' if "-" in word and len(word) <= NARROWEST else _safe(word)
        for word in text.split(" ")
    )


def _safe(text: str) -> str:
    """Other people's text, escaped for HTML."""
    return escape(readable(text))
