"""Keeps the progress of observers in storage, after it was made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.delivery._partition import Partition
from chronicle_notebook.sandbox.storage._progress import PartitionKey, ProgressTable


class Saver:
    """Collects what changed and stores it in one transaction, as soon as the one before is done.

    Progress is stored after the answer of the target came. A crash in between means that events are sent again, never
    that they are missed. Storing happens beside the engine's thread, which goes on meanwhile.
    """

    def __init__(self, table: ProgressTable) -> None:
        self._table = table
        self._observers: set[Observer] = set()
        self._partitions: dict[PartitionKey, Partition | None] = {}
        self._removed: set[tuple[int, str]] = set()
        self._dirty = asyncio.Event()
        self._closed = False

    def changed(self, observer: Observer) -> None:
        """Note that an observer changed."""
        self._observers.add(observer)
        self._removed.discard((observer.scope.key, observer.webhook.id))
        self._dirty.set()

    def partition(self, observer: Observer, partition: Partition) -> None:
        """Note that a partition of an observer failed, or changed."""
        self._partitions[observer.scope.key, observer.webhook.id, partition.source] = partition
        self.changed(observer)

    def resolved(self, observer: Observer, partition: Partition) -> None:
        """Note that a partition is no longer failed."""
        self._partitions[observer.scope.key, observer.webhook.id, partition.source] = None
        self.changed(observer)

    def removed(self, observer: Observer) -> None:
        """Note that an observer and all its partitions are gone."""
        for source in observer.partitions:
            self._partitions[observer.scope.key, observer.webhook.id, source] = None
        self._observers.discard(observer)
        self._removed.add((observer.scope.key, observer.webhook.id))
        self._dirty.set()

    async def run(self) -> None:
        """Store until `close`."""
        loop = asyncio.get_running_loop()
        while not self._closed:
            await loop.run_in_executor(None, self._taken())
            await self._dirty.wait()

    def close(self) -> None:
        """Let `run` end, after which `flush` stores what is left."""
        self._closed = True
        self._dirty.set()

    def flush(self) -> None:
        """Store what is left, on this thread: at the end of the interpreter no other can be had."""
        self._taken()()

    def _taken(self) -> Callable[[], None]:
        """What stores the changes until now, which are then no longer held here."""
        self._dirty.clear()
        observers = [observer.row() for observer in self._observers]
        partitions = [
            partition.row(sequence, observer)
            for (sequence, observer, _), partition in self._partitions.items()
            if partition is not None
        ]
        resolved = [key for key, partition in self._partitions.items() if partition is None]
        removed = list(self._removed)
        self._observers.clear()
        self._partitions.clear()
        self._removed.clear()
        return partial(self._table.save, observers, partitions, resolved, removed)
