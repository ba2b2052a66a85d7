"""No garbage collection while only things are made that stay."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

_stopped: list[bool] = []
"""Has an entry while a block of this process has stopped the collector."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Stop the garbage collector while many new objects are made, such as the values of a listing or whole modules.

    The collector would look through all of them again and again, and find nothing.
    """
    enabled = gc.isenabled()
    gc.disable()
    if enabled:
        _stopped.append(True)
    try:
        yield
    finally:
        if enabled:
            _stopped.clear()
            gc.enable()


def _start_in_child() -> None:
    """A child that was forked meanwhile has only the thread that forked it, and nobody else starts its collector."""
    if _stopped:
        _stopped.clear()
        gc.enable()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_start_in_child)
