"""What a listing costs beside its bytes.

A server in a process of its own answers with bytes that were made before, so that only this side is measured. The raw
limit is the call and the parsing of the same answer; the peer is ``MessageToDict`` with ``json_normalize``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing

import pandas as pd
from google.protobuf.json_format import MessageToDict

from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.commands.gateway import CommandsGateway
from chronicle_notebook.contracts.wire import webhooks_pb2
from chronicle_notebook.webhooks._service import Webhooks

STORE = "banking"
REQUEST = webhooks_pb2.GetWebhooksRequest(EventStore=STORE)
LIMIT = 4.0
"""How many times the raw call and parse a frame of 10,000 webhooks may cost."""


def spent(work: Callable[[], object], runs: int = 9) -> float:
    """The median of some runs, in milliseconds, after one that warms up."""
    work()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def measure() -> dict[str, float]:
    """Figures for 1,000, 10,000 and 50,000 webhooks."""
    figures: dict[str, float] = {}
    for count in (1_000, 10_000, 50_000):
        figures |= _measured(count)
    if figures["to_frame() of 10,000 webhooks / raw call and parse"] > LIMIT:
        raise SystemExit(f"A frame of 10,000 webhooks costs more than {LIMIT:g} times the raw call and parse.")
    return figures


def _measured(count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.server", str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        channel = Channel(ConnectionString.parse(server.stdout.readline().strip()))
        with closing(channel):
            gateway = CommandsGateway(channel)
            hooks = Webhooks(gateway, lambda: STORE)
            assert len(hooks.to_frame()) == count
            raw = spent(lambda: channel.call(methods.GET_WEBHOOKS, REQUEST))
            frame = spent(hooks.to_frame)
            listed = spent(hooks.all, 5)
            peer = spent(
                lambda: pd.json_normalize(MessageToDict(channel.call(methods.GET_WEBHOOKS, REQUEST)).get("Data", [])),
                3,
            )
        server.kill()
    name = f"{count:,} webhooks"
    return {
        f"raw call and parse of {name}, ms": raw,
        f"to_frame() of {name} / raw call and parse": frame / raw,
        f"all() of {name} / raw call and parse": listed / raw,
        f"MessageToDict and json_normalize of {name} / raw call and parse": peer / raw,
    }
