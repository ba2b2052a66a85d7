"""What a client of another language really sent, sent again byte for byte, and the answers held against a kernel's."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._contract import ROOT, contract
from chronicle_notebook.sandbox._contract_descriptors import descriptors, message_class
from chronicle_notebook.sandbox._contract_text import contract_text
from tests.recorded.recording import lines
from tests.sandbox.conftest import Client
from tests.waiting import eventually

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
HASH = re.compile(r"[A-Za-z0-9+/]{43}=")
READS = ("Get", "All", "Has")


@dataclass(slots=True)
class Exchange:
    """A call of the client: what it sent, and what the kernel answered."""

    number: int
    path: str
    metadata: tuple[tuple[str, str], ...] = ()
    requests: list[bytes] = field(default_factory=list)
    responses: list[bytes] = field(default_factory=list)
    ended: str = ""

    @property
    def name(self) -> str:
        """The number of the call, with its service and method."""
        return f"{self.number} {self.path.removeprefix(f'/{ROOT}.')}"

    @property
    def read(self) -> bool:
        """Whether the call changes nothing, so that it may be made again until its answer has settled."""
        return self.path.rpartition("/")[2].startswith(READS)


@cache
def exchanges(name: str, release: str) -> tuple[Exchange, ...]:
    """The calls in a recording, in the order in which they began; what it leaves out comes from our own table."""
    found: dict[int, Exchange] = {}
    for line in lines(name):
        if "call" in line:
            metadata = tuple((name, value) for name, value in line.get("metadata", ()))
            found[line["n"]] = Exchange(line["n"], line["call"], metadata)
        exchange = found[line["n"]]
        if "request" in line:
            exchange.requests.append(_request(exchange, base64.b64decode(line["request"]), release))
        if "response" in line:
            exchange.responses.append(_response(exchange, base64.b64decode(line["response"]), release))
        exchange.ended = line.get("ended", exchange.ended)
    return tuple(found.values())


def _request(exchange: Exchange, sent: bytes, release: str) -> bytes:
    if exchange.path != methods.CHECK_COMPATIBILITY.path:
        return sent
    request = clients_pb2.CompatibilityRequest.FromString(sent)
    request.DescriptorSet = descriptors(release).SerializeToString()
    return request.SerializeToString()


def _response(exchange: Exchange, told: bytes, release: str) -> bytes:
    if exchange.path != methods.GET_DESCRIPTOR_SET.path:
        return told
    # Held by its hash in test_contract.py.
    return clients_pb2.DescriptorSetResponse(SchemaDefinition=contract_text(release)).SerializeToString()


class Replay:
    """Sends exchanges to a sandbox, one after the other. Streams stay open until it is closed."""

    def __init__(self, sandbox: Sandbox, release: str) -> None:
        self._client = Client(sandbox.port)
        self._release = release
        self._open: list[Any] = []

    def close(self) -> None:
        for call in self._open:
            call.cancel()
        self._client.close()

    def differs(self, exchange: Exchange, *, patience: float) -> str:
        """In what the answer is not that of the kernel; empty when it is the same.

        A read is made again for ``patience`` seconds until it is the same, as what went before takes effect later.
        """
        package, method = contract(self._release).paths[exchange.path]
        kind = message_class(self._release, package.full_name(method.response))
        wanted = [_even(MessageToDict(kind.FromString(told))) for told in exchange.responses]
        if method.response_streamed:
            return self._stream_differs(exchange, kind, wanted, patience)

        def found() -> Any:
            try:
                return _even(MessageToDict(kind.FromString(self._answer(exchange))))
            except grpc.RpcError as error:
                return f"{error.code().name}: {error.details()}"

        if exchange.read:
            last: list[Any] = []

            def settled() -> bool:
                last[:] = [found()]
                return last == wanted

            try:
                eventually(settled, within=patience)
            except AssertionError:
                return _told(last[0], wanted[0])
            return ""
        got = found()
        return "" if [got] == wanted else _told(got, wanted[0] if wanted else exchange.ended)

    def _answer(self, exchange: Exchange) -> bytes:
        (request,) = exchange.requests
        invoke: Any = self._client._channel.unary_unary(exchange.path)
        answer: bytes = invoke(request, timeout=120)
        return answer

    def _stream_differs(self, exchange: Exchange, kind: Any, wanted: list[Any], patience: float) -> str:
        """Compare the first element alone: how many there are depends on the time that a client stays."""
        closed = threading.Event()

        def requests() -> Iterator[bytes]:
            yield exchange.requests[0]
            # The client leaves it open.
            closed.wait()

        invoke: Any = self._client._channel.stream_stream(exchange.path)
        call = invoke(requests(), timeout=120, metadata=exchange.metadata)
        call.add_callback(closed.set)
        self._open.append(call)
        got: list[Any] = []

        def take() -> None:
            try:
                got.append(_even(MessageToDict(kind.FromString(next(call)))))
            except (grpc.RpcError, StopIteration) as error:
                got.append(repr(error))

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        thread.join(max(patience if wanted else min(patience, 10.0), 0.1))
        return "" if got == wanted[:1] else _told(got[0] if got else "nothing", wanted[0] if wanted else "nothing")


def _told(got: Any, wanted: Any) -> str:
    """The parts that differ, by their place."""
    return "; ".join(_parts("", got, wanted))


def _parts(place: str, got: Any, wanted: Any) -> Iterator[str]:
    if isinstance(got, dict) and isinstance(wanted, dict):
        for key in sorted(got.keys() | wanted.keys()):
            yield from _parts(f"{place}.{key}", got.get(key), wanted.get(key))
    elif isinstance(got, list) and isinstance(wanted, list) and len(got) == len(wanted):
        for number, (one, other) in enumerate(zip(got, wanted, strict=True)):
            yield from _parts(f"{place}[{number}]", one, other)
    elif got != wanted:
        yield f"{place}: {str(got)[:300]!r}, kernel {str(wanted)[:300]!r}"


def _even(value: Any) -> Any:
    """A message without what differs from run to run: ids, moments, hashes, ports and stack traces."""
    if isinstance(value, dict):
        if value and value.keys() <= {"lo", "hi"}:
            return "<guid>"
        return {key: "<trace>" if "StackTrace" in key else _even(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_even(entry) for entry in value]
    if isinstance(value, str):
        return HASH.sub("<hash>", MOMENT.sub("<moment>", value))
    return value
