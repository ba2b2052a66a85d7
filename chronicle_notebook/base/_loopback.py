"""Services on the loopback interface, each in a thread with its own event loop: the receiver and the sandbox's front.

The log of a service never repeats what a peer sent. The socket exists before the thread starts, and the service can be
ended at any time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

HOST = "127.0.0.1"
"""The loopback interface. Everything in this package that listens, listens here."""
BACKLOG = 128
"""The number of connections that may wait to be accepted."""

Inside = TypeVar("Inside")


class WithoutPayload(logging.Filter):
    """Removes from a log record what a peer sent: the error of an unreadable request repeats the request, with its
    secrets."""

    def __init__(self, what: str) -> None:
        """``what`` is the sentence that replaces the record. The type of the error follows it."""
        super().__init__()
        self._what = what

    def filter(self, record: logging.LogRecord) -> bool:
        """Accept every record, but remove what it repeats."""
        error = record.exc_info[0] if record.exc_info else None
        record.msg = f"{self._what}: %s"
        record.args = (error.__name__ if error else "see its answer",)
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def listening_socket(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1 and the given port, or a free port for 0. Raises OSError if the system does."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # otherwise Windows shares the port with other programs
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)  # noqa: FBT003 - the signature of the standard library
    except BaseException:
        listener.close()
        raise
    return listener


class LoopThread(Generic[Inside]):
    """The thread of a service. It closes the listening socket when it ends.

    ``serve`` runs in the thread until it must end. When it accepts requests, it calls its argument with the
    object that other threads may use.
    """

    def __init__(
        self,
        name: str,
        listener: socket.socket,
        serve: Callable[[Callable[[Inside], None]], Coroutine[Any, Any, None]],
    ) -> None:
        self._listener = listener
        self._serve = serve
        self._ready: Future[tuple[asyncio.AbstractEventLoop, Inside]] = Future()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_current(self) -> bool:
        """Whether the caller runs in this thread, and so must not wait for it."""
        return threading.current_thread() is self._thread

    def start(self) -> None:
        """Start the thread. Returns when the service accepts requests, or raises the error of the start."""
        self._thread.start()
        self._ready.result()

    def tell(self, say: Callable[[Inside], object]) -> None:
        """Call a function in the loop with the object that other threads may use. Has no effect if the service does not
        run."""
        if self._thread.ident is None:
            return
        # The answer is known at once: somebody who is interrupted during the start stops the service before it has
        # begun.
        if self._ready.exception() is None:
            loop, inside = self._ready.result()
            with contextlib.suppress(RuntimeError):  # the loop is closed: the service was stopped before
                loop.call_soon_threadsafe(say, inside)

    def join(self) -> None:
        """Wait until the thread has ended and the port is free. Returns at once if the thread never started."""
        if self._thread.ident is not None:
            self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        try:
            # This kind of loop on every system, because other kinds keep the listening socket for themselves.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve(self._serves))
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)
        finally:
            self._listener.close()

    def _serves(self, inside: Inside) -> None:
        self._ready.set_result((asyncio.get_running_loop(), inside))


async def turns() -> None:
    """Let the loop run a few times, so that it accepts a new connection and then closes it."""
    for _ in range(5):
        await asyncio.sleep(0)
