"""An observer's own line: the events of all its event sources, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox.delivery._courier import Courier, runs
from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.delivery._payload import LIVE, REPLAY
from chronicle_notebook.sandbox.delivery._recovery import Recovery
from chronicle_notebook.sandbox.delivery._saver import Saver

Tail = Callable[[int], int | None]
"""The tail of a sequence by its key."""


class Line:
    """Moves observers forward, each in a task of its own that exists only while there is something to deliver.

    A kernel lets observers share two queues, where a slow target delays the others. Here no observer waits for another
    (source: K/Core/EventSequences/AppendedEventsQueue.cs). The events of one observer go out one request at a time.
    """

    def __init__(
        self, courier: Courier, recovery: Recovery, saver: Saver, tail: Tail, changed: Callable[[Observer], None]
    ) -> None:
        self._courier = courier
        self._recovery = recovery
        self._saver = saver
        self._tail = tail
        self._changed = changed

    def wake(self, observer: Observer) -> None:
        """See whether there is something to deliver."""
        observer.woken = True
        if observer.task is None and observer.subscribed:
            observer.task = asyncio.get_running_loop().create_task(self._run(observer))

    def skip_to_tail(self, observer: Observer) -> None:
        """Move a caught-up observer behind the last event, so that new event types begin with the next one."""
        tail = self._tail(observer.scope.key)
        if observer.replay is None and tail is not None and tail >= observer.next and not self._page(observer, tail):
            observer.next = tail + 1
            self._saver.changed(observer)

    async def _run(self, observer: Observer) -> None:
        try:
            while observer.woken:
                observer.woken = False
                while await self._advance(observer):
                    pass
        finally:
            if observer.task is asyncio.current_task():
                observer.task = None

    async def _advance(self, observer: Observer) -> bool:
        """Deliver a page of events; False when there was none."""
        epoch = observer.epoch
        tail = self._tail(observer.scope.key)
        page = self._page(observer, tail)
        if not page:
            return self._end(observer, tail)
        for events in runs(page):
            await self._deliver(observer, events, epoch)
            if observer.epoch != epoch:
                break
        return True

    def _page(self, observer: Observer, tail: int | None) -> list[Event]:
        if not observer.webhook.event_types:
            return []
        return self._courier.page(observer, tail, None if observer.replay is None else observer.replay.until)

    def _end(self, observer: Observer, tail: int | None) -> bool:
        if observer.replay is not None:
            observer.next = max(observer.next, observer.replay.until)
            observer.replay = None
            self._note(observer)
            return True
        if tail is not None and tail >= observer.next:
            observer.next = tail + 1
            self._note(observer)
        return False

    async def _deliver(self, observer: Observer, events: list[Event], epoch: int) -> None:
        first, last = events[0], events[-1]
        if first.source not in observer.partitions:
            async with observer.busy:
                # Waiting for the lock may have let a replay in, which begins elsewhere.
                if observer.epoch != epoch:
                    return
                if first.source not in observer.partitions:
                    state = LIVE if observer.replay is None else REPLAY
                    failure = await self._courier.deliver(observer, events, state, live=state == LIVE)
                    if failure is None:
                        observer.delivered(last.number, len(events))
                    else:
                        self._recovery.failed(observer, first.number, first.source, failure)
        observer.passed(last.number)
        self._note(observer)

    def _note(self, observer: Observer) -> None:
        self._saver.changed(observer)
        self._changed(observer)
