"""One step of a runbook: what it does, how it is seen to be done, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from chronicle_notebook.base._public import public_in


class State(StrEnum):
    """How a step stands."""

    TO_DO = "to do"
    ALREADY = "already so"
    CANNOT_TELL = "cannot tell"
    """Whether it is done cannot be read back, so it is done again."""
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "not known"
    """It was sent, no answer came, and the read-back did not succeed either."""
    NOT_DONE = "not done"
    """A step before it failed."""


Done = Callable[[], bool | None]


@public_in("runbook")
@dataclass(frozen=True, slots=True)
class Step:
    """What is done to one webhook, or to something else that has a name.

    ``do`` may return an :class:`~chronicle_notebook.Outcome`, whose doubts are then reported, a text to note, or
    nothing. ``done`` reads back whether it is so; it returns None where that cannot be told.
    """

    subject: str
    """The id of the webhook."""
    what: str
    """What is done, for people: ``register it with target 'https://...'``."""
    do: Callable[[], object]
    done: Done
    lasting: bool = True
    """Whether it must still be so at the end; false for a step that only prepares another."""
    note: str = ""
    """What is worth knowing before it is done."""


@dataclass(slots=True)
class Progress:
    """A step and how it stands."""

    step: Step
    state: State
    note: str = ""

    def facts(self) -> dict[str, str]:
        """For the outcome: what can be stored and compared."""
        return {
            "subject": self.step.subject,
            "what": self.step.what,
            "state": self.state.value,
            "note": self.note or self.step.note,
        }
