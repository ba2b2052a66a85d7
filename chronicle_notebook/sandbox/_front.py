"""The one port of a kernel: TLS, where ALPN decides between gRPC and HTTP/1.1.

gRPC (HTTP/2) is passed on, decrypted, to a Unix socket in a private folder, where grpcio listens; everything else is
answered here. A kernel has one port for both too (source: K/Server/Program.cs). A client that insists on HTTP/2 for
``/connect/token`` is not served: its request goes to gRPC.
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
from chronicle_notebook.sandbox._data_folder import CERTIFICATE, FRONT_PREFIX, SOCKET, PrivateFolder

if TYPE_CHECKING:
    from aiohttp import web

HTTP_LIMIT = 30.0
"""The time in seconds after which a connection that speaks HTTP/1.1 is closed, whatever it waits for."""
HANDSHAKE_LIMIT = 10.0
"""The time limit of a TLS handshake in seconds."""
GRACE = 0.25
"""The time in seconds that a connection has for its end when it is closed."""

_BUFFER = 1024 * 1024
_LONGEST_PATH = 90  # of a Unix socket; systems allow about 104 bytes
_LOG = logging.getLogger(__name__)
_HTTP_LOG = logging.getLogger("chronicle_notebook.sandbox.http")
_HTTP_LOG.addFilter(WithoutPayload("The sandbox could not handle an HTTP request"))


PageAnswer = Callable[["web.BaseRequest"], Awaitable["web.StreamResponse"]]


class Front:
    """Listens from construction on, so that nobody else takes the port, and serves between `start` and `stop`."""

    def __init__(self, port: int, make_answer: Callable[[], PageAnswer]) -> None:
        """``port`` 0 means a free port. ``make_answer`` is called at the first HTTP/1.1 request.

        Raises OSError if the port is not available.
        """
        self._make_answer = make_answer
        self._socket = listening_socket(port)
        self.port: int = self._socket.getsockname()[1]
        try:
            self._folder = PrivateFolder(FRONT_PREFIX, longest=_LONGEST_PATH)
        except BaseException:
            self._socket.close()
            raise
        self.grpc_path = self._folder.path / SOCKET
        """The Unix socket for gRPC."""
        self._thread = LoopThread("chronicle-sandbox-front", self._socket, self._serve)

    def start(self, certificate: Certificate) -> None:
        """Start to accept connections. gRPC should listen on `grpc_path` by then."""
        self._context = _context(certificate, self._folder.path)
        self._thread.start()

    def refuse(self) -> None:
        """Accept no more connections; open ones continue. Has no effect if it does not run."""
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
    """Accepts connections, and knows all open ones. All its code runs in the loop's thread.

    It does not use asyncio's server, because that server loses a connection which has not reached its protocol when the
    server closes.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: socket.socket,
        context: ssl.SSLContext,
        grpc_path: str,
        make_answer: Callable[[], PageAnswer],
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
        """Accept no more connections."""
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener)
            self._listener.close()

    def leave(self) -> None:
        """Let `until_gone` continue."""
        self.refuse()
        self._leaving.set()

    async def until_gone(self) -> None:
        """Wait until told to leave, then close every connection."""
        await self._leaving.wait()
        # asyncio loses the socket of a connection that is cancelled before its handshake has begun. Let the loop run
        # until it has begun.
        await turns()
        for task in self._arriving:
            task.cancel()
        await asyncio.gather(*self._arriving, return_exceptions=True)
        if self._http is not None:
            await self._http.shutdown(GRACE)
        for end in list(self._ends):
            end.close()
        # Each connection closes within its grace time; the client may take as long.
        until = self._loop.time() + 4 * GRACE
        while self._open() and self._loop.time() < until:
            await asyncio.sleep(0.005)
        await turns()

    def opened(self, end: _End) -> None:
        """Add an end of a bridge."""
        self._ends.add(end)

    def closed(self, end: _End) -> None:
        """Forget an end of a bridge."""
        self._ends.discard(end)

    def _open(self) -> set[socket.socket]:
        """The accepted connections that are open, whoever uses them now."""
        self._connections = {connection for connection in self._connections if connection.fileno() >= 0}
        return self._connections

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # The usual reason: no more file descriptors. The listener stays readable, so do not spin.
                _LOG.warning("The sandbox could not accept a connection: %s", error.strerror)
                self._loop.remove_reader(self._listener)
                self._loop.call_later(1.0, self._resume)
                return
            connection.setblocking(False)  # noqa: FBT003 - the signature of the standard library
            # asyncio does this for its own sockets. Without it a small answer waits for an acknowledgement.
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
            return  # not TLS, or already closed: asyncio has closed the connection
        if outside.speaks_http2:
            await self._bridge(outside)
        elif not outside.transport.is_closing():
            self._serve_http(outside)

    async def _bridge(self, outside: _Outside) -> None:
        inside = _End(self)
        try:
            await self._loop.create_unix_connection(lambda: inside, self._grpc_path)
        except OSError:
            outside.transport.abort()  # gRPC has already stopped
        else:
            outside.join(inside)

    def _serve_http(self, outside: _Outside) -> None:
        if self._http is None:
            # Loaded for the first such request, so that clients that use only gRPC never pay for it.
            from aiohttp import web

            self._http = web.Server(self._make_answer(), access_log=None, logger=_HTTP_LOG)
        protocol = self._http()
        # From here on the HTTP server knows it and closes it.
        self.closed(outside)
        transport = outside.transport
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        transport.resume_reading()
        # Requests over HTTP are small. A connection that sends half of one must not stay for ever.
        self._loop.call_later(HTTP_LIMIT, outside.close)


class _End(asyncio.Protocol):
    """One end of a bridge: its input is the output of the other end, at the pace of the slower one."""

    def __init__(self, doorman: _Doorman) -> None:
        self._doorman = doorman
        self._other: _End | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(_BUFFER)
        # Until there is another end. Data waits in the socket until then.
        self.transport.pause_reading()
        self._doorman.opened(self)

    def join(self, other: _End) -> None:
        """Make a bridge from two ends."""
        self._other, other._other = other, self
        if self.transport.is_closing() or other.transport.is_closing():
            # One end has closed while the other was opened, and will not report it again.
            self.close()
            other.close()
            return
        for end in (self, other):
            end.transport.resume_reading()

    def close(self) -> None:
        """Send the waiting data, and close. A TLS transport of asyncio that is closed twice never closes (Python
        3.11)."""
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
    """The end of the client."""

    @property
    def speaks_http2(self) -> bool:
        """The protocol that the handshake agreed on."""
        agreed = self.transport.get_extra_info("ssl_object").selected_alpn_protocol()
        return bool(agreed == "h2")


def _context(certificate: Certificate, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A client that offers both gets HTTP/1.1, because gRPC offers only HTTP/2.
    context.set_alpn_protocols(["http/1.1", "h2"])
    # The standard library reads a key only from a file.
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
