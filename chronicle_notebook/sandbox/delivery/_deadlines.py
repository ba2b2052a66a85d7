"""The time limit of deliveries, with one timer for all."""

from __future__ import annotations

import asyncio

Request = asyncio.Task[None]


class Deadlines:
    """Lets callers wait for tasks that continue when the caller's time is over.

    `asyncio.wait` does this too, with a timer and a set for each wait, which cost a good part of a delivery.
    """

    def __init__(self) -> None:
        self._waits: dict[Request, tuple[asyncio.Future[None], float]] = {}
        """Who waits for a task and until when, in the order of the ends, because the limit is the same for all."""
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, task: Request, limit: float) -> asyncio.Future[None]:
        """What is done when a task is, or after ``limit`` seconds. The task tells which of the two it was."""
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        self._waits[task] = over, loop.time() + limit
        task.add_done_callback(self._ended)
        if self._timer is None:
            self._timer = loop.call_later(limit, self._expire)
        return over

    def _ended(self, task: Request) -> None:
        wait = self._waits.pop(task, None)
        if wait is not None and not wait[0].done():
            wait[0].set_result(None)

    def _expire(self) -> None:
        """End the waits whose time is over, and set the timer for the next one."""
        loop = asyncio.get_running_loop()
        self._timer = None
        for task, (_, end) in list(self._waits.items()):
            if end > loop.time():
                self._timer = loop.call_at(end, self._expire)
                break
            self._ended(task)
