"""``Drift``: how far what is registered is from a desired state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from pathlib import Path
from typing import Any

from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import count, readable
from chronicle_notebook.desired._plan_frame import ALL, rows
from chronicle_notebook.desired._plan_text import as_cell, as_code
from chronicle_notebook.desired._planned import FieldEffect, PlannedWebhook, StateAction
from chronicle_notebook.display._listing import Column, Listing
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.display._table_and_card import Tone


@public
class DriftKind(StrEnum):
    """The kind of a difference between the desired state and what is registered."""

    MISSING = "missing"
    """The state has the webhook, and it is not registered."""
    CHANGED = "changed"
    EXTRA = "not in the file"
    """The webhook is registered and owned, and the state does not have it."""
    NOT_TAKEN = "not taken"
    """The state wants what a kernel like this one does not keep. It counts only with ``strict=True``."""


@public
@dataclass(frozen=True, slots=True)
class DriftRow:
    """One field that differs, or one webhook that is missing or not in the file. It never contains a secret, nor the
    value of a header."""

    webhook: str
    kind: DriftKind
    field: str
    """The field; ``all`` for a whole webhook."""
    registered: str
    wanted: str
    line: int | None = None
    """The line of the webhook in the file."""
    remark: str = ""
    """What a change of it meets on this kernel."""


_COLUMNS = (
    Column[DriftRow]("id", "Webhook", lambda row: row.webhook),
    Column[DriftRow]("kind", "Difference", lambda row: row.kind.value),
    Column[DriftRow]("field", "Field", lambda row: row.field),
    Column[DriftRow]("registered", "Registered", lambda row: row.registered, text=lambda row: row.registered or "–"),
    Column[DriftRow]("wanted", "Wanted", lambda row: row.wanted, text=lambda row: row.wanted or "–"),
    Column[DriftRow]("line", "Line", lambda row: row.line, "Int64"),
    Column[DriftRow]("remark", "Remark", lambda row: row.remark, shown=False),
)


@public
class Drift(Listing[DriftRow]):
    """How far what is registered is from a desired state: a row for each difference. Nothing was sent.

    ``if drift:`` asks whether there is a difference.
    """

    def __init__(
        self,
        found: list[DriftRow],
        *,
        origin: Origin,
        path: Path | None,
        profile: str | None,
        compared: int,
        remarks: tuple[str, ...],
    ) -> None:
        source = f"{path or 'the desired state'}{f', profile {profile}' if profile else ''}"
        self.origin = origin
        """The kernel, the event store, and the time of reading."""
        self.path, self.profile = path, profile
        self.compared = compared
        """The number of webhooks that were compared, on either side."""
        self.remarks = remarks
        """What else to know, as sentences: for example secrets that cannot be compared."""
        ids = dict.fromkeys(each.webhook for each in found)
        self.webhooks = tuple(ids)
        """The ids of the webhooks that differ."""
        self.headline = (
            f"{count(len(ids), 'webhook')} of {compared:,} {'differs' if len(ids) == 1 else 'differ'} from {source}"
            if ids
            else f"No difference: {count(compared, 'webhook')} as in {source}"
        )
        """One sentence: how many webhooks differ."""
        super().__init__(
            found,
            _COLUMNS,
            caption=f"Drift: {self.headline}",
            empty="Nothing differs.",
            origin=origin,
            foot=" ".join([*remarks, f"{origin.stamp}."]),
        )

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of webhooks by kind of difference."""
        kinds = {each.webhook: each.kind for each in reversed(self)}
        return {kind.value: sum(each is kind for each in kinds.values()) for kind in DriftKind}

    def _repr_html_(self) -> str:
        edge = Tone.WARNING if self else Tone.GOOD
        return (
            f'<div role="group" aria-label="{escape(readable(self.headline))}" style="border-left:3px solid {edge};'
            f'padding-left:8px">{super()._repr_html_()}</div>'
        )

    def to_markdown(self) -> str:
        """The drift as GitHub and GitLab read Markdown. It contains no secret."""
        lines = [f"### Drift: {as_cell(self.headline)}", "", as_cell(f"{self.origin.stamp}.")]
        if self:
            lines += ["", "| id | difference | field | registered | wanted | line |", "| --- " * 6 + "|"]
            for each in self:
                cells = (each.webhook, each.kind.value, each.field, each.registered, each.wanted, str(each.line or ""))
                lines.append(f"| {' | '.join(map(as_cell, cells))} |")
        lines += ["", *(f"- {as_cell(remark)}" for remark in self.remarks)]
        if self.path is not None:
            profile = f" --profile {self.profile}" if self.profile else ""
            lines += ["", f"`{as_code(f'chronicle-notebook plan {self.path}{profile}')}` shows what would be sent."]
        return "\n".join(lines).rstrip() + "\n"

    def to_dict(self) -> dict[str, Any]:
        """The drift for a program, with values that JSON can have and without secrets.

        Keys: ``event_store``, ``server``, ``read_at``, ``file``, ``profile``, ``compared``, ``differences`` (the number
        of webhooks), ``counts`` (by kind), ``rows`` (``webhook``, ``kind``, ``field``, ``registered``, ``wanted``,
        ``line``, ``remark``), ``remarks``.
        """
        return {
            "event_store": self.origin.event_store,
            "server": self.origin.server,
            "read_at": self.origin.read_at.isoformat(),
            "file": None if self.path is None else str(self.path),
            "profile": self.profile,
            "compared": self.compared,
            "differences": len(self.webhooks),
            "counts": dict(self.counts),
            "rows": [
                {
                    "webhook": each.webhook,
                    "kind": each.kind.value,
                    "field": each.field,
                    "registered": each.registered,
                    "wanted": each.wanted,
                    "line": each.line,
                    "remark": each.remark,
                }
                for each in self
            ],
            "remarks": list(self.remarks),
        }


_NO_DIFFERENCE = {FieldEffect.NOT_COMPARED, FieldEffect.SENT_AGAIN}


def drift_rows(item: PlannedWebhook, *, line: int | None, strict: bool) -> Iterator[DriftRow]:
    """The rows of a planned webhook; none if it is as the state wants it."""
    if not (item.differs or (strict and item.untaken)):
        return
    if item.action in {StateAction.CREATE, StateAction.KEPT, StateAction.REMOVE}:
        kind = DriftKind.MISSING if item.action is StateAction.CREATE else DriftKind.EXTRA
        first = next(rows(item))
        yield DriftRow(item.id, kind, ALL, first.registered, first.wanted, line)
    for each in item.fields:
        taken = each.effect is not FieldEffect.NOT_TAKEN
        if each.effect in _NO_DIFFERENCE or not (strict or taken) or (taken and item.registered is None):
            continue
        kind = DriftKind.CHANGED if taken else DriftKind.NOT_TAKEN
        yield DriftRow(item.id, kind, each.field, each.registered, each.wanted, line, each.reason)
