"""What a call costs that goes through the client's own channel, against a bare call of grpcio to the same TLS port.

The channel adds a deadline, a correlation id, a look at the token, and errors of this package; a token adds gRPC's own
call credentials, which run in a thread for each call; the relay adds a hop. Calls of each kind take turns.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._server_channel import ServerChannel
from chronicle_notebook.connection._sockets import Deadline
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._tls import Secured, fetch_pin
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import webhooks_pb2

LIMITS = {
    "small call: client / grpcio": 1.8,
    "small call with a token: client / grpcio": 3.5,
    "small call over the relay: client / grpcio": 3.5,
}

_ROUNDS, _CALLS = 20, 100
_REQUEST = webhooks_pb2.GetWebhooksRequest(EventStore="shop")


def measure() -> dict[str, float]:
    """The three ratios, and a bare call in microseconds."""
    command = [sys.executable, "-m", "benchmarks.server", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            return _compared(server.stdout.readline().strip())
        finally:
            server.kill()


def _compared(connection: str) -> dict[str, float]:
    target = ConnectionString.parse(connection)
    with (
        closing(Channel(target)) as client,
        closing(Channel(replace(target, auth=None, api_key=Secret("t" * 400)))) as with_token,
        closing(Channel(target)) as relayed,
    ):
        pin = fetch_pin(target.hosts[0], client.trust, Deadline(5))
        nameless = Secured(target.hosts[0], pin._replace(name=""))
        relayed._line = ServerChannel(nameless, relayed.trust)
        options = [("grpc.ssl_target_name_override", pin.name)]
        with grpc.secure_channel(str(target.hosts[0]), grpc.ssl_channel_credentials(pin.pem), options) as bare:
            call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = bare.unary_unary(methods.GET_WEBHOOKS.path)
            data = _REQUEST.SerializeToString()
            kind = methods.GET_WEBHOOKS.response
            bare_us, *others = _medians(
                lambda: kind.FromString(call(data, timeout=30)),
                *(_listing(each) for each in (client, with_token, relayed)),
            )
    ratios = dict(zip(LIMITS, (other / bare_us for other in others), strict=True))
    return {"small call of grpcio, us": bare_us, **ratios}


def _listing(channel: Channel) -> Callable[[], object]:
    return lambda: channel.call(methods.GET_WEBHOOKS, _REQUEST)


def _medians(*works: Callable[[], object]) -> list[float]:
    """Microseconds of each, taken in turns."""
    spent: list[list[float]] = [[] for _ in works]
    for _ in range(_ROUNDS):
        for work, seconds in zip(works, spent, strict=True):
            work()
            for _ in range(_CALLS):
                started = time.perf_counter()
                work()
                seconds.append(time.perf_counter() - started)
    return [statistics.median(seconds) * 1e6 for seconds in spent]
