"""Ending the calls of a thread from another thread, for a person who no longer wants to wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from chronicle_notebook._errors import CallCancelledError
from chronicle_notebook.connection._grpc import grpc

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

    def result(self, call: Any) -> bytes:
        """Wait for a call that was begun as a future."""
        with self._lock:
            cancelled = self.cancelled
            self._call = call
        if cancelled:
            call.cancel()
        try:
            answer: bytes = call.result()
        except grpc.FutureCancelledError:
            raise CallCancelledError("The call was cancelled from here.", hint="Look at what the kernel lists.") from None
        finally:
            self._call = None
        return answer


def watching() -> Cancellation | None:
    """What watches the calls of this thread, if anything."""
    return _current.get()
