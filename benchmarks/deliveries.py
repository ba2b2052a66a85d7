"""Deliveries of the sandbox, against posts of bare aiohttp with the same bodies and as many of them in flight.

The target is a process of its own, which counts. It holds its answers back until everything was appended, so that only
deliveries are measured. Three ways: live events of 64 partitions, which go out one after the other as in a kernel; the
same events to a webhook that is registered later, which catches up with all partitions at once, a hundred events in a
request; and one event to 2,000 webhooks.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.request import urlopen

import aiohttp

import chronicle_notebook as cn
from chronicle_notebook.model import EventToAppend
from chronicle_notebook.sandbox.delivery._sender import IN_FLIGHT

EVENTS, PARTITIONS, LATE, WEBHOOKS = 5_000, 64, 20, 2_000
MOVED, TICKED = cn.EventType("Moved"), cn.EventType("Ticked")
RAW = 4_000
SECONDS = 120
"""The time after which this benchmark has failed."""

LEAST = {
    "live events of 64 partitions / posts of aiohttp, one in flight": 0.5,
    f"catch-up of 64 partitions / posts of aiohttp, {IN_FLIGHT} in flight": 0.5,
    f"one event to 2,000 webhooks / posts of aiohttp, {IN_FLIGHT} in flight": 0.5,
}
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
        live = max(_rate(target, EVENTS, lambda: _append(client)) for _ in range(2))
        one_body = _get(f"{target}/body")
        late = [_hook(f"late-{number}", target, MOVED) for number in range(LATE)]
        caught_up = _rate(target, LATE * PARTITIONS * 2, lambda: client.webhooks.register(late, wait=30))
        page = _get(f"{target}/body")
        client.webhooks.remove(client.webhooks.ids(), wait=30)
        fan_out = _fanned(client, target)
    wanted = ((one_body, 1), (page, IN_FLIGHT), (one_body, IN_FLIGHT))
    alone, paged, together = (max(_raw(f"{target}/raw", *each) for _ in range(2)) for each in wanted)
    ratios = (live / alone, caught_up / paged, fan_out / together)
    return {"live deliveries in a second": live, **dict(zip(LEAST, ratios, strict=True))}


def _fanned(client: cn.Client, target: str) -> float:
    """Deliveries of one event in a second, the best of some events."""
    client.webhooks.register([_hook(f"fan-{number}", target, TICKED) for number in range(WEBHOOKS)], wait=60)
    append = client.event_log.append_many
    return max(_rate(target, WEBHOOKS, lambda: append([EventToAppend("s", TICKED, {})])) for _ in range(4))


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
    while (seen := int(_get(f"{target}/count"))) < count:
        time.sleep(0.01)
    assert seen == count, f"{seen} deliveries instead of {count}"
    return count / (time.perf_counter() - started)


def _raw(url: str, body: bytes, in_flight: int) -> float:
    """Posts of bare aiohttp in a second."""

    async def post(session: aiohttp.ClientSession, share: int) -> None:
        for _ in range(share):
            async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as response:
                assert response.status == 200

    async def run() -> float:
        async with aiohttp.ClientSession() as session:
            await post(session, 20)
            started = time.perf_counter()
            await asyncio.gather(*(post(session, RAW // in_flight) for _ in range(in_flight)))
            return RAW / (time.perf_counter() - started)

    return asyncio.run(run())


def _get(url: str) -> bytes:
    with urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
        return content


if __name__ == "__main__":
    print(measure())
