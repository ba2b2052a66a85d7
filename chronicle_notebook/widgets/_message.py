"""A message that a widget shows: a title, a few lines, and how serious it is."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import ChronicleError, ProtectedError
from chronicle_notebook.display._listing import counted
from chronicle_notebook.model import FailedPartition
from chronicle_notebook.registration._outcome import Action, Outcome
from chronicle_notebook.target_test._answer import TargetAnswer

NAMED = 10
"""The largest number of partitions that a message names."""


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

    def wire(self) -> dict[str, Any]:
        """The message for the browser."""
        return {**asdict(self), "level": self.level.value, "lines": list(self.lines)}


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


def told_retry(webhook: str, tried: Sequence[tuple[FailedPartition, bool | None]]) -> Told:
    """The message for a retry: the partitions that the kernel was asked to retry, and those that it started."""
    if not tried:
        return Told(Level.GOOD, f"No partition of {webhook!r} fails any more, so there was nothing to retry.")
    started = [each for each, answer in tried if answer]
    refused = [each for each, answer in tried if answer is False]
    untold = [each for each, answer in tried if answer is None]
    lines = []
    if started:
        lines.append(f"Started: {_named(started)}. See the State column for the result.")
    if refused:
        lines.append(f"Not started: {_named(refused)}.{_why(refused)}")
    if untold:
        lines.append(
            f"Asked for: {_named(untold)}. This kernel does not say whether it retries them: see the State column."
        )
    if untold and not (started or refused):
        title = f"The kernel was asked to retry {counted(len(untold), 'failed partition')} of {webhook!r}."
    else:
        title = f"{len(started):,} of {counted(len(tried), 'failed partition')} of {webhook!r} started."
    return Told(Level.WARNING if refused else Level.GOOD if started else Level.PLAIN, title, tuple(lines))


def _named(partitions: Sequence[FailedPartition]) -> str:
    names = [f"{each.partition} in {each.namespace}" for each in partitions[:NAMED]]
    if len(partitions) > NAMED:
        names.append(f"{len(partitions) - NAMED:,} more")
    return ", ".join(names)


def _why(partitions: Sequence[FailedPartition]) -> str:
    given_up = sum(each.quarantined is True for each in partitions)
    if given_up == len(partitions):
        return " The kernel no longer retries them (quarantined)."
    return f" The kernel no longer retries {given_up:,} of them (quarantined)." if given_up else ""


def told_answer(answer: TargetAnswer) -> Told:
    """The message for a test request: what it proved, and what it did not prove."""
    status = f"{answer.status} {answer.detail}" if answer.status is not None else answer.detail
    title = f"{answer.webhook}: {answer.grade.value}: {status}, {answer.duration * 1000:.0f} ms"
    level = Level.GOOD if answer else Level.ERROR if answer.status is None else Level.WARNING
    return Told(level, title, answer.caveats)
