"""What a kernel far away costs, in round trips: 50 ms each way, and every connection is opened with one more.

The kernel is a sandbox that behaves as 16.37 does: it objects to the contract of this package, so that a client asks
more than the newest kernel needs, and it gives a token to each client. A round trip is the time that one call takes.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import chronicle_notebook as cn
from benchmarks.relay import ROUND_TRIP

ROUNDS = 4

LIMITS = {
    "connect": 7.0,
    "all()": 1.2,
    "describe": 2.0,
    "plan": 2.0,
    "observers": 1.2,
    "failed partitions": 1.2,
    "register": 4.0,
    "doctor": 8.0,
}
"""Round trips that must not be exceeded."""


def measure() -> dict[str, float]:
    """Round trips of each, the best of some."""
    with _far_kernel() as connection:
        works = _works(connection)
        best = dict.fromkeys(LIMITS, float("inf"))
        for _ in range(ROUNDS):
            for name, work in works.items():
                started = time.perf_counter()
                work()
                best[name] = min(best[name], (time.perf_counter() - started) / ROUND_TRIP)
    return best


def _works(connection: str) -> dict[str, Callable[[], object]]:
    client = cn.connect(connection, event_store="shop", name="far")
    client.ensure_event_store()
    client._kernel.register_event_types("shop", [cn.RegisteredEventType(type=cn.EventType("Moved"), schema={})])
    client.webhooks.register("steady", "https://far.example.com/in", _configured)
    taken = iter(range(1_000))

    def register() -> object:
        number = next(taken)
        return client.webhooks.register(f"far-{number}", f"https://far.example.com/{number}", _configured, wait=5)

    return {
        "connect": lambda: cn.connect(connection, event_store="shop", name="near"),
        "all()": client.webhooks.all,
        "describe": lambda: client.describe("steady"),
        "plan": lambda: client.webhooks.plan("far", "https://far.example.com/in", _configured),
        "observers": client.observers,
        "failed partitions": client.failed_partitions,
        "register": register,
        "doctor": lambda: cn.doctor(connection, event_store="shop", namespace="Default"),
    }


def _configured(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return builder.with_event_type("Moved")


@contextmanager
def _far_kernel() -> Iterator[str]:
    """The address of a relay to a sandbox in a process of its own."""
    program = (
        "import threading, chronicle_notebook as cn; sandbox = cn.Sandbox(auth=True, behaves_like='16.37', "
        "settle_delay=0).start(); print(sandbox.port, flush=True); threading.Event().wait()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as kernel:
        assert kernel.stdout is not None
        command = [sys.executable, "-m", "benchmarks.relay", kernel.stdout.readline().strip()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
            try:
                assert relay.stdout is not None
                yield f"chronicle://127.0.0.1:{relay.stdout.readline().strip()}"
            finally:
                relay.kill()
                kernel.kill()
