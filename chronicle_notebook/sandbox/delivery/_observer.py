"""An observer: a webhook in one namespace, and how far it is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from uuid import uuid4

from chronicle_notebook.sandbox._event_type import event_types_from_json
from chronicle_notebook.sandbox._stores import Scope
from chronicle_notebook.sandbox._webhook import Webhook, event_types_text
from chronicle_notebook.sandbox.delivery._partition import Partition
from chronicle_notebook.sandbox.storage._progress import ObserverRow


@dataclass(slots=True)
class ReplaySpan:
    """A replay under way: the next number to send again, and the number at which live delivery goes on."""

    next: int
    until: int
    job: str = field(default_factory=lambda: str(uuid4()))


@dataclass(slots=True, eq=False)
class Observer:
    """The state of an observer. It belongs to the engine's thread; others only read single fields."""

    scope: Scope
    webhook: Webhook
    next: int = 0
    last: int | None = None
    handled: int = 0
    subscribed: bool = False
    replay: ReplaySpan | None = None
    partitions: dict[str, Partition] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None
    woken: bool = False
    epoch: int = 0
    """Counts what makes the page of events in hand out of date."""
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a delivery of this observer's own line is under way."""

    @property
    def position(self) -> int:
        """Everything below this number was delivered, or belongs to a failed partition."""
        return self.next if self.replay is None else self.replay.next

    def passed(self, number: int) -> None:
        """Note that the observer is past a number."""
        if self.replay is None:
            self.next = number + 1
        else:
            self.replay.next = number + 1

    def delivered(self, last: int, count: int) -> None:
        """Note that events were delivered."""
        self.last = last if self.last is None else max(self.last, last)
        self.handled += count

    def row(self) -> ObserverRow:
        """The form that is stored."""
        return ObserverRow(
            self.scope.key,
            self.webhook.id,
            event_types_text(self.webhook.event_types),
            self.next,
            self.last,
            self.handled,
            None if self.replay is None else self.replay.next,
            None if self.replay is None else self.replay.until,
        )


def observer_from_row(row: ObserverRow, scope: Scope) -> Observer:
    """The observer of a stored form, not subscribed and with what is known of its webhook."""
    webhook = Webhook(row.id, "", scope.sequence, event_types_from_json(json.loads(row.event_types)), active=False)
    observer = Observer(scope, webhook, row.next, row.last, row.handled)
    if row.replay_next is not None and row.replay_until is not None:
        observer.replay = ReplaySpan(row.replay_next, row.replay_until)
    return observer
