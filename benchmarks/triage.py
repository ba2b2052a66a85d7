"""What a triage costs beside the calls that it makes: 300 webhooks in three namespaces, 100 failed partitions.

The kernel is a sandbox in a process of its own. The raw limit is the same calls with the same requests, one after the
other, and the parsing of their answers.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client

SECONDS = 120
STORE, NAMESPACES, SOURCES, FAILING = "shop", ("Default", "Tenant-A", "Tenant-B"), 17, 2
TYPES = [cn.EventType(f"Event{number:02d}") for number in range(15)]
BESIDE, RATIO = "triage of 300 webhooks beside its raw calls, ms", "triage of 300 webhooks / its raw calls"
LIMITS = {BESIDE: 500.0, RATIO: 3.0}
_ROUNDS = 7


def measure() -> dict[str, float]:
    """The time of a triage, of its raw calls, and how they compare."""
    with subprocess.Popen([sys.executable, "-m", "benchmarks.triage"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            with cn.connect(server.stdout.readline().strip(), event_store=STORE, name="bench") as client:
                return _compared(client)
        finally:
            server.kill()


def _compared(client: Client) -> dict[str, float]:
    found = client.triage()
    assert (found.webhooks, found.partitions) == (300, FAILING * SOURCES * len(NAMESPACES)), found
    calls = _calls(client)
    triage, raw = [], []
    for _ in range(_ROUNDS):
        triage.append(_spent(client.triage))
        raw.append(_spent(lambda: [call() for call in calls]))
    return {
        "calls of a triage": float(len(calls)),
        "raw calls of a triage of 300 webhooks, ms": min(raw),
        "triage of 300 webhooks, ms": min(triage),
        BESIDE: min(triage) - min(raw),
        RATIO: min(triage) / min(raw),
    }


def _calls(client: Client) -> list[Callable[[], Any]]:
    """The calls that one triage makes, to be made again."""
    channel, found = client._channel, []
    for name in ("call", "first"):
        make = getattr(channel, name)

        def noted(*arguments: Any, make: Any = make, **named: Any) -> Any:
            found.append(lambda: make(*arguments, **named))
            return make(*arguments, **named)

        setattr(channel, name, noted)
    client.triage()
    del channel.call, channel.first
    return found


def _spent(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def serve() -> None:
    """A sandbox with the scene, until it is killed."""
    with (
        cn.Receiver() as target,
        Sandbox(settle_delay=0.0, time_scale=0.001) as kernel,
        cn.connect(kernel.connection_string, event_store=STORE, name="scene") as client,
    ):
        client.ensure_event_store()
        for space in NAMESPACES[1:]:
            client.ensure_namespace(space)
        client._kernel.register_event_types(STORE, [cn.RegisteredEventType(kind, {"type": "object"}) for kind in TYPES])
        build = cn.DefinitionBuilder()
        hooks = [
            build.with_event_types(*TYPES[number % 14 : number % 14 + 2]).build(f"hook-{number:03d}", target.url)
            for number in range(300 - FAILING)
        ]
        lame = build.with_event_type(TYPES[-1])
        hooks += [lame.build(f"pay-{number}", f"http://127.0.0.1:9/{number}") for number in range(FAILING)]
        client.webhooks.register(hooks, wait=60)
        for space in NAMESPACES:
            events = [cn.EventToAppend(f"order-{number % SOURCES}", kind, {}) for number, kind in enumerate(TYPES * 2)]
            events += [cn.EventToAppend(f"order-{number}", TYPES[-1], {}) for number in range(SOURCES)]
            client.at(namespace=space).event_log.append_many(events)
        while (found := client.triage()).partitions < FAILING * SOURCES * len(
            NAMESPACES
        ) or "delivering" in found.counts:
            time.sleep(0.2)
        print(kernel.connection_string, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    serve()
