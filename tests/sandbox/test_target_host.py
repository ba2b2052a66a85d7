"""Which observers begin while requests to one host run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from chronicle_notebook.sandbox._stores import SequenceScope
from chronicle_notebook.sandbox._webhook import Webhook
from chronicle_notebook.sandbox.delivery._circuit import Circuit
from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.delivery._target_host import IN_FLIGHT, TargetHost

MANY = 500


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


def _observers() -> list[Observer]:
    scope = SequenceScope(1, "shop", "Default", "event-log")
    return [Observer(scope, Webhook(f"h{number}", "http://127.0.0.1:9/", "event-log")) for number in range(MANY)]


def test_no_more_observers_begin_than_requests_run_and_one_is_ready() -> None:
    async def run() -> None:
        host, hold, begun = TargetHost(Circuit(time.monotonic, 1.0)), asyncio.Event(), list[Observer]()
        running: set[asyncio.Task[None]] = set()

        async def deliver() -> None:
            async with host:
                await hold.wait()

        def begin(observer: Observer) -> None:
            begun.append(observer)
            running.add(asyncio.create_task(deliver()))

        observers = _observers()
        for observer in [*observers, *observers]:
            host.admit(observer, begin)
        await _until(lambda: len(begun) > IN_FLIGHT)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(begun) < IN_FLIGHT + 5, "the others wait without a task"
        hold.set()
        await _until(lambda: len(begun) == MANY)
        assert begun == observers, "each once, in their order"
        await asyncio.gather(*running)

    asyncio.run(run())


def test_one_request_that_hangs_while_all_others_end_keeps_nobody_from_beginning() -> None:
    async def run() -> None:
        host, hold, never = TargetHost(Circuit(time.monotonic, 1.0)), asyncio.Event(), asyncio.Event()
        begun: list[Observer] = []

        async def deliver(end: asyncio.Event) -> None:
            async with host:
                await end.wait()

        tasks = [asyncio.create_task(deliver(hold)) for _ in range(IN_FLIGHT)]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(deliver(never)))
        await asyncio.sleep(0)
        for observer in _observers():
            host.admit(observer, begun.append)
        for _ in range(10):
            await asyncio.sleep(0)
        assert begun == [], "one request is ready, and no slot is free"
        hold.set()
        await _until(lambda: len(begun) == MANY)
        never.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())
