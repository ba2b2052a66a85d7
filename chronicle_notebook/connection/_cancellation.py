"""Ending the calls of a thread from another thread, for a person who no longer wants to wait."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from chronicle_notebook.base._errors import CallCancelledError
from chronicle_notebook.connection._grpc import grpc


class _Ended:
    """Something to end that is no call."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end

    def cancel(self) -> None:
        with suppress(OSError):
            self._end()


def _cancelled() -> CallCancelledError:
    return CallCancelledError("The call was cancelled from here.", hint="Look at what the kernel lists.")


_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


class Cancellation:
    """Calls made inside ``with cancellation.watched():`` end at once when :meth:`cancel` is called elsewhere.

    They then raise :class:`~chronicle_notebook.CallCancelledError`. Of a write that was on its way the outcome is not
    known.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._call: Any = None
        self._cancelled = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """End the call that runs, and refuse those that would follow."""
        with self._lock:
            self._cancelled.set()
            call = self._call
        if call is not None:
            call.cancel()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the calls of this thread in the block."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def check(self) -> None:
        """Refuse what would begin now, if it was cancelled: nothing is sent."""
        if self.cancelled:
            raise _cancelled()

    @contextmanager
    def holding(self, end: Callable[[], None]) -> Iterator[None]:
        """Let :meth:`cancel` call ``end`` in the block. Whatever the block then raises becomes the cancellation."""
        with self._lock:
            self._call = _Ended(end)
            cancelled = self.cancelled
        try:
            if cancelled:
                raise _cancelled()
            yield
        except Exception:
            if not self.cancelled:
                raise
        finally:
            self._call = None
        if self.cancelled:
            raise _cancelled()

    def result(self, call: Any) -> bytes:
        """Wait for a call that was begun as a future."""
        with self._lock:
            cancelled = self.cancelled
            self._call = call
        if cancelled:
            call.cancel()
            raise _cancelled()
        try:
            answer: bytes = call.result()
        except grpc.FutureCancelledError:
            raise _cancelled() from None
        finally:
            self._call = None
        return answer


@contextmanager
def ended_by_cancellation(connection: socket.socket) -> Iterator[None]:
    """Cut a connection in the block when the thread's calls are cancelled, so that nothing waits for it any more."""
    watch = watching()
    if watch is None:
        yield
        return
    with watch.holding(lambda: connection.shutdown(socket.SHUT_RDWR)):
        yield


def watching() -> Cancellation | None:
    """What watches the calls of this thread, if anything."""
    return _current.get()
