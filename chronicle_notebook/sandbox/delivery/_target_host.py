"""One host and port: its circuit, how many requests to it run, and which observers wait to begin one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from chronicle_notebook.sandbox.delivery._circuit import Circuit
from chronicle_notebook.sandbox.delivery._observer import Observer

IN_FLIGHT = 32
"""The number of simultaneous requests to one host and port, so that a slow target does not use the connections of
others."""


class TargetHost:
    """The requests to one host and port. Each attempt of a delivery enters it, and waits while too many run.

    An observer that is woken comes to `admit` first. It begins when a request may run, so that an event for thousands
    of webhooks does not make thousands of tasks that only wait: the garbage collector would spend more time on them
    than their deliveries take. `admit` reserves nothing: an observer that turns out to have nothing to deliver, or
    that waits for a token, keeps nobody else from beginning.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._waiting: OrderedDict[Observer, Callable[[Observer], None]] = OrderedDict()
        self._looking = False
        self._queued = 0
        """Requests that wait for a slot."""
        self._left = 0
        """Requests that ended since the last look."""

    def admit(self, observer: Observer, begin: Callable[[Observer], None]) -> None:
        """Call ``begin`` with an observer as soon as a request may run. An observer that waits already waits once."""
        self._waiting.setdefault(observer, begin)
        self._look_soon()

    def next(self) -> Observer | None:
        """An observer that waits, for a task whose request has just ended; None if none may begin.

        So one task delivers to many observers. If the requests of a wave all ended before those of the next one began,
        the garbage collector would run in each wave, because it counts the objects that are made and not yet freed.
        """
        if not self._left or self._queued or not self._waiting:
            return None
        self._left -= 1
        return self._waiting.popitem(last=False)[0]

    async def __aenter__(self) -> None:
        self._queued += 1
        try:
            await self._slots.acquire()
        finally:
            self._queued -= 1
            # Other slots may have become free while this request waited.
            self._look_soon()

    async def __aexit__(self, *_: object) -> None:
        self._slots.release()
        self._left += 1
        self._look_soon()

    def _look_soon(self) -> None:
        if self._waiting and not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        """Let an observer begin for each request that ended, and another one each time until one waits for a slot."""
        self._looking = False
        left, self._left = self._left, 0
        if self._queued:
            return
        for _ in range(min(left + 1, len(self._waiting))):
            observer, begin = self._waiting.popitem(last=False)
            begin(observer)
        self._look_soon()
