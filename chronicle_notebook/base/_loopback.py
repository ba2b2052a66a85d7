"""What serves on the loopback interface, in a thread with an event loop of its own: the receiver, the sandbox's front.

Its log quotes nobody, its socket is there before the thread is, and it can be ended at any moment of its life.
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
"""The loopback interface, where everything of this package listens that listens at all."""
BACKLOG = 128
"""Connections that may wait to be accepted."""

Inside = TypeVar("Inside")


class WithoutPayload(logging.Filter):
    """Takes what a peer sent out of a record: an unreadable request is quoted by its error, secrets and all."""

    def __init__(self, what: str) -> None:
        """``what`` is the sentence that the record becomes; the kind of the error follows it."""
        super().__init__()
        self._what = what

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without what it quotes."""
        error = record.exc_info[0] if record.exc_info else None
        record.msg = f"{self._what}: %s"
        record.args = (error.__name__ if error else "see its answer",)
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def listening_socket(port: int) -> socket.socket:
    """A socket on 127.0.0.1 and that port, or a free one for 0; raises OSError as the system says."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows would otherwise share the port with whoever asks
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
    """The thread of a service, which closes the listening socket when it ends.

    ``serve`` runs in it until it is told to end. It calls its argument, once it serves, with what others may talk to.
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
        """Whether the caller runs on this thread, and so must not wait for it."""
        return threading.current_thread() is self._thread

    def start(self) -> None:
        """Begin; returns when it serves, and raises what kept it from that."""
        self._thread.start()
        self._ready.result()

    def tell(self, say: Callable[[Inside], object]) -> None:
        """Call something in the loop with what may be talked to; without effect when it does not run."""
        if self._thread.ident is None:
            return
        # Known at once: whoever was interrupted while it started stops it before it has begun.
        if self._ready.exception() is None:
            loop, inside = self._ready.result()
            with contextlib.suppress(RuntimeError):  # the loop is closed: it was stopped before
                loop.call_soon_threadsafe(say, inside)

    def join(self) -> None:
        """Wait until the thread has ended, and the port is free; at once when it never began."""
        if self._thread.ident is not None:
            self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        try:
            # This kind of loop on every system: others keep the listening socket from us.
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
    """Give the loop the turns that it takes to take in a connection which has just been accepted, and to let it go."""
    for _ in range(5):
        await asyncio.sleep(0)
