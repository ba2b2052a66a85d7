"""The memory that a list of 50,000 webhooks holds, against the size of the message that it was read from.

Both are of the process that lists: what it holds more after the list was made than before, with everything imported and
the connection open. The same is measured after each webhook of the list was looked at.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc
from contextlib import closing

from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.commands.gateway import CommandsGateway
from chronicle_notebook.contracts.wire import webhooks_pb2
from chronicle_notebook.session._webhooks import Webhooks

COUNT = 50_000
STORE = "banking"

LISTED = f"memory of {COUNT:,} listed webhooks / their message"
LIMITS = {LISTED: 3.0}
"""What a figure must not be over."""


def measure() -> dict[str, float]:
    """The ratios, and the size of the message in MB."""
    command = [sys.executable, "-m", "benchmarks.server", str(COUNT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            with closing(Channel(ConnectionString.parse(server.stdout.readline().strip()))) as channel:
                return _measured(channel)
        finally:
            server.kill()


def _measured(channel: Channel) -> dict[str, float]:
    size = len(channel.raw(methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(EventStore=STORE)))
    hooks = Webhooks(CommandsGateway(channel), lambda: STORE)
    assert len(hooks.all().ids) == COUNT
    tracemalloc.start()
    before = _held()
    listed = hooks.all()
    assert listed["hook-00007"].id == "hook-00007"
    after = _held()
    assert sum(hook.active for hook in listed)
    return {
        "the message, MB": size / 1e6,
        LISTED: (after - before) / size,
        "the same after each webhook was looked at / their message": (_held() - before) / size,
    }


def _held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
