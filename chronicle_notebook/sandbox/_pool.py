"""The threads that answer gRPC calls."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_IDLE_KEPT = 8


class DaemonPool(ThreadPoolExecutor):
    """An executor that grows when all its threads are busy. Its threads never keep the process alive.

    A server stream holds its thread for as long as it is open. A fixed pool would therefore stop answering once enough
    streams are open, and the pool of the standard library joins its threads when the interpreter ends: a notebook with
    an open stream could not be closed.
    """

    def __init__(self, name: str) -> None:
        super().__init__(max_workers=1, thread_name_prefix=name)
        self._name = name
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._mutex = threading.Lock()
        self._workers: set[threading.Thread] = set()
        self._waiting = 0
        self._closed = False

    def submit(
        self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Future[Result]:
        """Run a function on a thread of the pool."""
        future: Future[Result] = Future()

        def run() -> None:
            _settle(future, lambda: fn(*args, **kwargs))

        with self._mutex:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._tasks.put(run)
            if self._waiting > 0:
                self._waiting -= 1
            else:
                worker = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._workers.add(worker)
                worker.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the signature of the base class
        """End every thread after its work; ``wait`` joins them."""
        del cancel_futures  # no task waits that could be cancelled: each has a thread at once
        with self._mutex:
            self._closed = True
            workers = list(self._workers)
            for _ in workers:
                self._tasks.put(None)
        if wait:
            for worker in workers:
                worker.join()

    def _work(self) -> None:
        me = threading.current_thread()
        while (task := self._tasks.get()) is not None:
            task()
            with self._mutex:
                if self._waiting >= _IDLE_KEPT and not self._closed:
                    self._workers.discard(me)
                    return
                self._waiting += 1
        with self._mutex:
            self._workers.discard(me)


def _settle(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 - a future carries whatever was raised to the one who asked
        future.set_exception(error)
