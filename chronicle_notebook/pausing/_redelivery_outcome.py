"""The outcome of a re-delivery: each request with its events, whether it was sent, and the answer of the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chronicle_notebook.base._public import public
from chronicle_notebook.display._listing import Column, Listing, counted
from chronicle_notebook.display._origin import Origin, Originated
from chronicle_notebook.display._table_and_card import Card, Tone

if TYPE_CHECKING:
    import pandas as pd

NOT_KNOWN_TO_THE_KERNEL = (
    "The kernel does not know of these requests: its positions and failed partitions stay as they are."
)


@public
class RequestState(StrEnum):
    """The state of a request of a re-delivery."""

    DELIVERED = "delivered"
    """The target answered 2xx."""
    REFUSED = "refused"
    """The target answered, with another status."""
    UNKNOWN = "not known"
    """No complete answer came, so the target may have the events."""
    NOT_SENT = "not sent"


@public
@dataclass(frozen=True, slots=True)
class RedeliveryRequest:
    """One request, with events of one event source."""

    partition: str
    """The event source."""
    sequence_numbers: tuple[int, ...]
    state: RequestState = RequestState.NOT_SENT
    status: int | None = None
    """The HTTP status; None if there was no answer."""
    detail: str = ""
    """The status in words, or why there was no answer or no request."""
    duration: float = 0.0
    """Seconds until the answer."""


@public
@dataclass(frozen=True, slots=True, repr=False)
class RedeliveryOutcome(Originated):
    """The outcome of a re-delivery. True if the target took all events."""

    webhook: str
    target: str
    """The target URL without what may be secret in it."""
    namespace: str
    mark: str
    """The value of the header ``x-chronicle-notebook-redelivery`` of these requests."""
    requests: tuple[RedeliveryRequest, ...]
    stopped: str
    """Why it ended before the last request; empty if it did not."""
    origin: Origin

    def __bool__(self) -> bool:
        return all(each.state is RequestState.DELIVERED for each in self.requests)

    @property
    def delivered(self) -> tuple[int, ...]:
        """The numbers of the events that the target took."""
        return self._numbers(RequestState.DELIVERED)

    @property
    def not_delivered(self) -> tuple[int, ...]:
        """The numbers of all other events: refused, not sent, or not known."""
        return self._numbers(RequestState.REFUSED, RequestState.UNKNOWN, RequestState.NOT_SENT)

    @property
    def summary(self) -> str:
        """One sentence about the result."""
        sent, rest = len(self.delivered), len(self.not_delivered)
        told = f"{sent:,} of {counted(sent + rest, 'event')} delivered again to {self.target}"
        return f"{told}; {self.stopped}." if self.stopped else f"{told}."

    def listing(self) -> Listing[RedeliveryRequest]:
        """The requests as a table, those that were not delivered first."""
        ordered = sorted(self.requests, key=lambda each: each.state is RequestState.DELIVERED)
        return request_listing(ordered, webhook=self.webhook, origin=self.origin)

    def to_frame(self) -> pd.DataFrame:
        """The requests as a DataFrame."""
        return self.listing().to_frame()

    def _numbers(self, *states: RequestState) -> tuple[int, ...]:
        found = [number for each in self.requests if each.state in states for number in each.sequence_numbers]
        return tuple(sorted(found))

    def _repr_html_(self) -> str:
        # Not super(): a class with slots is made twice, and the first one is gone.
        return Originated._repr_html_(self) + ("" if self else self.listing()._repr_html_())

    def _display(self) -> Card:
        facts = [
            (state.value, counted(len(self._numbers(state)), "event")) for state in RequestState if self._numbers(state)
        ]
        causes = dict.fromkeys(each.detail for each in self.requests if each.state is not RequestState.DELIVERED)
        notes = [*filter(None, causes), NOT_KNOWN_TO_THE_KERNEL]
        if self.not_delivered:
            notes.append(
                f"Not delivered: {_ranges(self.not_delivered)}. outcome.to_frame() has each request; "
                f"from_sequence_number={self.not_delivered[0]} begins again with the first of them."
            )
        return Card(
            heading=f"{'✓' if self else '!'} {self.summary}",
            facts=[("namespace", self.namespace), *facts],
            notes=notes,
            tone=Tone.GOOD if self else Tone.WARNING,
            banner=self.origin.banner,
        )


def request_listing(
    requests: Sequence[RedeliveryRequest], *, webhook: str, origin: Origin
) -> Listing[RedeliveryRequest]:
    """A table of requests."""
    return Listing(
        requests,
        (
            Column[RedeliveryRequest]("partition", "Partition", lambda each: each.partition),
            Column[RedeliveryRequest](
                "sequence_numbers",
                "Events",
                lambda each: each.sequence_numbers,
                "object",
                text=lambda each: _ranges(each.sequence_numbers),
            ),
            Column[RedeliveryRequest]("state", "State", lambda each: each.state.value),
            Column[RedeliveryRequest]("status", "Status", lambda each: each.status, "Int64"),
            Column[RedeliveryRequest]("detail", "Answer", lambda each: each.detail),
            Column[RedeliveryRequest](
                "duration", "Seconds", lambda each: each.duration, "float64", text=lambda each: f"{each.duration:.2f}"
            ),
        ),
        caption=f"{counted(len(requests), 'request')} of a re-delivery to {webhook!r}",
        empty="No request was needed.",
        origin=origin,
    )


def _ranges(numbers: Sequence[int]) -> str:
    """``3, 5 to 9, 12``, at most eight of these."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    told = [f"{first:,}" if first == last else f"{first:,} to {last:,}" for first, last in spans]
    return ", ".join(told) if len(told) <= 8 else f"{', '.join(told[:8])} and {len(told) - 8:,} more"
