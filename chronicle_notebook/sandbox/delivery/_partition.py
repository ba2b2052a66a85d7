"""A failed partition: an event source that waits for a retry."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field
from uuid import UUID, uuid4

from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox.delivery._failure import Failure
from chronicle_notebook.sandbox.storage._progress import PartitionRow

MOST_ATTEMPTS = 10
LONGEST_DELAY = 600.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failed attempt: when, at which sequence number, and why."""

    occurred: str
    number: int
    messages: tuple[str, ...]
    kind: int


@dataclass(slots=True, eq=False)
class Partition:
    """An event source that is delivered separately from its observer: because it failed, or to be replayed."""

    source: str
    position: int
    """The first number that was not delivered."""
    id: UUID = field(default_factory=uuid4)
    attempts: tuple[Attempt, ...] = ()
    quarantined: bool = False
    replay_until: int = 0
    """Events below this number are delivered as replayed ones."""
    task: asyncio.Task[None] | None = None
    waiting: bool = False
    """Whether the task waits for its time."""

    @property
    def failed(self) -> bool:
        """Whether it is shown as a failed partition. A partition that is only replayed is not."""
        return bool(self.attempts)

    def fail(self, number: int, failure: Failure) -> None:
        """Note a failed attempt. After the eleventh there are no more retries.

        Source: K/Core/Configuration/Observers.cs.
        """
        self.position = number
        self.attempts = (*self.attempts, Attempt(_moment.now(), number, failure.messages, failure.kind))
        self.quarantined = len(self.attempts) > MOST_ATTEMPTS

    @property
    def delay(self) -> float:
        """Seconds until the next retry: 2, 4, 8, … 512, 600."""
        return min(2.0 ** len(self.attempts), LONGEST_DELAY)

    def row(self, sequence: int, observer: str) -> PartitionRow:
        """The form that is stored."""
        attempts = json.dumps([asdict(attempt) for attempt in self.attempts])
        return PartitionRow(
            sequence, observer, self.source, str(self.id), self.position, self.replay_until, self.quarantined, attempts
        )


def partition_from_row(row: PartitionRow) -> Partition:
    """The partition of a stored form."""
    attempts = tuple(
        Attempt(entry["occurred"], entry["number"], tuple(entry["messages"]), entry["kind"])
        for entry in json.loads(row.attempts)
    )
    return Partition(row.partition, row.position, UUID(row.id), attempts, row.quarantined, row.replay_until)
