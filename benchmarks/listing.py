"""What a listing costs beside its bytes.

A server in a process of its own answers with bytes that were made before, so that only this side is measured. The raw
limit is the call and the parsing of the same answer; the peer is ``MessageToDict`` with ``json_normalize``.
"""

from __future__ import annotations

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
from chronicle_notebook.session._webhooks import Webhooks

STORE = "banking"
REQUEST = webhooks_pb2.GetWebhooksRequest(EventStore=STORE)


def spent(*works: Callable[[], object], rounds: int) -> list[float]:
    """The best of some rounds for each, in milliseconds. They take turns, so that what disturbs one disturbs all."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            started = time.perf_counter()
            work()
            taken.append(time.perf_counter() - started)
    return [min(taken) * 1000 for taken in times]


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
            raw, frame, listed, peer = _compared(server.stdout.readline().strip(), count)
        finally:
            server.kill()
    name = f"{count:,} webhooks"
    return {
        f"raw call and parse of {name}, ms": raw,
        f"to_frame() of {name} / raw call and parse": frame / raw,
        f"all() of {name} / raw call and parse": listed / raw,
        f"MessageToDict and json_normalize of {name} / raw call and parse": peer / raw,
    }


def _compared(connection_string: str, count: int) -> tuple[float, float, float, float]:
    """Milliseconds of the raw call, of the frame, of the list, and of the peer."""
    with closing(Channel(ConnectionString.parse(connection_string))) as channel:
        hooks = Webhooks(CommandsGateway(channel), lambda: STORE)
        assert len(hooks.to_frame()) == count
        raw, frame, listed = spent(
            lambda: channel.call(methods.GET_WEBHOOKS, REQUEST), hooks.to_frame, hooks.all, rounds=15
        )
        (peer,) = spent(
            lambda: pd.json_normalize(MessageToDict(channel.call(methods.GET_WEBHOOKS, REQUEST))["Data"]), rounds=3
        )
        return raw, frame, listed, peer
