"""What webhooks as code cost: a plan beside the listing and the reading of the file it needs, and an application.

A sandbox in a process of its own has the webhooks, so that only this side is measured.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import chronicle_notebook as cn
from benchmarks.listing import spent
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.sandbox import Sandbox

STORE = "banking"
COUNT = 1_000
TYPES = tuple(f"Type{number}" for number in range(5))
LIMITS = {"plan of 1,000 webhooks / one listing and reading the file": 2.0, "calls of applying 1,000 new ones": 60.0}
"""What a figure must not be over. With one call for each there would be 1,000."""


def definitions(count: int) -> tuple[cn.WebhookDefinition, ...]:
    """Webhooks with two event types and two headers each, as ``benchmarks.server`` has them."""
    builder = cn.DefinitionBuilder()
    return tuple(
        builder.with_event_types(TYPES[number % 5], TYPES[(number + 2) % 5])
        .with_headers({"x-source": "my-app", "x-team": f"team-{number % 40}"})
        .build(f"hook-{number:05}", f"https://target-{number % 97}.example.com/chronicle/webhooks/{number}")
        for number in range(count)
    )


def measure() -> dict[str, float]:
    """Figures for 1,000 webhooks."""
    command = [sys.executable, "-m", "benchmarks.desired"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            with cn.connect(server.stdout.readline().strip(), event_store=STORE) as client:
                return _measured(client)
        finally:
            server.kill()


def _measured(client: cn.Client) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "webhooks.yaml"
        state = cn.DesiredState(definitions(COUNT), event_store=STORE, owned_by=cn.Ownership(ids=("hook-*",)))
        state.write(path)
        calls, seconds = _applied(client, cn.DesiredState.read(path))
        reading, listing, planning, written = map(
            min,
            spent(
                lambda: cn.DesiredState.read(path),
                client.webhooks.all,
                lambda: cn.DesiredState.read(path).plan(client),
                state.to_yaml,
                rounds=5,
            ),
        )
        assert not cn.DesiredState.read(path).plan(client).differs(strict=True)
    return {
        "reading a file of 1,000 webhooks, ms": reading,
        "one listing of 1,000 webhooks, ms": listing,
        "plan of 1,000 webhooks / one listing and reading the file": planning / (reading + listing),
        "writing a file of 1,000 webhooks, ms": written,
        "calls of applying 1,000 new ones": float(calls),
        "applying 1,000 new ones, s": seconds,
    }


def _applied(client: cn.Client, state: cn.DesiredState) -> tuple[int, float]:
    """How many calls of any kind an application needs, and how long it takes."""
    calls = 0
    call = client._channel.call

    def counting(*arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        return call(*arguments, **options)  # type: ignore[arg-type]

    plan = state.plan(client)
    client._channel.call = counting  # type: ignore[method-assign, assignment]
    started = time.perf_counter()
    applied = plan.apply(wait=60.0)
    seconds = time.perf_counter() - started
    del client._channel.call
    assert applied
    assert len(applied) == COUNT
    return calls, seconds


def main() -> None:
    """Serve a sandbox until this process is killed."""
    with Sandbox(settle_delay=0.02, time_scale=0.01) as sandbox:
        with cn.connect(sandbox.connection_string, event_store=STORE) as client:
            client.ensure_event_store()
            types = [RegisteredEventType(EventType(name), {"type": "object"}) for name in TYPES]
            client._kernel.register_event_types(STORE, types)
        print(sandbox.connection_string, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
