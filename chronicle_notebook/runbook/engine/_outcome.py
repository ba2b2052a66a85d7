"""The outcome of a runbook: one line for people, and the same for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import ChronicleError
from chronicle_notebook.base._public import public, public_in
from chronicle_notebook.display._table_and_card import Card, Table, Tone

MIME = "application/vnd.chronicle-notebook.outcome+json"
"""The MIME type of the output that contains the outcome in a saved notebook."""
VERSION = 1
"""The version of the outcome's format. A new field does not need a new version."""


class RunStatus(StrEnum):
    """How a runbook ended."""

    PLANNED = "planned"
    """Dry: nothing was changed, and there is something to do."""
    NOTHING_TO_DO = "nothing to do"
    DONE = "done"
    INCOMPLETE = "incomplete"
    """Some of the steps are not done."""
    REJECTED = "rejected"
    """The findings or differences are not acceptable."""
    FAILED = "failed"
    """The runbook ended before anything was done."""


@public_in("runbook")
@dataclass(frozen=True, slots=True)
class RunbookOutcome:
    """The parameters of a runbook, what it did and did not do, and what the read-back showed.

    ``bool(outcome)`` is true if the runbook reached its goal. No field contains a secret.
    """

    runbook: str
    status: RunStatus
    summary: str
    applied: bool
    server: str
    event_store: str
    started: str
    finished: str
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    steps: Sequence[Mapping[str, str]] = ()
    findings: Sequence[Mapping[str, Any]] = ()
    problems: Sequence[str] = ()
    banner: str = ""
    """One line above everything from a protected kernel."""

    def __bool__(self) -> bool:
        return self.status in {RunStatus.PLANNED, RunStatus.NOTHING_TO_DO, RunStatus.DONE}

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        return {
            "version": VERSION,
            "runbook": self.runbook,
            "status": self.status.value,
            "ok": bool(self),
            "summary": self.summary,
            "applied": self.applied,
            "server": self.server,
            "event_store": self.event_store,
            "started": self.started,
            "finished": self.finished,
            "parameters": dict(self.parameters),
            "steps": [dict(each) for each in self.steps],
            "findings": [dict(each) for each in self.findings],
            "problems": list(self.problems),
        }

    def write(self, path: str | Path) -> None:
        """Write the outcome to a JSON file."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def __repr__(self) -> str:
        return "\n\n".join(part.text() for part in self._parts())

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        html = "".join(part.html() for part in self._parts())
        return {"text/plain": repr(self), "text/html": html, MIME: self.to_dict()}

    def _parts(self) -> list[Card | Table]:
        fine = Tone.WARNING if self.findings else Tone.GOOD
        tone = Tone.BAD if not self else Tone.PLAIN if self.status is RunStatus.PLANNED else fine
        card = Card(
            heading=f"{'✓' if self else '!'} {self.runbook}: {self.status.value}. {self.summary}",
            facts=[("problem", each) for each in self.problems],
            tone=tone,
            banner=self.banner,
        )
        return [card, steps_table("What was done", self.steps)] if self.steps and self.applied else [card]


@dataclass(frozen=True, slots=True)
class Shown:
    """A table or a card as the value of a cell."""

    part: Card | Table

    def __repr__(self) -> str:
        return self.part.text()

    def _repr_html_(self) -> str:
        return self.part.html()


def steps_table(caption: str, steps: Sequence[Mapping[str, str]], *, banner: str = "", foot: str = "") -> Table:
    """A table of steps with their states."""
    return Table(
        caption=caption,
        titles=("Webhook", "Step", "State", "Worth knowing"),
        rows=[(each["subject"], each["what"], each["state"], each["note"]) for each in steps],
        empty="There is nothing to do.",
        banner=banner,
        foot=foot,
    )


@public
class RunbookError(ChronicleError):
    """A runbook ended without reaching its goal. ``outcome`` says what was done and what was not done."""

    def __init__(self, message: str, *, outcome: RunbookOutcome | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.outcome = outcome
        """What was done and what was not done; None if the runbook ended before this was known."""
