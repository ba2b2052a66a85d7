"""How far a probe is: a line in a terminal, and in a notebook one card that changes."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass

from chronicle_notebook.base._public import public
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._notebook import in_notebook
from chronicle_notebook.display._table_and_card import Card


@public
@dataclass(frozen=True, slots=True, repr=False)
class ProbeProgress(Displayed):
    """The step that a probe begins, and what it has found so far."""

    step: int
    """The number of the step, from 1."""
    steps: int
    """The number of all steps."""
    title: str
    """What the step does."""
    elapsed: float
    """The seconds since the probe began."""
    present: int = 0
    """The number of defects that were seen so far."""
    absent: int = 0
    """The number of defects that were not seen so far."""

    @property
    def line(self) -> str:
        """The progress as one line."""
        return f"{self.step} of {self.steps}: {self.title} ({self.elapsed:.0f} s)"

    def _display(self) -> Card:
        return Card(f"Probe, step {self.line}", [("so far", f"{self.present} present, {self.absent} absent")])


Report = Callable[[ProbeProgress], object]
"""Called at the beginning of each step."""


def reporter() -> Report:
    """In a notebook one output that is replaced at each step, else a line on the standard error for each step."""
    if not in_notebook():
        return lambda progress: print(progress.line, file=sys.stderr, flush=True)  # noqa: T201 - a person waits
    from IPython.display import display, update_display

    name = f"probe-{secrets.token_hex(8)}"
    begun: list[ProbeProgress] = []

    def show(progress: ProbeProgress) -> None:
        if begun:
            update_display(progress, display_id=name)  # type: ignore[no-untyped-call]
        else:
            display(progress, display_id=name)  # type: ignore[no-untyped-call]
        begun.append(progress)

    return show
