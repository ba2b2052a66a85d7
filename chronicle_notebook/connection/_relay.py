"""A relay for servers whose certificate gRPC can never accept: it has expired, or it has no name.

gRPC connects to a private socket of this process, and the relay passes all data on over TLS. The relay checks that the
server shows exactly the pinned certificate, as gRPC would do.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path

from chronicle_notebook.base._errors import NotSupportedError
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._tls import HANDSHAKE_TIMEOUT

_CHUNK = 256 * 1024


class Relay:
    """A socket that only this user can open, and that passes data on to one server. :meth:`close` ends it."""

    def __init__(self, host: Host, fingerprint: str, context: ssl.SSLContext) -> None:
        if not hasattr(asyncio, "open_unix_connection"):
            raise NotSupportedError(
                f"The certificate of {host} has expired or has no name, and this system has no Unix sockets for a "
                "relay, so it cannot connect.",
                hint="Renew the certificate on the kernel.",
            )
        self._host, self._fingerprint, self._context = host, fingerprint, context
        import tempfile

        self._folder = Path(tempfile.mkdtemp(prefix="chronicle-relay-"))  # with mode 0700
        self._path = self._folder / "socket"
        self._process = os.getpid()
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="chronicle-relay", daemon=True)
        self._thread.start()
        self._ready.wait(HANDSHAKE_TIMEOUT)
        if self._failure is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise self._failure

    @property
    def target(self) -> str:
        """The address that gRPC connects to."""
        return f"unix:{self._path}"

    def close(self) -> None:
        """Close all connections and remove the socket."""
        if os.getpid() != self._process:
            return
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(HANDSHAKE_TIMEOUT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        try:
            server = await asyncio.start_unix_server(self._accept, self._path)
            self._path.chmod(0o600)
        except OSError as error:
            self._failure = error
            return
        finally:
            self._ready.set()
        async with server:
            await self._stop.wait()
            server.close()
            # A connection that was just accepted starts now, and so can end.
            await asyncio.sleep(0)
            passing = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in passing:
                task.cancel()
            await asyncio.gather(*passing, return_exceptions=True)
            await asyncio.sleep(0)

    async def _accept(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        # Ended by close(). Some releases of asyncio report a task that ends as cancelled as an error.
        with contextlib.suppress(asyncio.CancelledError):
            await self._pass_on(near, back)

    async def _pass_on(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        async with _ending(back):
            try:
                async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                    far, out = await asyncio.open_connection(
                        self._host.name, self._host.port, ssl=self._context, server_hostname=self._host.name
                    )
            except OSError:
                # gRPC sees that the connection ended and tells its callers. The next connection finds out the reason.
                return
            async with _ending(out):
                shown = out.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
                if hashlib.sha256(shown).hexdigest() == self._fingerprint:
                    await self._pump(near, out, far, back)

    async def _pump(
        self,
        near: asyncio.StreamReader,
        out: asyncio.StreamWriter,
        far: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        ways = [asyncio.create_task(_copy(near, out)), asyncio.create_task(_copy(far, back))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


@contextlib.asynccontextmanager
async def _ending(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close a connection at the end of the block, and wait until it is closed, because the loop may be closed next."""
    try:
        yield
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()
