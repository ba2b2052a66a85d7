"""The time limit of deliveries, with one timer for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Deadlines:
    """Calls a function for each task that takes longer than the limit. The task itself continues.

    `asyncio.wait` and `asyncio.timeout` need a timer for each wait, which costs a good part of a delivery.
    """

    def __init__(self) -> None:
        self._waits: dict[asyncio.Task[None], tuple[Callable[[], None], float]] = {}
        """What to call for a task and when, in the order of the ends, because the limit is the same for all."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, task: asyncio.Task[None], late: Callable[[], None], limit: float) -> None:
        """Call ``late`` after ``limit`` seconds, unless `end` is called with the task before."""
        loop = asyncio.get_running_loop()
        self._waits[task] = late, loop.time() + limit
        if self._timer is None:
            self._timer = loop.call_later(limit, self._expire)

    def end(self, task: asyncio.Task[None]) -> bool:
        """End the limit of a task. Returns whether the task kept it."""
        return self._waits.pop(task, None) is not None

    def _expire(self) -> None:
        """Call for the tasks whose time is over, and set the timer for the next one."""
        loop = asyncio.get_running_loop()
        self._timer = None
        for task, (late, end) in list(self._waits.items()):
            if end > loop.time():
                self._timer = loop.call_at(end, self._expire)
                break
            if self.end(task):
                late()
