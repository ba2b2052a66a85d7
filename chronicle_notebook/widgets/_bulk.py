"""An action on several webhooks, one after the other, with the result of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chronicle_notebook.base._errors import CallCancelledError, ChronicleError
from chronicle_notebook.base._text import joined
from chronicle_notebook.connection._cancellation import watching
from chronicle_notebook.display._listing import counted
from chronicle_notebook.target_test._answer import TargetAnswer
from chronicle_notebook.widgets._message import Level, Told

NAMED = 8
"""The largest number of webhooks that a message names for one result."""

Report = Callable[[int, int, str], None]


@dataclass(slots=True)
class OneByOne:
    """Does the same to one webhook after the other. An error of one does not stop the others."""

    webhooks: Sequence[str]
    done_word: str
    """What was done with those that succeeded, for example ``paused``."""
    act: Callable[[str], str]
    """Acts on a webhook. It returns an empty text, or what did not succeed in a word or two."""
    report: Report
    succeeded: list[str] = field(default_factory=list)
    failed: dict[str, list[str]] = field(default_factory=dict)
    """The webhooks by what did not succeed."""

    def run(self) -> OneByOne:
        """Act on each.

        :raises CallCancelledError: somebody cancelled it; :meth:`told` has what was done until then.
        """
        watch = watching()
        for webhook in self.webhooks:
            self.report(self._count, len(self.webhooks), self.summary if self._count else "")
            if watch is not None:
                watch.check()
            try:
                wrong = self.act(webhook)
            except CallCancelledError:
                raise
            except ChronicleError as error:
                wrong = error.message
            if wrong:
                self.failed.setdefault(wrong, []).append(webhook)
            else:
                self.succeeded.append(webhook)
        return self

    @property
    def summary(self) -> str:
        """For example ``6 paused, 2 not``."""
        parts = [f"{len(self.succeeded):,} {self.done_word}"]
        if self.failed:
            parts.append(f"{self._count - len(self.succeeded):,} not")
        return ", ".join(parts)

    def told(self, *, stopped: bool = False) -> Told:
        """The result as words."""
        lines = [f"{wrong}: {_named(webhooks)}" for wrong, webhooks in self.failed.items()]
        left = len(self.webhooks) - self._count
        if stopped and left:
            lines.append(f"You stopped before {counted(left, 'webhook')}.")
        bad = bool(self.failed or left)
        level = Level.GOOD if not bad else Level.WARNING if self.succeeded else Level.ERROR
        return Told(level, f"{self.summary}.", tuple(lines), about=tuple(self.webhooks))

    @property
    def _count(self) -> int:
        return len(self.succeeded) + sum(map(len, self.failed.values()))


def verdict(answer: TargetAnswer) -> str:
    """What is wrong with the answer of a target, in a word or two; empty for a 2xx answer."""
    if answer:
        return ""
    return answer.detail if answer.status is None else f"HTTP {answer.status}"


def _named(webhooks: Sequence[str]) -> str:
    names = list(webhooks[:NAMED])
    if len(webhooks) > NAMED:
        names.append(f"{len(webhooks) - NAMED:,} more")
    return joined(names, "and")
