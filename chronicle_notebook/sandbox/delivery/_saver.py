"""Keeps the progress of observers in storage, after it was made."""

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
"""Seconds between a storage error and the next try."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Changes:
    """What changed and is not stored."""

    observers: set[Observer] = field(default_factory=set)
    partitions: dict[PartitionKey, Partition | None] = field(default_factory=dict)
    removed: set[tuple[int, str]] = field(default_factory=set)


class Saver:
    """Collects what changed and stores it in one transaction, as soon as the one before is done.

    Progress is stored after the answer of the target came. A crash in between means that events are sent again, never
    that they are missed. Storing happens beside the engine's thread, which goes on meanwhile. What could not be stored
    is kept and tried again.
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

    def close(self) -> None:
        """Let `run` end, after which `flush` stores what is left."""
        self._closed.set()
        self._dirty.set()

    def flush(self) -> None:
        """Store what is left, on this thread: at the end of the interpreter no other can be had.

        An error is logged only, so that the end goes on; the events that it concerns are sent again next time.
        """
        try:
            self._storing(self._take())()
        except Exception as error:  # noqa: BLE001 - nothing can be done about it any more
            _LOG.warning("The last progress of webhooks was not stored: %s", _kind(error))

    def _take(self) -> _Changes:
        """The changes until now, which are then no longer held here."""
        self._dirty.clear()
        taken, self._changes = self._changes, _Changes()
        return taken

    def _put_back(self, taken: _Changes) -> None:
        """Hold changes again that were not stored, except where newer ones took their place."""
        newer = {(observer.scope.key, observer.webhook.id) for observer in self._changes.observers}
        replaced = newer | self._changes.removed
        self._changes.observers.update(
            observer for observer in taken.observers if (observer.scope.key, observer.webhook.id) not in replaced
        )
        self._changes.partitions = taken.partitions | self._changes.partitions
        self._changes.removed |= taken.removed - newer
        self._dirty.set()

    def _storing(self, changes: _Changes) -> Callable[[], None]:
        """What stores changes as they are now, on any thread."""
        observers = [observer.row() for observer in changes.observers]
        partitions = [
            partition.row(sequence, observer)
            for (sequence, observer, _), partition in changes.partitions.items()
            if partition is not None
        ]
        resolved = [key for key, partition in changes.partitions.items() if partition is None]
        return partial(self._table.save, observers, partitions, resolved, list(changes.removed))


def _kind(error: Exception) -> str:
    """The kind of an error, never its text: that may tell values."""
    return str(getattr(error, "sqlite_errorname", type(error).__name__))
