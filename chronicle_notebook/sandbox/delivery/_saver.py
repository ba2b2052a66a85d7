"""Stores the progress of observers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.delivery._partition import Partition
from chronicle_notebook.sandbox.storage._progress import PartitionKey, ProgressTable

PAUSE = 0.5
"""The pause in seconds between a storage error and the next attempt."""
GATHERING = 0.02
"""The time in seconds in which changes gather before they are stored. Each transaction holds up the deliveries."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Changes:
    """Changes that are not stored yet."""

    observers: set[Observer] = field(default_factory=set)
    partitions: dict[PartitionKey, Partition | None] = field(default_factory=dict)
    removed: set[tuple[int, str]] = field(default_factory=set)


class Saver:
    """Collects changes and stores them in one transaction, soon after the previous one is done.

    Progress is stored after the answer of the target. After a crash in between, events are sent again, but never lost.
    The engine's thread continues while changes are stored. Changes that could not be stored are kept and stored later.
    """

    def __init__(self, table: ProgressTable) -> None:
        self._table = table
        self._changes = _Changes()
        self._dirty = asyncio.Event()
        self._closed = asyncio.Event()

    def changed(self, observer: Observer) -> None:
        """Note that an observer changed."""
        self._changes.observers.add(observer)
        self._changes.removed.discard((observer.scope.key, observer.webhook.id))
        self._dirty.set()

    def partition(self, observer: Observer, partition: Partition) -> None:
        """Note that a partition of an observer failed, or changed."""
        self._changes.partitions[observer.scope.key, observer.webhook.id, partition.source] = partition
        self.changed(observer)

    def resolved(self, observer: Observer, partition: Partition) -> None:
        """Note that a partition is no longer failed."""
        self._changes.partitions[observer.scope.key, observer.webhook.id, partition.source] = None
        self.changed(observer)

    def removed(self, observer: Observer) -> None:
        """Note that an observer and all its partitions are gone."""
        for source in observer.partitions:
            self._changes.partitions[observer.scope.key, observer.webhook.id, source] = None
        self._changes.observers.discard(observer)
        self._changes.removed.add((observer.scope.key, observer.webhook.id))
        self._dirty.set()

    async def run(self) -> None:
        """Store until `close`."""
        loop = asyncio.get_running_loop()
        troubled = False
        while not self._closed.is_set():
            taken = self._take()
            try:
                await loop.run_in_executor(None, self._storing(taken))
            except Exception as error:  # noqa: BLE001 - whatever storage raises, the next try may succeed
                self._put_back(taken)
                if not troubled:
                    _LOG.warning("The progress of webhooks cannot be stored now: %s", _kind(error))
                troubled = True
                with suppress(TimeoutError):
                    async with asyncio.timeout(PAUSE):
                        await self._closed.wait()
            else:
                troubled = False
            await self._dirty.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHERING):
                    await self._closed.wait()

    def close(self) -> None:
        """Let `run` end. `flush` then stores the rest."""
        self._closed.set()
        self._dirty.set()

    def flush(self) -> None:
        """Store the rest, in this thread, because at the end of the interpreter no other thread can start.

        An error is only logged, so that the end continues. The events in question are sent again next time.
        """
        try:
            self._storing(self._take())()
        except Exception as error:  # noqa: BLE001 - nothing can be done about it any more
            _LOG.warning("The last progress of webhooks was not stored: %s", _kind(error))

    def _take(self) -> _Changes:
        """The changes so far. They are then removed from here."""
        self._dirty.clear()
        taken, self._changes = self._changes, _Changes()
        return taken

    def _put_back(self, taken: _Changes) -> None:
        """Take back changes that were not stored, except those that newer ones replaced."""
        newer = {(observer.scope.key, observer.webhook.id) for observer in self._changes.observers}
        replaced = newer | self._changes.removed
        self._changes.observers.update(
            observer for observer in taken.observers if (observer.scope.key, observer.webhook.id) not in replaced
        )
        self._changes.partitions = taken.partitions | self._changes.partitions
        self._changes.removed |= taken.removed - newer
        self._dirty.set()

    def _storing(self, changes: _Changes) -> Callable[[], None]:
        """A function that stores the changes as they are now, in any thread."""
        observers = [observer.row() for observer in changes.observers]
        partitions = [
            partition.row(sequence, observer)
            for (sequence, observer, _), partition in changes.partitions.items()
            if partition is not None
        ]
        resolved = [key for key, partition in changes.partitions.items() if partition is None]
        return partial(self._table.save, observers, partitions, resolved, list(changes.removed))


def _kind(error: Exception) -> str:
    """The type of an error, never its text, which may contain values."""
    return str(getattr(error, "sqlite_errorname", type(error).__name__))
