"""The delivery of an observer: live events in order, after a catch-up or replay if one is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._stores import SequenceScope
from chronicle_notebook.sandbox.delivery._catch_up import CatchUp
from chronicle_notebook.sandbox.delivery._courier import Courier, LateError
from chronicle_notebook.sandbox.delivery._failure import Failure
from chronicle_notebook.sandbox.delivery._lanes import Lanes
from chronicle_notebook.sandbox.delivery._observer import Observer, Span
from chronicle_notebook.sandbox.delivery._payload import LIVE
from chronicle_notebook.sandbox.delivery._recovery import Recovery
from chronicle_notebook.sandbox.delivery._saver import Saver

Tail = Callable[[int], int | None]
"""The tail of a sequence by its key."""
STRANDED = 1.0
"""The time in seconds after a catch-up in which a live event can strand an observer."""


class ObserverLoop:
    """Delivers to observers, each in its own task, which exists only while there is something to deliver.

    A kernel lets observers share two queues, where a slow target delays the others. Here no observer waits for another
    unless the behaviour says so. The live events of one observer go out one request at a time.
    """

    def __init__(
        self,
        courier: Courier,
        recovery: Recovery,
        saver: Saver,
        tail: Tail,
        changed: Callable[[Observer], None],
        readable: Callable[[SequenceScope], bool],
        behaviour: Behaviour,
        scale: float,
    ) -> None:
        self._courier = courier
        self._recovery = recovery
        self._saver = saver
        self._tail = tail
        self._changed = changed
        self._readable = readable
        self._behaviour = behaviour
        self._scale = scale
        self._closed = False
        self._begin = self._start  # one object for all, because each event may need it thousands of times
        self._lanes = Lanes() if behaviour.queues_shared else None
        self._catch_up = CatchUp(courier, recovery, self._note, keeps=behaviour.failed_partitions_stay)

    def wake(self, observer: Observer) -> None:
        """Check whether there is something to deliver."""
        observer.woken = True
        if observer.task is not None or not observer.subscribed:
            return
        if self._lanes is None:
            self._courier.host(observer).admit(observer, self._begin)
        else:
            self._start(observer)  # those that one event wakes come to their queue together

    def close(self) -> None:
        """Start no observer any more."""
        self._closed = True

    def begin(self, observer: Observer) -> None:
        """Plan a catch-up for the existing events, or note that there are none."""
        tail = self._tail(observer.scope.key)
        if observer.span is not None or tail is None or tail < observer.position:
            return
        if not self._page(observer, tail):
            observer.position = observer.next = tail + 1
        elif self._behaviour.catch_up_dead:
            observer.stuck = True
        else:
            observer.span = Span(observer.position, tail + 1)

    def skip_to_tail(self, observer: Observer) -> None:
        """Move a caught-up observer after the last event, so that new event types begin with the next one."""
        tail = self._tail(observer.scope.key)
        caught_up = observer.span is None and not observer.stuck
        if caught_up and tail is not None and tail >= observer.position and not self._page(observer, tail):
            observer.position = tail + 1
            self._saver.changed(observer)

    def _start(self, observer: Observer) -> None:
        if self._may_start(observer):
            observer.task = asyncio.get_running_loop().create_task(self._work(observer))

    def _may_start(self, observer: Observer) -> bool:
        return observer.woken and observer.task is None and observer.subscribed and not self._closed

    async def _work(self, observer: Observer) -> None:
        """Deliver to an observer, and then to those that wait until a request to its host may run."""
        host = self._courier.host(observer)
        await self._run(observer)
        while (waiting := host.next()) is not None:
            if self._may_start(waiting):
                waiting.task = asyncio.current_task()
                await self._run(waiting)

    async def _run(self, observer: Observer) -> None:
        try:
            while observer.woken:
                observer.woken = False
                while await self._advance(observer):
                    pass
        except LateError:
            return
        finally:
            if observer.task is asyncio.current_task():
                observer.task = None

    async def _advance(self, observer: Observer) -> bool:
        """Deliver the next part. Returns False if there was none."""
        if observer.held or observer.stuck:
            return False
        if observer.span is not None:
            if not self._readable(observer.scope):
                return False
            await self._catch_up.run(observer, observer.span)
            if observer.span is None:
                # Events that came in the meantime are caught up with too.
                observer.caught_up = asyncio.get_running_loop().time()
                self.begin(observer)
            return True
        epoch = observer.epoch
        tail = self._tail(observer.scope.key)
        page = self._page(observer, tail)
        if not page:
            if tail is not None and tail >= observer.position:
                observer.position = tail + 1
                self._saver.changed(observer)
            return False
        if self._strands(observer):
            observer.stuck = True
            return False
        for events in self._courier.groups(observer, page):
            await self._deliver(observer, events, epoch)
            if observer.epoch != epoch:
                break
        return True

    def _page(self, observer: Observer, tail: int | None) -> list[Event]:
        return self._courier.page(observer, tail) if observer.webhook.event_types else []

    def _strands(self, observer: Observer) -> bool:
        """Whether an event came so soon after a catch-up that it and all later events are lost."""
        before, observer.caught_up = observer.caught_up, None
        # A3, K11 in docs/fidelity.md: no profile strands observers or repeats events, because a rehearsal that fails at
        # random teaches nothing.
        if not self._behaviour.catch_up_strands or before is None:
            return False
        return asyncio.get_running_loop().time() - before < STRANDED * self._scale

    async def _deliver(self, observer: Observer, events: list[Event], epoch: int) -> None:
        first, last = events[0], events[-1]
        failing = bool(observer.partitions) and self._behaviour.tail_stands_while_failing
        if not failing and not self._behaviour.tail_of_handled:
            observer.offered(last.number)
        if first.source in observer.partitions:
            self._passed(observer, last)
            return
        # A replay that waited may have started at another number.
        if observer.epoch != epoch:
            return
        landed = partial(self._landed, observer, events, failing=failing)
        observer.flights.begin()
        try:
            failure = await self._send(observer, events, landed)
        except LateError:
            raise
        except BaseException:
            observer.flights.end()
            raise
        landed(failure)

    async def _send(
        self, observer: Observer, events: list[Event], landed: Callable[[Failure | None], None]
    ) -> Failure | None:
        if self._lanes is not None:
            async with self._lanes.of(observer).turn():
                return await self._courier.deliver(observer, events, LIVE, live=True)

        def hand_over(failure: Failure) -> None:
            """Continue in another task, because this one still sends."""
            landed(failure)
            observer.task, observer.woken = None, True
            self._start(observer)

        return await self._courier.deliver_here(observer, events, LIVE, hand_over, live=True)

    def _landed(self, observer: Observer, events: list[Event], failure: Failure | None, *, failing: bool) -> None:
        """Note the outcome of a delivery."""
        first, last = events[0], events[-1]
        if failure is None:
            observer.delivered(last.number, len(events))
            if not failing:
                observer.offered(last.number)
        else:
            self._recovery.failed(observer, first.number, first.source, failure)
        observer.flights.end()
        self._passed(observer, last)

    def _passed(self, observer: Observer, last: Event) -> None:
        observer.position = last.number + 1
        self._note(observer)

    def _note(self, observer: Observer) -> None:
        self._saver.changed(observer)
        self._changed(observer)
