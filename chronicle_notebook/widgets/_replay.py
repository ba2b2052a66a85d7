"""Replays that an explorer starts: what one would send, the question, the replay with its progress, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from chronicle_notebook.base._errors import ChronicleError
from chronicle_notebook.display._listing import counted
from chronicle_notebook.model import RunningState
from chronicle_notebook.pausing._progress import DeliveryProgress
from chronicle_notebook.pausing._replay import ReplayPlan
from chronicle_notebook.pausing._replay_outcome import ReplayOutcome
from chronicle_notebook.triage._condition import TriageRow
from chronicle_notebook.widgets._message import Level, Told
from chronicle_notebook.widgets._retry import PATIENCE
from chronicle_notebook.widgets._session import Session

IN_MEMORY = (
    "This kernel keeps its events in memory: a replay would hang the webhook for good. "
    "client.webhooks.redeliver(ID, since=...) sends events again from Python."
)
NOT_CONNECTED = "It has no connected observer."
_GOES_ON = "Kernels have no call that stops a replay: what has begun goes on."

Start = Callable[[str, Callable[[], object], Callable[..., Told | None], Callable[..., Told]], None]
Report = Callable[[int, int, str], None]


class Replays:
    """What an explorer knows of replays: whether this kernel can, and the plan that waits for an answer."""

    def __init__(self, client: Session, start: Start, report: Report, changed: Callable[[], None]) -> None:
        self._client, self._start, self._report, self._changed = client, start, report, changed
        self.plan: ReplayPlan | None = None
        """The replay that somebody asked for, until it is confirmed or not wanted."""
        self._in_memory: bool | None = None

    def learn(self) -> None:
        """Find out whether the kernel keeps its events in memory, unless this is known. Nothing shows it before the
        first event, and an error is no reason: looking at a replay then tells it."""
        if self._in_memory is None:
            with suppress(ChronicleError):
                self._in_memory = self._client.in_memory()

    def obstacle(self, row: TriageRow | None) -> str:
        """Why a webhook cannot be replayed; empty if nothing known prevents it."""
        if self._in_memory:
            return IN_MEMORY
        connected = row is None or any(each.running_state is not RunningState.DISCONNECTED for each in row.observers)
        return "" if connected else NOT_CONNECTED

    def look(self, webhook: str) -> None:
        """Look at what a replay would send. Nothing is sent: the plan waits for an answer."""
        self.drop()

        def keep(plan: ReplayPlan) -> None:
            self.plan = plan
            self._changed()

        self._start(
            f"Counting the events of {webhook!r}", lambda: self._client.webhooks.replay(webhook), keep, _not_begun
        )

    def drop(self, kept: Collection[str] = ()) -> None:
        """The replay is not wanted.

        :param kept: the webhook whose plan stays.
        """
        if self.plan is not None and self.plan.webhook not in kept:
            self.plan = None
            self._changed()

    def run(self, webhook: str) -> None:
        """Start the replay that was looked at, and follow it."""
        plan = self.plan
        if plan is None or plan.webhook != webhook:
            return  # another view of the explorer has answered
        self.drop()

        def work() -> ReplayOutcome:
            return plan.apply(wait=PATIENCE, on_progress=self._note)

        self._start(f"Replaying {webhook!r}", work, told_replay, lambda *, stopped: _stopped(webhook))  # noqa: ARG005

    def wire(self) -> dict[str, Any] | None:
        """The question for the browser; None if there is none."""
        plan = self.plan
        if plan is None:
            return None
        most = "" if plan.exact else "at most "
        spaces = [f"{each.namespace}: {'' if each.exact else 'at most '}{each.events:,}" for each in plan.places]
        where = (f"By namespace: {', '.join(spaces)}.",) if len(spaces) > 1 else ()
        part = f"For one namespace or event source: client.webhooks.replay({plan.webhook!r}, partition=...)."
        later = f"From a number or a time on: client.webhooks.redeliver({plan.webhook!r}, since=...)."
        return {
            "id": plan.webhook,
            "title": f"Replay {plan.webhook}: send {most}{counted(plan.events, 'event')} again?",
            "lines": [f"To {plan.target}.", *where, *plan.notes, _GOES_ON, part, later],
        }

    def _note(self, progress: DeliveryProgress) -> None:
        self._report(progress.done, progress.total, progress.what)


def told_replay(outcome: ReplayOutcome) -> Told:
    """The outcome of a replay as words, with each namespace that did not end well."""
    lines = [f"{each.namespace}: {each.state}." for each in outcome.places]
    failing = any(each.failing for each in outcome.places)
    if failing:
        lines.append("A replay does not bring back failed partitions: retry them once the target answers.")
    elif not outcome.ended:
        lines.append("The kernel goes on: the State column shows whether the webhook is at the end.")
    return Told(Level.GOOD if outcome else Level.WARNING, outcome.summary, tuple(lines), about=(outcome.webhook,))


def _stopped(webhook: str) -> Told:
    lines = (_GOES_ON, "The State column shows whether the webhook is at the end.")
    return Told(Level.WARNING, f"{webhook}: You stopped following the replay.", lines, about=(webhook,))


def _not_begun(*, stopped: bool) -> Told:
    return Told(Level.PLAIN, "You stopped before anything was sent." if stopped else "Nothing was sent.")
