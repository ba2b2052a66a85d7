"""The queues that webhooks share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LANES = 2
"""Queues of a kernel (seen at 16.37.1; source: K/Core/EventSequences/AppendedEventsQueue.cs)."""


class Lane:
    """A queue whose webhooks proceed together: no delivery begins while an earlier one runs.

    So with a target that takes 20 s, every other webhook of the queue has one delivery in 20 s, also in other event
    stores.
    """

    def __init__(self) -> None:
        self._running = 0
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a place in the queue's round."""
        loop = asyncio.get_running_loop()
        place: asyncio.Future[None] = loop.create_future()
        self._waiting.append(place)
        if not self._running and len(self._waiting) == 1:
            # Those that one event wakes go together: let each of them come first.
            loop.call_soon(self._begin)
        try:
            await place
        except asyncio.CancelledError:
            self._gave_up(place)
            raise
        try:
            yield
        finally:
            self._leave()

    def _gave_up(self, place: asyncio.Future[None]) -> None:
        if place in self._waiting:
            self._waiting.remove(place)
        else:
            self._leave()  # its turn had come

    def _leave(self) -> None:
        self._running -= 1
        self._begin()

    def _begin(self) -> None:
        """Let everybody who waits go on, if nobody is under way."""
        if self._running:
            return
        waiting, self._waiting = [place for place in self._waiting if not place.cancelled()], []
        self._running = len(waiting)
        for place in waiting:
            place.set_result(None)


class Lanes:
    """Gives each observer one of the queues, in turn."""

    def __init__(self) -> None:
        self._lanes = [Lane() for _ in range(LANES)]
        self._given: dict[object, Lane] = {}

    def of(self, observer: object) -> Lane:
        """The queue of an observer."""
        return self._given.setdefault(observer, self._lanes[len(self._given) % LANES])
