"""The moment at which a call must have ended, whatever it waits for on the way."""

from __future__ import annotations

import time


class Deadline:
    """So many seconds from now."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, never less than a millisecond: to a socket, 0 means something else."""
        return max(0.001, self._at - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() >= self._at

    def within(self, seconds: float) -> Deadline:
        """This one, or so many seconds from now, whichever is earlier."""
        return Deadline(min(self.left, seconds))
