"""The outcome of a replay, as far as the kernel tells it."""

from __future__ import annotations

from dataclasses import dataclass

from chronicle_notebook.base._public import public
from chronicle_notebook.display._listing import counted
from chronicle_notebook.display._origin import Origin, Originated
from chronicle_notebook.display._table_and_card import Card, Tone

_FROM_NUMBERS = "Kernels do not report the end of a replay: the numbers of the observer show it."
_PARTITION = "Kernels do not report the end of a partition's replay: look at the log of the target."


@public
@dataclass(frozen=True, slots=True)
class ReplayedPlace:
    """The outcome of a replay in one namespace."""

    namespace: str
    events: int
    """The number of events that it sends."""
    begun: bool
    """Whether the kernel began it, as far as its answer tells."""
    ended: bool | None
    """Whether the observer is at the end again; None if nothing shows it, as for one partition."""
    failing: int
    """The number of partitions that fail now."""
    blocked: bool = False
    """Whether each event was of a partition that failed before, so that nobody waited for the end."""

    @property
    def state(self) -> str:
        """What to say about it."""
        if not self.begun:
            return "the kernel began none"
        told = (
            "asked for"
            if self.ended is None
            else "at its end"
            if self.ended
            else "blocked by the failing partitions"
            if self.blocked
            else "goes on"
        )
        fails = f", {counted(self.failing, 'partition')} {'fails' if self.failing == 1 else 'fail'}"
        return f"{told}: {counted(self.events, 'event')}{fails if self.failing else ''}"


@public
@dataclass(frozen=True, slots=True, repr=False)
class ReplayOutcome(Originated):
    """The outcome of a replay.

    True if the kernel began it in each namespace, it ended wherever that is shown, and no partition fails.
    """

    webhook: str
    partition: str | None
    places: tuple[ReplayedPlace, ...]
    waited: float
    """Seconds until the end was seen, or until nobody looked any longer."""
    origin: Origin

    def __bool__(self) -> bool:
        return all(each.begun and each.ended is not False and not each.failing for each in self.places)

    @property
    def ended(self) -> bool:
        """Whether the end was seen in each namespace."""
        return all(each.ended for each in self.places)

    @property
    def summary(self) -> str:
        """One sentence about the result."""
        events = counted(sum(each.events for each in self.places if each.begun), "event")
        whole = f"partition {self.partition!r} of {self.webhook!r}" if self.partition else repr(self.webhook)
        if not any(each.begun for each in self.places):
            return f"The kernel did not begin a replay of {whole}."
        if self.partition is not None:
            return f"The kernel was asked to replay {whole}: {events}."
        if any(each.blocked for each in self.places):
            return f"The replay of {whole} is blocked by the failing partitions: {events}."
        if self.ended:
            return f"{whole} was replayed: {events} in {self.waited:.1f} s."
        return f"The replay of {whole} goes on after {self.waited:.1f} s: {events}."

    def _display(self) -> Card:
        failing = any(each.failing for each in self.places)
        retry = f'client.retry_failed_partitions("{self.webhook}") sends what waits, once the target answers.'
        return Card(
            heading=f"{'✓' if self else '!'} {self.summary}",
            facts=[(f"namespace {each.namespace}", each.state) for each in self.places],
            notes=[_FROM_NUMBERS if self.partition is None else _PARTITION, *([retry] if failing else [])],
            tone=Tone.GOOD if self else Tone.WARNING,
            banner=self.origin.banner,
        )
