"""Failed partitions: when they are retried, and how they catch up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox.delivery._courier import Courier
from chronicle_notebook.sandbox.delivery._failure import Failure
from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.delivery._partition import Partition
from chronicle_notebook.sandbox.delivery._payload import LIVE, REPLAY
from chronicle_notebook.sandbox.delivery._saver import Saver


class Recovery:
    """Separates event sources from their observer, delivers their waiting events, and gives them back.

    While a partition is here, its observer skips its events. It is given back when all its events below the observer's
    position were delivered, so no event is lost, repeated or out of order.
    """

    def __init__(
        self, courier: Courier, saver: Saver, scale: float, changed: Callable[[Observer], None], *, keeps: bool
    ) -> None:
        """``keeps``: the replay of a failed partition leaves it failed."""
        self._keeps = keeps
        self._passing: set[asyncio.Task[None]] = set()
        self._courier = courier
        self._saver = saver
        self._scale = scale
        self._changed = changed

    def failed(self, observer: Observer, number: int, source: str, failure: Failure) -> None:
        """Create a failed partition, and plan its next retry."""
        partition = observer.partitions.setdefault(source, Partition(source, number))
        self._note(observer, partition, number, failure)

    def replay(self, observer: Observer, source: str) -> None:
        """Deliver one event source again from its first event on.

        With some behaviours a failed partition stays failed, although its events are delivered.
        """
        failed = observer.partitions.get(source)
        if self._keeps and failed is not None and failed.failed:
            passing = asyncio.get_running_loop().create_task(self._pass(observer, source))
            self._passing.add(passing)
            passing.add_done_callback(self._passing.discard)
            return
        partition = observer.partitions.setdefault(source, Partition(source, 0))
        self.pause(partition)  # a running retry would move the position
        partition.position = 0
        partition.replay_until = observer.horizon
        partition.quarantined = False
        self._saver.partition(observer, partition)
        self.retry(observer, partition)

    def retry(self, observer: Observer, partition: Partition) -> None:
        """Retry now instead of later."""
        self._plan(observer, partition, 0.0)

    def retry_all(self, observer: Observer) -> None:
        """Retry all failed partitions that are not quarantined."""
        for partition in observer.partitions.values():
            if not partition.quarantined:
                self.retry(observer, partition)

    def clear(self, observer: Observer) -> None:
        """Forget all partitions."""
        for partition in observer.partitions.values():
            self.pause(partition)
            self._saver.resolved(observer, partition)
        observer.partitions.clear()
        self._changed(observer)

    @staticmethod
    def pause(partition: Partition) -> None:
        """Stop the retries."""
        if partition.task is not None:
            partition.task.cancel()
            partition.task = None

    async def _pass(self, observer: Observer, source: str) -> None:
        position, until = 0, observer.horizon
        while events := self._courier.source_page(observer, source, position, until):
            async with observer.flights:
                if await self._courier.deliver(observer, events, REPLAY) is not None:
                    return
            observer.delivered(events[-1].number, _counted(observer, events, REPLAY))
            self._saver.changed(observer)
            self._changed(observer)
            position = events[-1].number + 1

    def _note(self, observer: Observer, partition: Partition, number: int, failure: Failure) -> None:
        partition.fail(number, failure)
        self._saver.partition(observer, partition)
        self._changed(observer)
        partition.task = None
        if not partition.quarantined:
            self._plan(observer, partition, partition.delay * self._scale)

    def _plan(self, observer: Observer, partition: Partition, delay: float) -> None:
        if partition.task is not None and not partition.task.done():
            if not partition.waiting:
                return  # a retry runs
            partition.task.cancel()
        partition.waiting = True
        partition.task = asyncio.get_running_loop().create_task(self._recover(observer, partition, delay))

    def _page(self, observer: Observer, partition: Partition) -> list[Event]:
        """The next events to deliver: replayed ones first, and never both kinds in one request."""
        if partition.position < partition.replay_until:
            replayed = self._courier.source_page(observer, partition.source, partition.position, partition.replay_until)
            if replayed:
                return replayed
            partition.position = partition.replay_until
        return self._courier.source_page(observer, partition.source, partition.position, observer.horizon)

    async def _recover(self, observer: Observer, partition: Partition, delay: float) -> None:
        await asyncio.sleep(delay)
        partition.waiting = False
        while events := self._page(observer, partition):
            state = REPLAY if events[0].number < partition.replay_until else LIVE
            failure = await self._courier.deliver(observer, events, state)
            if failure is not None:
                self._note(observer, partition, events[0].number, failure)
                return
            partition.position = events[-1].number + 1
            observer.delivered(events[-1].number, _counted(observer, events, state))
            self._saver.partition(observer, partition)
            self._changed(observer)
        del observer.partitions[partition.source]
        self._saver.resolved(observer, partition)
        self._changed(observer)


def _counted(observer: Observer, events: list[Event], state: int) -> int:
    """How many of the events that were delivered count as handled: of replayed ones, those that are new to it."""
    return len(events) if state == LIVE else sum(event.number >= observer.next for event in events)
