"""Two thousand events, a receiver that fails at random, and a kernel that is killed and started twice.

Every event arrives at least once, and in order within its partition.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import chronicle_notebook as cn
from chronicle_notebook.model import EventToAppend, EventType, RegisteredEventType
from tests.waiting import LONG

EVENTS = 2_000
PARTITIONS = 20
CHUNK = 100


@contextmanager
def running(data: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox in a process of its own, so that it can be killed."""
    command = [sys.executable, "-m", "chronicle_notebook.sandbox", "--data", str(data), "--port", str(port)]
    command += ["--time-scale", "0.002", "--settle-delay", "0.01"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def append(client: cn.Client, start: int, stop: int) -> None:
    """Append events; each knows its partition and its place in it."""
    for first in range(start, stop, CHUNK):
        client.event_log.append_many(
            [
                EventToAppend(f"p-{n % PARTITIONS}", EventType("Counted"), {"place": n // PARTITIONS})
                for n in range(first, min(first + CHUNK, stop))
            ]
        )


def test_every_event_arrives_at_least_once_and_in_order_through_failures_and_kills(tmp_path: Path) -> None:
    with cn.Receiver(keep=100_000) as endpoint:
        endpoint.misbehave(status=503, probability=0.4, seed=7)
        progress, killed = threading.Event(), threading.Event()

        def under_way(delivery: cn.receiver.Delivery) -> None:
            """From the tenth delivery on, the receiver answers nothing until the kernel is killed."""
            if delivery.number % 10 == 0 and not killed.is_set():
                progress.set()
                killed.wait(LONG)

        endpoint.on_delivery(under_way)
        port, undelivered = 0, []
        for life, (start, stop) in enumerate([(0, 900), (900, 1_600), (1_600, EVENTS)]):
            with running(tmp_path, port) as (process, connection_string):
                port = int(connection_string.rpartition(":")[2].partition("/")[0])
                with cn.connect(connection_string, event_store="shop", name="chaos") as client:
                    if life == 0:
                        client.ensure_event_store()
                        client._kernel.register_event_types("shop", [RegisteredEventType(EventType("Counted"))])
                        client.webhooks.register("counter", endpoint.url, lambda b: b.with_event_type("Counted"))
                    progress.clear()
                    if life < 2:
                        killed.clear()
                    append(client, start, stop)
                    if life < 2:
                        assert progress.wait(LONG), "deliveries must be under way when the kernel is killed"
                        process.send_signal(signal.SIGKILL)
                        process.wait()
                        killed.set()
                        undelivered.append(stop - sum(len(set(seen)) for seen in received(endpoint).values()))
                    else:
                        endpoint.behave()
                        wait_for_all(endpoint)
        failures = sum(delivery.status == 503 for delivery in endpoint.deliveries)
        places = received(endpoint)
    assert all(left > 100 for left in undelivered), f"the kills must come in the middle: {undelivered}"
    assert failures > 5, "the receiver must have failed for this to prove anything"
    assert {partition: sorted(set(seen)) for partition, seen in places.items()} == {
        f"p-{n}": list(range(EVENTS // PARTITIONS)) for n in range(PARTITIONS)
    }
    for partition, seen in places.items():
        firsts = [place for index, place in enumerate(seen) if place not in seen[:index]]
        assert firsts == sorted(firsts), f"{partition} came out of order"


def received(endpoint: cn.Receiver) -> dict[str, list[int]]:
    """The places of each partition, in the order in which they were accepted."""
    places: dict[str, list[int]] = defaultdict(list)
    for delivery in endpoint.deliveries:
        if delivery.status == 200 and delivery.partition:
            places[delivery.partition] += [event["content"]["place"] for event in delivery.events]
    return places


def wait_for_all(endpoint: cn.Receiver) -> None:
    """Wait until each event was accepted once."""
    seen: set[tuple[str, int]] = set()

    def news(delivery: cn.receiver.Delivery) -> bool:
        if delivery.status == 200 and delivery.partition:
            seen.update((delivery.partition, event["content"]["place"]) for event in delivery.events)
        return len(seen) == EVENTS

    endpoint.wait_for(1, timeout=LONG, where=news)
