"""Calls to a kernel that a widget starts: each in its own thread, one at a time, and cancellable."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chronicle_notebook.base._errors import CallCancelledError
from chronicle_notebook.connection._cancellation import Cancellation

Result = TypeVar("Result")
_log = logging.getLogger(__name__)
_numbers = itertools.count(1)

PARTING = 2.0
"""The time in seconds that :meth:`Jobs.close` waits for a cancelled call. Its thread keeps no process alive."""


@dataclass(frozen=True, slots=True, eq=False)
class Job(Generic[Result]):
    """One running call."""

    label: str
    """What it does, for example ``Registering 'account-events'``."""
    work: Callable[[], Result]
    done: Callable[[Result], None]
    failed: Callable[[Exception], None]
    number: int = field(default_factory=lambda: next(_numbers))
    started: float = field(default_factory=time.monotonic)
    cancellation: Cancellation = field(default_factory=Cancellation)


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far the running call is."""

    done: int = 0
    total: int = 0
    """0 if the call has no steps."""
    note: str = ""


class Jobs:
    """The running call of a widget. There is at most one at a time.

    ``changed`` is called when a call starts, when it reports progress, and when it has ended, in any thread.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._job: Job[object] | None = None
        self.progress = JobProgress()
        """How far the running call is."""
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def current(self) -> Job[object] | None:
        """The running call; None if there is none."""
        return self._job

    def start(
        self,
        label: str,
        work: Callable[[], Result],
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
    ) -> bool:
        """Start a call, unless another one runs. At its end ``done`` or ``failed`` is called in its thread.

        A cancelled call fails with :class:`~chronicle_notebook.CallCancelledError`, even if its result came too late.
        """
        job = Job(label, work, done, failed)
        with self._lock:
            if self._job is not None or self._closed:
                return False
            self._job = job  # type: ignore[assignment]  # nobody but its own callbacks sees the result
            self.progress = JobProgress()
            self._thread = threading.Thread(target=self._run, args=(job,), name=f"job-{job.number}", daemon=True)
            self._thread.start()
        self._changed()
        return True

    def report(self, done: int, total: int, note: str = "") -> None:
        """Tell how far the running call is. Called by the call itself."""
        self.progress = JobProgress(done, total, note)
        self._changed()

    def cancel(self) -> None:
        """End the running call. It ends here; the kernel may still do what it was asked."""
        job = self._job
        if job is not None:
            job.cancellation.cancel()

    def wait(self, timeout: float = 10.0) -> bool:
        """Wait until nothing runs. For tests and scripts, never for a comm thread."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        return self._job is None

    def close(self) -> None:
        """Cancel the running call, and start no more."""
        with self._lock:
            self._closed = True
        self.cancel()
        self.wait(PARTING)

    def _run(self, job: Job[Result]) -> None:
        failure: Exception | None = None
        try:
            with job.cancellation.watched():
                result = job.work()
        except Exception as error:  # noqa: BLE001 - it is shown to the person who asked for the call
            failure = error
        if job.cancellation.cancelled:
            failure = CallCancelledError("You cancelled this.", hint="The kernel may still do what it was asked.")
        with self._lock:
            self._job = None
        try:
            if not self._closed:
                if failure is None:
                    job.done(result)
                else:
                    job.failed(failure)
                self._changed()
        except Exception:  # noqa: BLE001 - a thread that dies of its callbacks would tell nobody
            _log.exception("The end of %r could not be told", job.label)
