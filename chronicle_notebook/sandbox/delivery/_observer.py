"""An observer: a webhook in one namespace, and its progress."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from uuid import uuid4

from chronicle_notebook.sandbox._event_type import event_types_from_json
from chronicle_notebook.sandbox._stores import SequenceScope
from chronicle_notebook.sandbox._webhook import Webhook, event_types_text
from chronicle_notebook.sandbox.delivery._partition import Partition
from chronicle_notebook.sandbox.storage._progress import ObserverRow


@dataclass(slots=True, eq=False)
class Span:
    """A catch-up or a replay: the first number that it delivers, and the number at which live delivery continues."""

    first: int
    until: int
    replay: bool = False
    job: str = field(default_factory=lambda: str(uuid4()))


class Flights:
    """Running deliveries: each begins and ends here, and code that changes the next number waits until none runs."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def begin(self) -> None:
        """Note that a delivery begins."""
        self._count += 1
        self._none.clear()

    def end(self) -> None:
        """Note that a delivery is over."""
        self._count -= 1
        if not self._count:
            self._none.set()

    async def __aenter__(self) -> None:
        self.begin()

    async def __aexit__(self, *_: object) -> None:
        self.end()

    @property
    def count(self) -> int:
        """The number of running deliveries."""
        return self._count

    async def over(self) -> None:
        """Wait until no delivery runs."""
        await self._none.wait()


@dataclass(slots=True, eq=False)
class Observer:
    """The state of an observer. It belongs to the engine's thread; other threads only read single fields."""

    scope: SequenceScope
    webhook: Webhook
    position: int = 0
    """Everything below this number was delivered, belongs to a failed partition, or is not wanted."""
    next: int = 0
    """The next number as it is shown: after the last handled event, or at the end after a catch-up."""
    last: int | None = None
    handled: int = 0
    tail: int | None = None
    """The last event that it was offered, as it is shown."""
    subscribed: bool = False
    span: Span | None = None
    partitions: dict[str, Partition] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None
    woken: bool = False
    held: int = 0
    """How many callers wait to change the next number. No delivery starts until then."""
    stuck: bool = False
    """Whether it accepts no event any more, without showing this."""
    hung: bool = False
    """Whether calls about it find no answer."""
    caught_up: float | None = None
    """The end of its last catch-up, in the time of the loop."""
    watched: float = 0.0
    """When its tail was last corrected, or its subscription began, in the time of the loop."""
    epoch: int = 0
    """A counter. It makes the current page of events out of date."""
    flights: Flights = field(default_factory=Flights)

    @property
    def replay(self) -> Span | None:
        """The running replay; None if there is none."""
        return self.span if self.span is not None and self.span.replay else None

    @property
    def horizon(self) -> int:
        """The number below which a failed partition delivers its own events."""
        return self.position if self.span is None else max(self.position, self.span.until)

    def delivered(self, last: int, count: int) -> None:
        """Note that events were delivered."""
        self.last = last if self.last is None else max(self.last, last)
        self.next = max(self.next, last + 1)
        self.handled += count

    def offered(self, number: int) -> None:
        """Note that an event was offered: the tail that is shown does not go back."""
        self.tail = number if self.tail is None else max(self.tail, number)

    def finished(self, span: Span, *, whole: bool) -> None:
        """Note that a span is over. ``whole`` means that no event source of it failed."""
        self.span = None
        self.position = max(self.position, span.until)
        if whole:
            self.next = max(self.next, span.until)
            self.offered(span.until - 1)

    def row(self) -> ObserverRow:
        """The stored form. A catch-up is not stored: the next subscription starts it again."""
        replay = self.replay
        return ObserverRow(
            self.scope.key,
            self.webhook.id,
            event_types_text(self.webhook.event_types),
            self.position,
            self.next,
            self.last,
            self.handled,
            self.tail,
            None if replay is None else replay.first,
            None if replay is None else replay.until,
        )


def observer_from_row(row: ObserverRow, scope: SequenceScope) -> Observer:
    """The observer of a stored form, not subscribed, with the known facts about its webhook."""
    webhook = Webhook(row.id, "", scope.sequence, event_types_from_json(json.loads(row.event_types)), active=False)
    observer = Observer(scope, webhook, row.position, row.next, row.last, row.handled, row.tail)
    if row.replay_next is not None and row.replay_until is not None:
        observer.span = Span(row.replay_next, row.replay_until, replay=True)
    return observer
