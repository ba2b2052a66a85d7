"""The HTTP side of a receiver: a socket on the loopback interface, and a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from aiohttp import web

_logger = logging.getLogger("chronicle_notebook.receiver.http")
# Requests whose body is still coming get this long to finish when the receiver stops, in seconds.
_GRACE = 0.25
_HEADER_LIMIT = 64 * 1024

Handler = Callable[[web.Request, asyncio.Event], Coroutine[Any, Any, web.StreamResponse]]


class _WithoutPayload(logging.Filter):
    """Takes what a peer sent out of a record: an unreadable request is quoted by its error, secrets and all."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[0] if record.exc_info else None
        record.msg = "The receiver could not handle a request: %s"
        record.args = (error.__name__ if error else "see its answer",)
        record.exc_info = record.exc_text = record.stack_info = None
        return True


_logger.addFilter(_WithoutPayload())


def listening_socket(port: int) -> socket.socket:
    """A socket on 127.0.0.1 and that port, or a free one for 0; raises OSError as the system says."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows would otherwise share the port with whoever asks
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


class Endpoint:
    """Serves from construction until :meth:`stop`."""

    def __init__(self, handler: Handler, port: int) -> None:
        self._handler = handler
        self._socket = listening_socket(port)
        self.port: int = self._socket.getsockname()[1]
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._run, name=f"chronicle-receiver-{self.port}", daemon=True)
        self._thread.start()
        try:
            self._ready.result()
        except BaseException:
            # Interrupted or failed while it started: leave neither the thread nor the port behind.
            self.stop()
            raise

    @property
    def on_its_thread(self) -> bool:
        """Whether the caller runs on this endpoint's thread, and so must not wait for it."""
        return threading.current_thread() is self._thread

    def stop(self) -> None:
        """End the service; returns when the thread has ended and the port is free."""
        if self._ready.exception() is None:
            loop, stopping = self._ready.result()
            with contextlib.suppress(RuntimeError):  # the loop is closed: it was stopped before
                loop.call_soon_threadsafe(stopping.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            # This kind of loop on every system, because only it lets go of the listening socket: see _serve.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)
        finally:
            self._socket.close()

    async def _serve(self) -> None:
        stopping = asyncio.Event()

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._handler(request, stopping)

        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handle)
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=_logger,
            handler_cancellation=True,
            shutdown_timeout=_GRACE,
            max_line_size=_HEADER_LIMIT,
            max_field_size=_HEADER_LIMIT,
        )
        try:
            await runner.setup()
            await web.SockSite(runner, self._socket).start()
            self._ready.set_result((asyncio.get_running_loop(), stopping))
            await stopping.wait()
            # A connection accepted a moment ago is still on its way to the runner. asyncio loses its socket when
            # the server closes meanwhile, so accept no more, and give the loop the three turns that taking it in needs.
            asyncio.get_running_loop().remove_reader(self._socket)
            for _ in range(5):
                await asyncio.sleep(0)
        finally:
            await runner.cleanup()
