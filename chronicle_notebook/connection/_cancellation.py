"""Ending the calls of a thread from another thread, for a user who does not want to wait any longer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from chronicle_notebook.base._errors import CallCancelledError


class _Ended:
    """Something other than a call that can be ended."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end

    def cancel(self) -> None:
        with suppress(OSError):
            self._end()


def _cancelled() -> CallCancelledError:
    return CallCancelledError("The call was cancelled on this side.", hint="Check what the kernel lists.")


_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


class Cancellation:
    """Ends calls. Calls inside ``with cancellation.watched():`` end at once when another thread calls :meth:`cancel`.

    They then raise :class:`~chronicle_notebook.CallCancelledError`. The outcome of a write that had been sent is
    unknown.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: set[Any] = set()
        """The running calls: more than one if several are made at once."""
        self._cancelled = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """End the running calls, and refuse later calls."""
        with self._lock:
            self._cancelled.set()
            calls = list(self._calls)
        for call in calls:
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
        """Raise if :meth:`cancel` was called, so that nothing is sent."""
        if self.cancelled:
            raise _cancelled()

    @contextmanager
    def holding(self, end: Callable[[], None]) -> Iterator[None]:
        """Let :meth:`cancel` call ``end`` in the block. Then any error of the block becomes the error of the
        cancellation."""
        held = _Ended(end)
        with self._lock:
            self._calls.add(held)
            cancelled = self.cancelled
        try:
            if cancelled:
                raise _cancelled()
            yield
        except Exception:
            if not self.cancelled:
                raise
        finally:
            self._forget(held)
        if self.cancelled:
            raise _cancelled()

    def result(self, call: Any) -> bytes:
        """Wait for the result of a call that was started as a future."""
        from chronicle_notebook.connection._grpc import grpc

        with self._lock:
            cancelled = self.cancelled
            self._calls.add(call)
        try:
            if cancelled:
                call.cancel()
                raise _cancelled()
            answer: bytes = call.result()
        except grpc.FutureCancelledError:
            raise _cancelled() from None
        finally:
            self._forget(call)
        return answer

    def _forget(self, call: Any) -> None:
        with self._lock:
            self._calls.discard(call)


@contextmanager
def ended_by_cancellation(connection: socket.socket) -> Iterator[None]:
    """Close a connection when the thread's calls are cancelled in the block, so that nothing waits for it any
    longer."""
    watch = watching()
    if watch is None:
        yield
        return
    with watch.holding(lambda: connection.shutdown(socket.SHUT_RDWR)):
        yield


def watching() -> Cancellation | None:
    """The object that watches the calls of this thread; None if there is none."""
    return _current.get()
