"""What can stand between a client and a kernel: a proxy that ends TLS and passes HTTP/2 on, and fails on request."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.certificates import Issued, issue

DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
ACK = END_STREAM = 1
END_HEADERS = 4
PREFACE = 24


def page(status: int) -> bytes:
    """The headers of an HTML page, as a proxy sends it instead of an answer of a kernel (RFC 7541, uncompressed)."""
    return b"\x08\x03" + str(status).encode() + b"\x00\x0ccontent-type\x09text/html"


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class _Line:
    """One connection of a client, and its own connection to the kernel, if the kernel is there."""

    def __init__(self, client: asyncio.StreamWriter, kernel: asyncio.StreamWriter | None) -> None:
        self.client, self.kernel = client, kernel
        self.open: set[int] = set()
        """The streams that the client has opened and that have not ended."""
        self.ended_here: set[int] = set()
        self.silent = False


class Between:
    """A proxy on a port of the loopback interface."""

    def __init__(self, folder: Path, kernel: int, certificate: Issued) -> None:
        self._kernel = kernel
        self._lines: list[_Line] = []
        self.answer: bytes | None = None
        """The headers that answer each new call instead of the kernel; None passes calls on."""
        self.answered = 0
        """The number of calls that were answered here."""
        chain = folder / "proxy.pem"
        chain.write_bytes(certificate.key_pem + certificate.pem)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(chain)
        self._tls.set_alpn_protocols(["h2"])
        self._loop = asyncio.new_event_loop()
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        self._ready.wait()

    def reset(self, code: int) -> None:
        """Reset every open stream with a code of HTTP/2."""

        def send(line: _Line, stream: int) -> None:
            line.client.write(_frame(RESET, 0, stream, code.to_bytes(4, "big")))

        self._end(send)

    def go_away(self) -> None:
        """End every connection in an orderly way, although streams are open."""

        def send(line: _Line, stream: int) -> None:
            line.client.write(_frame(GOAWAY, 0, 0, stream.to_bytes(4, "big") + bytes(4)))
            line.client.close()

        self._end(send)

    def fall_silent(self) -> None:
        """Forget every connection of now, without a word to either side."""
        for line in self._lines:
            line.silent = True

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    def _end(self, send: Callable[[_Line, int], None]) -> None:
        def now() -> None:
            for line in self._lines:
                for stream in sorted(line.open):
                    line.ended_here.add(stream)
                    send(line, stream)
                line.open.clear()

        self._loop.call_soon_threadsafe(now)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = int(server.sockets[0].getsockname()[1])
        self._ready.set()
        async with server:
            await self._over.wait()
            # As in ScriptedFront: whoever was just accepted gets a transport before the server is closed.
            for listening in server.sockets:
                self._loop.remove_reader(listening)
            await asyncio.sleep(0)
            for line in self._lines:
                line.client.transport.abort()
                if line.kernel is not None:
                    line.kernel.transport.abort()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await asyncio.sleep(0.01)  # what was aborted is closed in the next rounds of the loop

    async def _accept(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        onward = ssl.create_default_context()
        onward.check_hostname, onward.verify_mode = False, ssl.CERT_NONE
        onward.set_alpn_protocols(["h2"])
        ways: list[asyncio.Task[None]] = []
        line: _Line | None = None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                kernel, out = await asyncio.open_connection("127.0.0.1", self._kernel, ssl=onward)
            except OSError:
                line = _Line(back, None)
                back.write(_frame(SETTINGS, 0, 0))
            else:
                line = _Line(back, out)
                ways.append(asyncio.create_task(self._down(kernel, line)))
            self._lines.append(line)
            ways.append(asyncio.create_task(self._up(client, line)))
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for writer in (back, line.kernel if line is not None else None):
            if writer is not None:
                writer.transport.abort()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _up(self, client: asyncio.StreamReader, line: _Line) -> None:
        """From the client to the kernel."""
        start = await client.readexactly(PREFACE)
        if line.kernel is not None:
            line.kernel.write(start)
        while True:
            frame, kind, flags, stream = await _read(client)
            if line.silent:
                continue
            if kind == HEADERS and self.answer is not None:
                self.answered += 1
                line.ended_here.add(stream)
                line.client.write(_frame(HEADERS, END_HEADERS, stream, self.answer))
                line.client.write(_frame(DATA, END_STREAM, stream, b"<html>We will be back soon.</html>"))
            elif line.kernel is None:
                if kind in {SETTINGS, PING} and not flags & ACK:
                    line.client.write(_frame(kind, ACK, 0, frame[9:] if kind == PING else b""))
                elif kind == HEADERS:
                    line.client.write(_frame(RESET, 0, stream, (7).to_bytes(4, "big")))
            elif stream not in line.ended_here:
                if kind == HEADERS:
                    line.open.add(stream)
                line.kernel.write(frame)

    async def _down(self, kernel: asyncio.StreamReader, line: _Line) -> None:
        """From the kernel to the client."""
        while True:
            frame, kind, flags, stream = await _read(kernel)
            if line.silent or stream in line.ended_here:
                continue
            if kind == RESET or (kind in {DATA, HEADERS} and flags & END_STREAM):
                line.open.discard(stream)
            line.client.write(frame)


async def _read(source: asyncio.StreamReader) -> tuple[bytes, int, int, int]:
    """A frame, its kind, its flags and its stream."""
    head = await source.readexactly(9)
    payload = await source.readexactly(int.from_bytes(head[:3], "big"))
    return head + payload, head[3], head[4], int.from_bytes(head[5:9], "big") & 0x7FFFFFFF


@contextlib.contextmanager
def between(folder: Path, kernel: int) -> Iterator[Between]:
    """A proxy in front of the kernel on a port, for the block."""
    proxy = Between(folder, kernel, issue("localhost", "127.0.0.1"))
    try:
        yield proxy
    finally:
        proxy.close()
