"""The time that one file may take."""

from __future__ import annotations

import time

SECONDS = 20.0
"""Seconds of processor time for one file. All of it is linear: no notebook that a person made comes near."""


OUT_OF_TIME = "in the time that a file may take"
"""The place of a finding that tells of a file which takes longer."""


class OutOfTimeError(Exception):
    """A file takes longer than it may. It never leaves this room."""


class Budget:
    """How long one file may still take."""

    def __init__(self) -> None:
        self._end = time.thread_time() + SECONDS

    def check(self) -> None:
        """Raise :class:`OutOfTimeError` when the time is up."""
        if time.thread_time() > self._end:
            raise OutOfTimeError
