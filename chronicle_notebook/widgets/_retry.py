"""A retry of failed partitions that an explorer follows to its end, with its progress and its message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from chronicle_notebook.triage._retries import Retries, RetryOutcome
from chronicle_notebook.widgets._message import Level, Told
from chronicle_notebook.widgets._session import Session

PATIENCE = 120.0
"""The longest time in seconds to follow a retry. A kernel waits 30 seconds for each answer of a target."""

Report = Callable[[int, int, str], None]


class Retry:
    """A retry of the failed partitions of one or several webhooks. What is quarantined is released first."""

    def __init__(self, client: Session, webhooks: Sequence[str], report: Report) -> None:
        self._client, self._webhooks, self._report = client, tuple(webhooks), report
        self._known: Retries | None = None
        """What is known so far."""

    def run(self) -> Retry:
        """Ask the kernel to retry, and look until each partition has recovered or failed again.

        :raises CallCancelledError: somebody cancelled it. :meth:`told` has what is known until then.
        """
        self._known = self._client.retry_failed_partitions(
            self._webhooks, release=True, wait=PATIENCE, on_progress=self._note
        )
        return self

    def told(self, *, stopped: bool = False) -> Told:
        """The result as words."""
        whose = f"{self._webhooks[0]}: " if len(self._webhooks) == 1 else ""
        if self._known is None:
            text = f"{whose}You stopped before anything was known. The kernel may still retry."
            return Told(Level.WARNING, text, about=self._webhooks)
        if not self._known:
            return Told(Level.GOOD, f"{whose}No partition fails any more.", self._known.remarks, about=self._webhooks)
        lines = [*self._causes(), *self._known.remarks]
        if self._count(RetryOutcome.PENDING):
            begin = "You stopped waiting" if stopped else f"There was no news for {PATIENCE:.0f} seconds"
            lines.append(f"{begin}. The kernel goes on: see the State column for the result.")
        return Told(self._level(), f"{whose}{self._summary()}.", tuple(lines), about=self._webhooks)

    def _summary(self) -> str:
        """For example ``14 recovered, 2 failed again: HTTP 500``. Several causes have a line of their own."""
        words = self._words()
        parts = []
        for outcome in RetryOutcome:
            count = self._count(outcome)
            if count:
                cause = f": {next(iter(words))}" if outcome == RetryOutcome.FAILED_AGAIN and len(words) == 1 else ""
                parts.append(f"{count:,} {outcome.value}{cause}")
        return ", ".join(parts)

    def _words(self) -> Counter[str]:
        again = self._known.having(RetryOutcome.FAILED_AGAIN) if self._known is not None else ()
        return Counter("other" if each.cause is None else each.cause.key for each in again)

    def _causes(self) -> list[str]:
        words = self._words()
        told = [f"{count:,} {word}" for word, count in words.most_common()] if len(words) > 1 else []
        refused = self._known.having(RetryOutcome.REFUSED) if self._known is not None else ()
        why = dict.fromkeys(each.cause.detail for each in refused if each.cause is not None and each.cause.detail)
        return [*([f"Failed again: {', '.join(told)}."] if told else []), *why]

    def _level(self) -> Level:
        recovered = self._count(RetryOutcome.RECOVERED)
        if recovered == len(self._known or ()):
            return Level.GOOD
        return Level.WARNING if recovered or self._count(RetryOutcome.PENDING) else Level.ERROR

    def _count(self, outcome: RetryOutcome) -> int:
        return Counter(each.outcome for each in self._known or ())[outcome.value]

    def _note(self, known: Retries) -> None:
        self._known = known
        done = len(known) - self._count(RetryOutcome.PENDING)
        self._report(done, len(known), self._summary() if done else "")
