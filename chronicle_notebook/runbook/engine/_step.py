"""One step of a runbook: what it does, how to check that it is done, and its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from chronicle_notebook.base._public import public_in


class State(StrEnum):
    """The state of a step."""

    TO_DO = "to do"
    ALREADY = "already so"
    CANNOT_TELL = "cannot tell"
    """Nobody can check whether it is done, so it is done again."""
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "not known"
    """It was sent, no answer came, and the read-back failed too."""
    NOT_DONE = "not done"
    """An earlier step failed."""


Done = Callable[[], bool | None]


@public_in("runbook")
@dataclass(frozen=True, slots=True)
class Step:
    """An action on one webhook, or on another named thing.

    ``do`` may return an :class:`~chronicle_notebook.Outcome`, whose doubts are then reported, a text for the report, or
    nothing. ``done`` checks whether it is done; it returns None if nobody can check this.
    """

    subject: str
    """The id of the webhook."""
    what: str
    """What the step does, for people: ``register it with target 'https://...'``."""
    do: Callable[[], object]
    done: Done
    lasting: bool = True
    """Whether the result must still hold at the end; false for a step that only prepares another one."""
    note: str = ""
    """What to know before the step is done."""


@dataclass(slots=True)
class Progress:
    """A step and its state."""

    step: Step
    state: State
    note: str = ""

    def facts(self) -> dict[str, str]:
        """The step for the outcome: values that can be stored and compared."""
        return {
            "subject": self.step.subject,
            "what": self.step.what,
            "state": self.state.value,
            "note": self.note or self.step.note,
        }
