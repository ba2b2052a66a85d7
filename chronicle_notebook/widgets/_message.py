"""A message that a widget shows: a title, a few lines, and how serious it is."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import ChronicleError, ProtectedError
from chronicle_notebook.registration._outcome import Action, Outcome
from chronicle_notebook.target_test._answer import TargetAnswer


class Level(StrEnum):
    """How serious a message is."""

    GOOD = "good"
    PLAIN = "plain"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Told:
    """A message."""

    level: Level
    title: str
    lines: tuple[str, ...] = ()
    undo: bool = False
    """Whether the user can undo the action in the widget."""
    about: tuple[str, ...] = ()
    """The webhooks whose state it tells. The message goes when somebody looks at another webhook."""

    def wire(self) -> dict[str, Any]:
        """The message for the browser."""
        return {"level": self.level.value, "title": self.title, "lines": list(self.lines), "undo": self.undo}


def told_error(error: BaseException) -> Told:
    """The message for an error. For an error of other packages it has only type and place, because the text may contain
    a value."""
    if isinstance(error, ProtectedError):
        return Told(Level.ERROR, error.message, ("Type the event store's name in the red bar, and try again.",))
    if isinstance(error, ChronicleError):
        return Told(Level.ERROR, error.message, (error.hint,) if error.hint else ())
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return Told(
        Level.ERROR,
        f"Something in this widget failed: {type(error).__name__}{place}.",
        ("The error itself is the last one in the widget's .errors.",),
    )


def told_outcome(outcome: Outcome) -> Told:
    """The message for a registration or a removal, with each field that did not take effect."""
    lines = [f"Not in effect: {item}" for item in outcome.ineffective]
    lines += outcome.notes
    if not outcome.visible and outcome.action is not Action.REMOVED:
        lines.append("It appears in the list when the kernel has applied it.")
    return Told(Level.GOOD if outcome else Level.WARNING, outcome.summary, tuple(lines))


def told_answer(answer: TargetAnswer) -> Told:
    """The message for a test request: what it proved, and what it did not prove."""
    status = f"{answer.status} {answer.detail}" if answer.status is not None else answer.detail
    title = f"{answer.webhook}: {answer.grade.value}: {status}, {answer.duration * 1000:.0f} ms"
    level = Level.GOOD if answer else Level.ERROR if answer.status is None else Level.WARNING
    return Told(level, title, answer.caveats, about=(answer.webhook,))
