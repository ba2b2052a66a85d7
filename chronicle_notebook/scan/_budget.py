"""The time limit for one file."""

from __future__ import annotations

import time

SECONDS = 20.0
"""The limit in seconds of processor time for one file. All work is linear: no notebook that a person made comes near
the limit."""


OUT_OF_TIME = "in the time that a file may take"
"""The place of a finding about a file that takes too long."""


class OutOfTimeError(Exception):
    """A file takes too long. The error never leaves this room."""


class Budget:
    """The time that is left for one file."""

    def __init__(self) -> None:
        self._end = time.thread_time() + SECONDS

    def check(self) -> None:
        """Raise :class:`OutOfTimeError` if the time is up."""
        if time.thread_time() > self._end:
            raise OutOfTimeError
