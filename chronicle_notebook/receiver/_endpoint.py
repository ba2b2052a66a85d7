"""The HTTP part of a receiver: a socket on the loopback interface, and a thread with its own loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

from chronicle_notebook.base._loopback import LoopThread, WithoutPayload, listening_socket, turns

_logger = logging.getLogger("chronicle_notebook.receiver.http")
_logger.addFilter(WithoutPayload("The receiver could not handle a request"))
# The time in seconds that a request whose body is still arriving has when the receiver stops.
_GRACE = 0.25
_HEADER_LIMIT = 64 * 1024

Handler = Callable[[web.Request, asyncio.Event], Coroutine[Any, Any, web.StreamResponse]]


class Endpoint:
    """Serves requests from construction until :meth:`stop`."""

    def __init__(self, handler: Handler, port: int) -> None:
        self._handler = handler
        self._socket = listening_socket(port)
        self.port: int = self._socket.getsockname()[1]
        self._thread = LoopThread(f"chronicle-receiver-{self.port}", self._socket, self._serve)
        try:
            self._thread.start()
        except BaseException:
            # The start was interrupted or failed: leave neither the thread nor the port behind.
            self.stop()
            raise

    @property
    def on_its_thread(self) -> bool:
        """Whether the caller runs in this endpoint's thread, and so must not wait for it."""
        return self._thread.is_current

    def stop(self) -> None:
        """End the service. Returns when the thread has ended and the port is free."""
        self._thread.tell(asyncio.Event.set)
        self._thread.join()

    async def _serve(self, ready: Callable[[asyncio.Event], None]) -> None:
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
            ready(stopping)
            await stopping.wait()
            # A connection that was just accepted has not reached the runner yet. asyncio loses its socket if the server
            # closes now. So accept no more connections, and let the loop finish with this one.
            asyncio.get_running_loop().remove_reader(self._socket)
            await turns()
        finally:
            await runner.cleanup()
