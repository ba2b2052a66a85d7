"""What the one port costs: gRPC and HTTP told apart by ALPN, against grpcio's own TLS port and against no TLS at all.

One server in a process of its own answers on three ports with bytes that were made before. Calls to the three take
turns, so that whatever else the machine does is in each of them.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import NoReturn

from benchmarks.server import answer
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.sandbox._certificate import Certificate
from chronicle_notebook.sandbox._front import Front
from chronicle_notebook.sandbox._pool import DaemonPool

OWN, FRONT, PLAIN = "grpcio's TLS port", "front", "no TLS"
_SMALL, _BIG = 1, 10_000
_ROUNDS, _CALLS, _THREADS = 30, 100, 8

LIMITS = {
    f"small call: front / {OWN}": 1.8,
    f"list of {_BIG:,} webhooks: front / {OWN}": 1.8,
    f"{_THREADS} callers at once: front / {OWN}": 1.8,
}
"""What a figure must not be over."""

Call = Callable[[bytes], bytes]


def measure() -> dict[str, float]:
    """Ratios for small answers, big ones, and many callers at once."""
    with _served() as calls:
        small = {name: _Timer(lambda call=call: call(b"")) for name, call in calls.items()}  # type: ignore[misc]
        big = {name: _Timer(lambda call=call: call(b"big")) for name, call in calls.items()}  # type: ignore[misc]
        for timer in [*small.values(), *big.values()]:
            timer.run(50)
            timer.seconds.clear()
        for _ in range(_ROUNDS):
            for timer in small.values():
                timer.run(_CALLS)
            for timer in big.values():
                timer.run(1)
        crowd = _crowds(calls)
    return {
        f"small call to {OWN}, us": small[OWN].median * 1e6,
        f"small call: front / {OWN}": small[FRONT].median / small[OWN].median,
        f"list of {_BIG:,} webhooks: front / {OWN}": big[FRONT].median / big[OWN].median,
        f"{_THREADS} callers at once: front / {OWN}": crowd[FRONT] / crowd[OWN],
        f"small call: {OWN} / {PLAIN}": small[OWN].median / small[PLAIN].median,
        f"small call: front / {PLAIN}": small[FRONT].median / small[PLAIN].median,
    }


class _Timer:
    """Calls something and keeps how long each took."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self.seconds: list[float] = []

    def run(self, times: int) -> None:
        for _ in range(times):
            started = time.perf_counter()
            self._work()
            self.seconds.append(time.perf_counter() - started)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def _crowds(calls: dict[str, Call]) -> dict[str, float]:
    """Seconds that many callers take together, the median of some runs, taken in turns."""
    spent: dict[str, list[float]] = {OWN: [], FRONT: []}
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in range(7):
            for name, taken in spent.items():
                call = calls[name]
                started = time.perf_counter()
                list(pool.map(lambda _, call=call: [call(b"") for _ in range(_CALLS)], range(_THREADS)))
                taken.append(time.perf_counter() - started)
    return {name: statistics.median(taken) for name, taken in spent.items()}


@contextmanager
def _served() -> Iterator[dict[str, Call]]:
    command = [sys.executable, "-m", "benchmarks.front"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
        ExitStack() as channels,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        ports = dict(zip((OWN, FRONT, PLAIN), map(int, server.stdout.readline().split()), strict=True))
        chain = "".join(iter(server.stdout.readline, "\n")).encode()
        options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
        calls: dict[str, Call] = {}
        for name, port in ports.items():
            if name == PLAIN:
                channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
            else:
                channel = grpc.secure_channel(f"localhost:{port}", grpc.ssl_channel_credentials(chain), options)
            call: grpc.UnaryUnaryMultiCallable[bytes, bytes]
            call = channels.enter_context(channel).unary_unary(methods.GET_WEBHOOKS.path)
            calls[name] = call
        yield calls
        channels.close()
        server.stdin.close()


def main() -> None:
    """Serve on three ports until the other side closes the standard input."""
    certificate = Certificate.generate()
    answers = {b"": answer(_SMALL), b"big": answer(_BIG)}
    server = grpc.server(DaemonPool("benchmark"), options=[("grpc.max_send_message_length", -1)])
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
        lambda request, _context: answers[request]
    )
    handlers = {methods.GET_WEBHOOKS.name: handler}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(methods.WEBHOOKS, handlers),))
    credentials = grpc.ssl_server_credentials([(certificate.key, certificate.chain)])
    own = server.add_secure_port("127.0.0.1:0", credentials)
    plain = server.add_insecure_port("127.0.0.1:0")
    front = Front(0, _nothing)
    server.add_insecure_port(f"unix:{front.grpc_path}")
    server.start()
    front.start(certificate)
    print(own, front.port, plain)
    print(certificate.chain.decode(), flush=True)
    sys.stdin.read()
    front.stop()
    server.stop(None).wait()


def _nothing() -> NoReturn:
    raise RuntimeError("only gRPC is measured")


if __name__ == "__main__":
    main()
