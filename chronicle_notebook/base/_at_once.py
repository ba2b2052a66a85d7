"""Doing several things at the same time that do not depend on each other: for a kernel far away, one round trip instead
of one for each.

Only for reads: after an interrupt the other threads go on until their own deadline, and nobody waits for them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any, TypeVar, overload

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


MOST = 16
"""The largest number of threads for one call. With more things to do, some of them wait for others."""


class _Work:
    """One thing to do, and its result or error."""

    def __init__(self, do: Callable[[], Any]) -> None:
        self._do = do
        self._context = copy_context()  # whoever may end the calls of the caller may end these too
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self._context.run(self._do)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the caller
            self.error = error


def _run_all(works: Iterator[_Work]) -> None:
    for work in works:
        work.run()


@overload
def at_once(first: Callable[[], A], second: Callable[[], B], /) -> tuple[A, B]: ...


@overload
def at_once(first: Callable[[], A], second: Callable[[], B], third: Callable[[], C], /) -> tuple[A, B, C]: ...


@overload
def at_once(
    first: Callable[[], A], second: Callable[[], B], third: Callable[[], C], fourth: Callable[[], D], /
) -> tuple[A, B, C, D]: ...


@overload
def at_once(*works: Callable[[], A]) -> tuple[A, ...]: ...


def at_once(*works: Callable[[], Any]) -> tuple[Any, ...]:
    """Do all of them at the same time, the first one in this thread, and return the results in order.

    If some of them fail, the error of the first of these in order is raised, after all have ended.
    """
    begun = [_Work(work) for work in works]
    others = iter(begun[1:])  # the threads share it: next() of a list's iterator is atomic
    threads = [
        threading.Thread(target=_run_all, args=(others,), name="chronicle-at-once", daemon=True)
        for _ in range(min(len(begun) - 1, MOST))
    ]
    for thread in threads:
        thread.start()
    for work in begun[:1]:
        work.run()
        if isinstance(work.error, KeyboardInterrupt):
            raise work.error
    for thread in threads:
        thread.join()
    for work in begun:
        if work.error is not None:
            raise work.error
    return tuple(work.result for work in begun)
