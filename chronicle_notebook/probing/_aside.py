"""Work in a thread of its own, so that Ctrl-C never meets a call.

Ctrl-C at the wrong moment of a call that another thread may cancel leaves a lock of grpcio behind, and later calls then
wait for it (seen with grpcio 1.76). So the thread of the caller only waits, reports, and ends the calls of the other
thread.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from chronicle_notebook.connection._cancellation import Cancellation
from chronicle_notebook.probing._progress import ProbeProgress, Report

Result = TypeVar("Result")

LOOK = 0.05
"""The seconds between two looks whether the work has ended."""
PARTING = 5.0
"""The most seconds to wait until work that was stopped has ended."""


def aside(work: Callable[[Report], Result], *, report: Report, until: float, stop: Callable[[], object]) -> Result:
    """Do something in another thread, and wait for it.

    :param work: takes a function for its progress.
    :param report: called in this thread with the progress.
    :param until: the moment of ``time.monotonic()`` at which the calls of the work end.
    :param stop: tells the work that it should end, because this thread was interrupted.
    """
    told: queue.SimpleQueue[ProbeProgress] = queue.SimpleQueue()
    cancellation = Cancellation()
    results: list[Result] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with cancellation.watched():
                results.append(work(told.put))
        except BaseException as error:  # noqa: BLE001 - it is raised in the other thread
            failures.append(error)

    thread = threading.Thread(target=run, name="probe", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            with suppress(queue.Empty):
                report(told.get(timeout=LOOK))
            if time.monotonic() >= until:
                cancellation.cancel()
    finally:
        if thread.is_alive():
            stop()
            cancellation.cancel()
            thread.join(PARTING)
    while not told.empty():
        report(told.get())
    if failures:
        raise failures[0]
    return results[0]
