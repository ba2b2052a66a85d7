"""Waiting for what happens on another thread, or in another process: for as long as a busy machine may need.

Nothing here measures how long something takes. What must not be waited for is held by a :class:`Hold`, so that a test
in which somebody does wait for it fails, on any machine.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

Found = TypeVar("Found")

LONG = 60.0
"""Seconds after which what a test waits for is taken not to come."""
FOR_EVER = 3600.0
"""A deadline that no test comes to."""


def eventually(look: Callable[[], Found], *, within: float = LONG) -> Found:
    """What ``look`` finds once that is true; a test fails that waits longer than ``within`` seconds for it."""
    until = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)
    return found


class Hold:
    """Holds whoever comes until a test, or the other side of a gRPC call, lets go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        """Set as soon as somebody is held."""
        self.released = threading.Event()
        self.in_vain = False
        """Whether somebody was held until it was clear that nobody would let go."""

    def wait(self, context: Any = None) -> None:
        """Be held. With the context of a gRPC call, its end lets go as well."""
        if context is not None and not context.add_callback(self.released.set):
            self.released.set()
        self.entered.set()
        if not self.released.wait(LONG):
            self.in_vain = True

    def release(self) -> None:
        """Let everybody go, and hold nobody any more."""
        self.released.set()


@contextmanager
def ctrl_c(when: Callable[[], object]) -> Iterator[pytest.ExceptionInfo[KeyboardInterrupt]]:
    """Ctrl-C in the block, as soon as something is true; a test fails in which the block does not end by it."""
    with pressing_ctrl_c(when), pytest.raises(KeyboardInterrupt) as caught:
        yield caught


@contextmanager
def pressing_ctrl_c(when: Callable[[], object]) -> Iterator[None]:
    """Ctrl-C in the block, as soon as something is true, unless the block has ended before.

    A process that was started in the background ignores Ctrl-C, and so would its tests; here it is heard.
    """
    ended = threading.Event()

    def interrupt() -> None:
        eventually(lambda: ended.is_set() or when())
        if not ended.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        signal.signal(signal.SIGINT, before)
