"""A plan as a static card: counts, a row for each field that differs, and what else to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from chronicle_notebook.base._text import readable
from chronicle_notebook.desired._plan_content import PlanContent
from chronicle_notebook.desired._plan_frame import ALL, PlanRow, rows
from chronicle_notebook.desired._plan_text import counts, notes, place, shown, source
from chronicle_notebook.desired._planned import StateAction
from chronicle_notebook.display._table_and_card import PLAIN, Tone, banner_html, label

FONT = "font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);color:var(--jp-ui-font-color1,inherit);"
_SOFT = "color:var(--jp-ui-font-color2,inherit)"
LINE = "1px solid var(--jp-border-color2,#bdbdbd)"
_MONO = "font-family:var(--jp-code-font-family,monospace)"
_COLOURS = {"+": Tone.GOOD, "~": Tone.PLAIN, "!": Tone.WARNING, "x": Tone.WARNING, "-": Tone.BAD}
CELL = "text-align:left;vertical-align:top;padding:3px 10px;font:inherit;overflow-wrap:anywhere"
GRID = f"border-collapse:collapse;table-layout:auto;width:100%;margin:0;{FONT}"
_FOLDED = 500
"""The largest number of ids that a folded part names."""
_BAR = f"display:flex;flex-wrap:wrap;gap:4px 14px;align-items:center;padding:5px 10px;border-bottom:{LINE}"
_PILL = f"border:{LINE};border-radius:10px;padding:0 8px;font-size:12px"


def card(plan: PlanContent) -> str:
    """The card as HTML without script; every text is escaped."""
    differs = bool(plan.differences)
    edge = Tone.WARNING if differs else Tone.GOOD
    return (
        f'<div class="chronicle-notebook {PLAIN}" role="group" aria-label="Plan" '
        f'style="{FONT}border:{LINE};border-left:3px solid {edge};max-width:1060px;position:relative">'
        f"{banner_html(plan.registered.origin.banner)}"
        f'<div style="{_BAR}"><b>Plan</b><span style="{_PILL}">{safe(source(plan))}</span>'
        f'<span style="{_PILL}">{safe(place(plan))}</span>'
        f'<span style="{_PILL};margin-left:auto">nothing was sent</span></div>'
        f'<div style="{_BAR}">{_counts(plan)}{_owner(plan)}</div>'
        f"{_table(plan)}{_unchanged(plan)}{_notes(plan)}</div>"
    )


def _counts(plan: PlanContent) -> str:
    told = counts(plan) or [("=", 0, "webhooks")]
    return "".join(
        f'<span><b style="{_coloured(sign)}">{escape(sign)} {number:,}</b> {safe(words)}</span>'
        for sign, number, words in told
    )


def _owner(plan: PlanContent) -> str:
    owner = plan.wanted.owned_by
    return "" if owner is None else f'<span style="{_SOFT};margin-left:auto">owned: {safe(str(owner))}</span>'


def _table(plan: PlanContent) -> str:
    found = [row for item in shown(plan)[0] for row in rows(item)]
    if not found:
        return ""
    titles = ("Action", "Id", "Field", "Registered", "Wanted", "Effect")
    head = "".join(f'<th scope="col" style="{CELL};font-weight:600">{title}</th>' for title in titles)
    body = "".join(
        f'<tr style="{f"border-top:{LINE}" if row.sign else ""}">{"".join(_cells(row))}</tr>' for row in found
    )
    return (
        f'<div style="overflow-x:auto" tabindex="0"><table style="{GRID}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(row: PlanRow) -> Iterator[str]:
    words = row.action if row.sign else ""
    yield (
        f'<td style="{CELL};white-space:nowrap;{_coloured(row.sign)}"><b aria-hidden="true">{escape(row.sign)}'
        f"</b> {safe(words)}</td>"
    )
    # Every row names its webhook for a screen reader; it is seen once.
    name = f"<b>{safe(row.id)}</b>" if row.sign else unseen(row.id)
    yield f'<th scope="row" style="{CELL};min-width:12ch">{name}</th>'
    soft = f";{_SOFT}" if row.field == ALL else ""
    yield f'<td style="{CELL};white-space:nowrap{soft}">{label(row.field)}</td>'
    gone = ";text-decoration:line-through" if row.registered and row.wanted and row.field == "target_url" else ""
    yield f'<td style="{CELL};{_MONO};min-width:14ch{gone}">{safe(row.registered) or "–"}</td>'
    yield f'<td style="{CELL};{_MONO};min-width:14ch">{safe(row.wanted) or "–"}</td>'
    yield f'<td style="{CELL}" title="{safe(row.reason)}">{safe(row.effect)}</td>'


def _unchanged(plan: PlanContent) -> str:
    return "".join(
        _folded(f"{sign} {len(ids):,} {words}", ids)
        for sign, words, ids in (
            ("=", "unchanged", [each.id for each in plan.of(StateAction.UNCHANGED)]),
            ("·", "of others, which stay as they are", [each.id for each in plan.items if not each.owned]),
        )
        if ids
    )


def _folded(title: str, ids: Sequence[str]) -> str:
    names = ", ".join(map(safe, ids[:_FOLDED])) + (f" and {len(ids) - _FOLDED:,} more" if len(ids) > _FOLDED else "")
    return (
        f'<details style="padding:3px 10px;border-top:{LINE}"><summary style="{_SOFT};cursor:pointer">{safe(title)}'
        f'</summary><div style="overflow-wrap:anywhere">{names}</div></details>'
    )


def _notes(plan: PlanContent) -> str:
    told = "".join(f'<div style="padding-top:2px">{safe(note)}</div>' for note in notes(plan))
    if plan.changes:
        told = (
            '<div style="padding-top:2px">Before anything is changed, what is registered now goes to a file. Applying '
            f"that file goes back.</div>{told}"
        )
    return f'<div style="padding:5px 10px;border-top:{LINE}">{told}</div>' if told else ""


def unseen(words: str) -> str:
    """Words for a screen reader alone."""
    style = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
    return f'<span style="{style}">{safe(words)}</span>'


def _coloured(sign: str) -> str:
    tone = _COLOURS.get(sign)
    return _SOFT if tone is None else f"color:{tone}"


def safe(text: str) -> str:
    """Other people's text, escaped for HTML."""
    return escape(readable(text))
