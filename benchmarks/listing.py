"""What a listing costs beside its bytes.

A server in a process of its own answers with bytes that were made before, so that only this side is measured. The raw
limit is the call and the parsing of the same answer; the peer is ``MessageToDict`` with ``json_normalize``.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pandas as pd
from google.protobuf.json_format import MessageToDict

from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.commands.gateway import CommandsGateway
from chronicle_notebook.contracts.wire import webhooks_pb2
from chronicle_notebook.session._webhooks import Webhooks

STORE = "banking"
REQUEST = webhooks_pb2.GetWebhooksRequest(EventStore=STORE)


ROUNDS, FEW = 40, 3
"""How often each is measured, and how often the peer is, which takes long."""
SECONDS = 120
"""The time after which this benchmark has failed."""


def spent(*works: Callable[[], object], rounds: int) -> list[list[float]]:
    """The milliseconds of each in each round. They take turns, and another one begins each round, so that what disturbs
    one, or what one leaves for the next, is the same for all."""
    times: list[list[float]] = [[0.0] * rounds for _ in works]
    gc.collect()
    for at in range(rounds):
        for each in range(len(works)):
            place = (at + each) % len(works)
            started = time.perf_counter()
            works[place]()
            times[place][at] = (time.perf_counter() - started) * 1000
    return times


def ratio(times: list[float], to: list[float]) -> float:
    """The median of the ratios of all rounds: a moment in which the machine was busy has no weight."""
    return statistics.median(one / other for one, other in zip(times, to, strict=True))


def measure() -> dict[str, float]:
    """Figures for 1,000, 10,000 and 50,000 webhooks."""
    figures: dict[str, float] = {}
    for count in (1_000, 10_000, 50_000):
        figures |= _measured(count)
    return figures


LIMITS = {
    "to_frame() of 10,000 webhooks / raw call and parse": 2.0,
    "all() of 10,000 webhooks / raw call and parse": 4.0,
}
"""What a figure must not be over."""


def _measured(count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.server", str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            return _compared(server.stdout.readline().strip(), count)
        finally:
            server.kill()


def _compared(connection_string: str, count: int) -> dict[str, float]:
    """The raw call, and the ratios of the frame, of the list and of the peer to it."""
    name = f"{count:,} webhooks"
    with closing(Channel(ConnectionString.parse(connection_string))) as channel:
        hooks = Webhooks(CommandsGateway(channel), lambda: STORE)
        assert len(hooks.to_frame()) == len(hooks.all()) == count

        def call() -> Any:
            return channel.call(methods.GET_WEBHOOKS, REQUEST)

        raw, frame, listed = spent(call, hooks.to_frame, hooks.all, rounds=ROUNDS)
        again, peer = spent(call, lambda: pd.json_normalize(MessageToDict(call())["Data"]), rounds=FEW)
        return {
            f"raw call and parse of {name}, ms": statistics.median(raw),
            f"to_frame() of {name} / raw call and parse": ratio(frame, raw),
            f"all() of {name} / raw call and parse": ratio(listed, raw),
            f"MessageToDict and json_normalize of {name} / raw call and parse": ratio(peer, again),
        }
