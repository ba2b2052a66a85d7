"""One TLS port for a scripted kernel and for HTTP/1.1 beside it, told apart by ALPN, as on a real kernel."""

from __future__ import annotations

import asyncio
import json
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chronicle_notebook.sandbox._certificate import Certificate
from tests.scripted import ScriptedKernel
from tests.waiting import LONG


@dataclass(frozen=True)
class HttpRequest:
    verb: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class HttpAnswer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    after: threading.Event | None = None
    """What must have happened before it is sent."""


Respond = Callable[[HttpRequest], HttpAnswer]


def as_json(value: Any, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


class ScriptedFront:
    """Passes HTTP/2 on to a kernel and answers HTTP/1.1 by path; every other path is 404."""

    def __init__(self, kernel: ScriptedKernel, certificate: Certificate | None = None, port: int = 0) -> None:
        self.kernel = kernel
        self.requests: list[HttpRequest] = []
        self.port = port
        self._routes: dict[str, Respond] = {}
        self._certificate = certificate or Certificate.generate()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(LONG)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def on(self, path: str, answer: HttpAnswer | Respond) -> ScriptedFront:
        self._routes[path] = answer if callable(answer) else lambda _request: answer
        return self

    def asked(self, path: str) -> int:
        return sum(request.path == path for request in self.requests)

    def stop(self) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(LONG)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "certificate.pem"
            file.write_bytes(self._certificate.chain + self._certificate.key)
            context.load_cert_chain(file)
        context.set_alpn_protocols(["http/1.1", "h2"])
        return context

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self._context())
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        # Python closes no connection that was just accepted and has no transport yet when the server is closed. So
        # nothing more is accepted, and one step of the loop later each has one.
        for listening in server.sockets:
            self._loop.remove_reader(listening)
        await asyncio.sleep(0)
        server.close()
        # Until nothing is left: handshakes under way, and whoever was let in meanwhile, come up one after the other.
        for _ in range(50):
            transports = list(self._loop._transports.values())  # type: ignore[attr-defined]
            for transport in transports:
                transport.abort()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if not transports and not tasks:
                await asyncio.sleep(0)  # an aborted connection is closed by the loop a step later
                await asyncio.sleep(0)
                return

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                if writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
                    await self._relay(reader, writer)
                else:
                    await self._answer(reader, writer)
            finally:
                await _cut(writer)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        near, far = await asyncio.open_connection("127.0.0.1", self.kernel.port)
        ways = [asyncio.create_task(_copy(reader, far)), asyncio.create_task(_copy(near, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await _cut(far)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines) if name}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        verb, path, _ = first.split(" ")
        request = HttpRequest(verb, path, headers, body.decode())
        self.requests.append(request)
        answer = self._routes.get(path, lambda _request: HttpAnswer(404))(request)
        await asyncio.sleep(answer.delay)
        while answer.after is not None and not answer.after.is_set():
            await asyncio.sleep(0.01)
        told = {"Content-Length": str(len(answer.body)), "Connection": "close"} | answer.headers
        lines = [f"HTTP/1.1 {answer.status} Whatever", *(f"{name}: {value}" for name, value in told.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
        # To cut the connection now would lose what the client has not taken yet: only a close sends all of it.
        writer.close()
        await writer.wait_closed()


async def _cut(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()


@contextmanager
def fronted(certificate: Certificate | None = None, port: int = 0, **settings: Any) -> Iterator[ScriptedFront]:
    """A scripted kernel behind a front."""
    kernel = ScriptedKernel(plain=True, **settings).start()
    front = ScriptedFront(kernel, certificate, port)
    try:
        yield front
    finally:
        front.stop()
        kernel.stop()
