"""The one port of a kernel: TLS, with gRPC and HTTP/1.1 told apart by ALPN.

gRPC (HTTP/2) goes on, decrypted, to a Unix socket in a private folder, where grpcio listens; everything else is
answered here. A kernel has one port for both too (source: K/Server/Program.cs). A client that insists on HTTP/2 for
``/connect/token`` is not served: it lands in gRPC.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from chronicle_notebook.base._loopback import BACKLOG, LoopThread, WithoutPayload, listening_socket, turns
from chronicle_notebook.sandbox._certificate import Certificate
from chronicle_notebook.sandbox._data_folder import CERTIFICATE, SOCKET, FrontFolder

if TYPE_CHECKING:
    from aiohttp import web

HANDSHAKE_LIMIT = 10.0
"""Seconds that a TLS handshake may take."""
GRACE = 0.25
"""Seconds that a connection gets to say goodbye when it is closed."""

_BUFFER = 1024 * 1024
_LONGEST_PATH = 90  # of a Unix socket; systems allow some 104 bytes
_LOG = logging.getLogger(__name__)
_HTTP_LOG = logging.getLogger("chronicle_notebook.sandbox.http")
_HTTP_LOG.addFilter(WithoutPayload("The sandbox could not handle an HTTP request"))


Answer = Callable[["web.BaseRequest"], Awaitable["web.StreamResponse"]]


class Front:
    """Listens from construction on, so that nobody else takes the port, and serves between `start` and `stop`."""

    def __init__(self, port: int, make_answer: Callable[[], Answer]) -> None:
        """``port`` 0 takes a free one. ``make_answer`` is called once there is an HTTP/1.1 request to answer.

        Raises OSError when the port cannot be had.
        """
        self._make_answer = make_answer
        self._socket = listening_socket(port)
        self.port: int = self._socket.getsockname()[1]
        try:
            self._folder = FrontFolder(_LONGEST_PATH)
        except BaseException:
            self._socket.close()
            raise
        self.grpc_path = self._folder.path / SOCKET
        """The Unix socket to which gRPC goes."""
        self._thread = LoopThread("chronicle-sandbox-front", self._socket, self._serve)

    def start(self, certificate: Certificate) -> None:
        """Begin to accept connections; something should listen on `grpc_path` by then."""
        self._context = _context(certificate, self._folder.path)
        self._thread.start()

    def refuse(self) -> None:
        """Accept no more connections; those that are open go on. Without effect when it does not run."""
        self._thread.tell(_Doorman.refuse)

    def stop(self) -> None:
        """Close everything; returns when the port is free and the thread has ended."""
        self._thread.tell(_Doorman.leave)
        self._thread.join()
        self._folder.remove()

    async def _serve(self, ready: Callable[[_Doorman], None]) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_report)
        doorman = _Doorman(loop, self._socket, self._context, str(self.grpc_path), self._make_answer)
        ready(doorman)
        await doorman.until_gone()


class _Doorman:
    """Accepts connections, and knows all that are open. Everything here runs in the loop's thread.

    Accepting is done here, and not by asyncio's server: that one loses a connection which is on its way to its protocol
    when the server closes.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: socket.socket,
        context: ssl.SSLContext,
        grpc_path: str,
        make_answer: Callable[[], Answer],
    ) -> None:
        self._loop = loop
        self._listener = listener
        self._context = context
        self._grpc_path = grpc_path
        self._make_answer = make_answer
        self._leaving = asyncio.Event()
        self._arriving: set[asyncio.Task[None]] = set()
        self._ends: set[_End] = set()
        self._connections: set[socket.socket] = set()
        self._http: web.Server | None = None
        loop.add_reader(listener, self._accept)

    def refuse(self) -> None:
        """Accept nobody any more."""
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener)
            self._listener.close()

    def leave(self) -> None:
        """Let `until_gone` go on."""
        self.refuse()
        self._leaving.set()

    async def until_gone(self) -> None:
        """Wait until told to leave, then close every connection."""
        await self._leaving.wait()
        # asyncio loses the socket of a connection that is cancelled before its handshake has begun: give the loop the
        # turns that it takes to begin.
        await turns()
        for task in self._arriving:
            task.cancel()
        await asyncio.gather(*self._arriving, return_exceptions=True)
        if self._http is not None:
            await self._http.shutdown(GRACE)
        for end in list(self._ends):
            end.close()
        # Each closes within its grace: the client may take as long to say goodbye.
        until = self._loop.time() + 4 * GRACE
        while self._open() and self._loop.time() < until:
            await asyncio.sleep(0.005)
        await turns()

    def opened(self, end: _End) -> None:
        """Note an end of a bridge."""
        self._ends.add(end)

    def closed(self, end: _End) -> None:
        """Forget an end of a bridge."""
        self._ends.discard(end)

    def _open(self) -> set[socket.socket]:
        """The accepted connections that are open, whoever has taken them over."""
        self._connections = {connection for connection in self._connections if connection.fileno() >= 0}
        return self._connections

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # Most likely out of file descriptors. The listener stays readable, so do not spin.
                _LOG.warning("The sandbox could not accept a connection: %s", error.strerror)
                self._loop.remove_reader(self._listener)
                self._loop.call_later(1.0, self._resume)
                return
            connection.setblocking(False)  # noqa: FBT003 - the signature of the standard library
            # asyncio does so for sockets that it made itself; without it a small answer waits for an acknowledgement.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open().add(connection)
            task = self._loop.create_task(self._welcome(connection))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    def _resume(self) -> None:
        if self._listener.fileno() >= 0:
            self._loop.add_reader(self._listener, self._accept)

    async def _welcome(self, connection: socket.socket) -> None:
        outside = _Outside(self)
        try:
            await self._loop.connect_accepted_socket(
                lambda: outside,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_LIMIT,
                ssl_shutdown_timeout=GRACE,
            )
        except (OSError, TimeoutError):
            return  # not TLS, or gone again: asyncio has closed the connection
        if outside.speaks_http2:
            await self._bridge(outside)
        elif not outside.transport.is_closing():
            self._serve_http(outside)

    async def _bridge(self, outside: _Outside) -> None:
        inside = _End(self)
        try:
            await self._loop.create_unix_connection(lambda: inside, self._grpc_path)
        except OSError:
            outside.transport.abort()  # gRPC has stopped already
        else:
            outside.join(inside)

    def _serve_http(self, outside: _Outside) -> None:
        if self._http is None:
            # Loaded for the first such request: a client of gRPC alone never pays for it.
            from aiohttp import web

            self._http = web.Server(self._make_answer(), access_log=None, logger=_HTTP_LOG)
        protocol = self._http()
        # From here on the HTTP server knows it, and closes it.
        self.closed(outside)
        transport = outside.transport
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        transport.resume_reading()


class _End(asyncio.Protocol):
    """One end of a bridge: what comes in here goes out at the other end, at the pace of the slower one."""

    def __init__(self, doorman: _Doorman) -> None:
        self._doorman = doorman
        self._other: _End | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(_BUFFER)
        # Until there is another end. What has come meanwhile waits in the socket.
        self.transport.pause_reading()
        self._doorman.opened(self)

    def join(self, other: _End) -> None:
        """Make a bridge of two ends."""
        self._other, other._other = other, self
        if self.transport.is_closing() or other.transport.is_closing():
            # One has gone while the other came, and will not tell any more.
            self.close()
            other.close()
            return
        for end in (self, other):
            end.transport.resume_reading()

    def close(self) -> None:
        """Send what waits, and close. A TLS transport of asyncio that is told so twice never closes (Python 3.11)."""
        if not self.transport.is_closing():
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self._other is not None:
            self._other.transport.write(data)

    def pause_writing(self) -> None:
        if self._other is not None:
            self._other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self._other is not None and not self._other.transport.is_closing():
            self._other.transport.resume_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        self._doorman.closed(self)
        if self._other is not None:
            self._other.close()


class _Outside(_End):
    """The end that faces the client."""

    @property
    def speaks_http2(self) -> bool:
        """What was agreed on in the handshake."""
        agreed = self.transport.get_extra_info("ssl_object").selected_alpn_protocol()
        return bool(agreed == "h2")


def _context(certificate: Certificate, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A client that offers both gets HTTP/1.1: gRPC offers HTTP/2 alone.
    context.set_alpn_protocols(["http/1.1", "h2"])
    # The standard library reads a key from a file only.
    file = folder / CERTIFICATE
    file.touch(mode=0o600)
    try:
        file.write_bytes(certificate.key + certificate.chain)
        context.load_cert_chain(file)
    finally:
        file.unlink()
    return context


def _report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    _LOG.warning("%s: %s", context.get("message"), type(error).__name__ if error else "no exception")
