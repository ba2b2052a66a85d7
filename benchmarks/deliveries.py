"""Deliveries of the sandbox, against posts of bare aiohttp: the same bodies, as many in flight, to as many targets.

The target is a process of its own, which counts. It holds its answers back until everything was appended, so that only
deliveries are measured. Three ways: live events of 64 partitions, each a request of its own and one after the other as
in a kernel; one event to 2,000 webhooks; and, without a peer, stored events to webhooks that are registered later. They
catch up with all partitions at once, a hundred events in a request.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from urllib.request import urlopen

import aiohttp

import chronicle_notebook as cn
from chronicle_notebook.model import EventToAppend
from chronicle_notebook.sandbox.delivery._target_host import IN_FLIGHT

EVENTS, PARTITIONS, LATE, WEBHOOKS = 5_000, 64, 20, 2_000
MOVED, TICKED = cn.EventType("Moved"), cn.EventType("Ticked")
RAW = 2_000
SECONDS = 120
"""The time after which this benchmark has failed."""

LIVE = "live events of 64 partitions / posts of aiohttp, one in flight"
FAN_OUT = f"one event to {WEBHOOKS:,} webhooks / posts of aiohttp, {IN_FLIGHT} in flight"
LEAST = {LIVE: 0.5, FAN_OUT: 0.5}
"""What a figure must not be under."""


def measure() -> dict[str, float]:
    """The ratios, and deliveries in a second."""
    command = [sys.executable, "-m", "benchmarks.target"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as target:
        try:
            assert target.stdout is not None
            return _measured(f"http://127.0.0.1:{target.stdout.readline().strip()}")
        finally:
            target.kill()


def _measured(target: str) -> dict[str, float]:
    with cn.Sandbox(settle_delay=0) as kernel, cn.connect(kernel.connection_string, event_store="shop") as client:
        client.ensure_event_store()
        kinds = [cn.RegisteredEventType(type=kind, schema={"type": "object"}) for kind in (MOVED, TICKED)]
        client._kernel.register_event_types("shop", kinds)
        client.webhooks.register(_hook("live", target, MOVED))
        live = _in_turns(target, lambda: _rate(target, EVENTS, lambda: _append(client)), 1, rounds=3)
        late = [_hook(f"late-{number}", target, MOVED) for number in range(LATE)]
        caught_up = _rate(target, LATE * PARTITIONS * 3, lambda: client.webhooks.register(late, wait=30))
        client.webhooks.remove(client.webhooks.ids(), wait=30)
        tick = _ticking(client, target)
        fan_out = _in_turns(target, lambda: _rate(target, WEBHOOKS, tick), IN_FLIGHT, rounds=5)
    return {
        "live deliveries in a second": live[0],
        "one event to 2,000 webhooks, deliveries in a second": fan_out[0],
        "processor time of 2,000 deliveries of one event / of as many posts": fan_out[2],
        "events in a second that webhooks catch up with, up to a hundred in a request": caught_up * EVENTS / PARTITIONS,
        FAN_OUT: fan_out[1],
        LIVE: live[1],
    }


def _in_turns(target: str, deliver: Callable[[], float], in_flight: int, *, rounds: int) -> tuple[float, ...]:
    """Deliveries in a second, their ratio to posts of the same body by bare aiohttp, and the ratio of processor time.

    The medians of some rounds. Each round has both, one after the other, so that a busy machine slows both down.
    """
    found: list[tuple[float, float, float]] = []
    for _ in range(rounds):
        started = time.process_time()
        delivered = deliver()
        spent = time.process_time()
        posted = _raw(target, _get(f"{target}/body"), in_flight)
        found.append((delivered, delivered / posted, (spent - started) / (time.process_time() - spent)))
    return tuple(map(statistics.median, zip(*found, strict=True)))


def _ticking(client: cn.Client, target: str) -> Callable[[], object]:
    """Register many webhooks, and return what appends an event for them."""
    client.webhooks.register([_hook(f"fan-{number}", target, TICKED) for number in range(WEBHOOKS)], wait=60)
    return lambda: client.event_log.append_many([EventToAppend("s", TICKED, {})])


def _hook(webhook: str, target: str, kind: cn.EventType) -> cn.WebhookDefinition:
    return cn.WebhookDefinition(id=webhook, target_url=f"{target}/{webhook}", event_types=(kind,))


def _append(client: cn.Client) -> None:
    for first in range(0, EVENTS, 500):
        numbers = range(first, min(first + 500, EVENTS))
        client.event_log.append_many([EventToAppend(f"p-{each % PARTITIONS}", MOVED, {"n": each}) for each in numbers])


def _rate(target: str, count: int, prepare: Callable[[], object]) -> float:
    """Deliveries in a second after everything was prepared."""
    _get(f"{target}/hold")
    prepare()
    started = time.perf_counter()
    _get(f"{target}/open")
    # One question whose answer waits: asking again and again would take time from the thread that delivers.
    seen = int(_get(f"{target}/until/{count}"))
    assert seen == count, f"{seen} deliveries instead of {count}"
    return count / (time.perf_counter() - started)


def _raw(target: str, body: bytes, in_flight: int) -> float:
    """Posts of bare aiohttp in a second, over connections that are open before, like those of the deliveries.

    The body goes in one chunk without a length in the headers, as a kernel sends it: the same bytes on the line.
    """

    async def chunk() -> AsyncIterator[bytes]:
        yield body

    async def post(session: aiohttp.ClientSession, place: str, share: int) -> None:
        for number in range(share):
            url = f"{target}/{place}-{number}" if in_flight > 1 else f"{target}/raw"
            async with session.post(url, data=chunk(), headers={"Content-Type": "application/json"}) as response:
                assert response.status == 200

    async def run() -> float:
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(post(session, "first", 1) for _ in range(in_flight)))
            started = time.perf_counter()
            await asyncio.gather(*(post(session, f"raw-{number}", RAW // in_flight) for number in range(in_flight)))
            return RAW / (time.perf_counter() - started)

    return asyncio.run(run())


def _get(url: str) -> bytes:
    with urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
        return content


if __name__ == "__main__":
    print(measure())
