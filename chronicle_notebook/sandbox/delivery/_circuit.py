"""A circuit breaker, one per target."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

RATIO = 0.5
LEAST = 10
SAMPLING = 30.0
BREAK = 15.0


class Circuit:
    """Opens when half of at least 10 attempts in 30 s failed, for 15 s; then one attempt tells whether it may close.

    A kernel has one for all webhooks of a server, so that one failing target stops deliveries to healthy ones
    (source: K/Core/Setup/WebhookHttpClientExtensions.cs). Here each host and port has its own, unless the behaviour
    says otherwise.
    """

    def __init__(self, clock: Callable[[], float], scale: float) -> None:
        self._clock = clock
        self._sampling = SAMPLING * scale
        self._break = BREAK * scale
        self._attempts: deque[tuple[float, bool]] = deque()
        self._failed = 0
        self._open_until: float | None = None
        self._probing = False
        self.cause: tuple[str, ...] = ()
        """Why the last attempt failed that opened it; empty when that was an answer."""
        self.breaks = 0
        """How often it opened. An attempt keeps the count of its admission: one from before a break tells nothing about
        the time after it."""

    def admits(self) -> bool:
        """Whether an attempt may be made now; after the break only one is, until its outcome is known."""
        if self._open_until is None:
            return True
        if self._probing or self._clock() < self._open_until:
            return False
        self._probing = True
        return True

    def record(self, breaks: int, *, failed: bool, cause: tuple[str, ...] = ()) -> None:
        """Note the outcome of an attempt that was admitted after so many breaks, and why it failed."""
        if breaks != self.breaks:
            return
        if failed:
            self.cause = cause
        now = self._clock()
        if self._open_until is not None:
            # Only the probe is admitted while open, so this is its outcome.
            self._probing = False
            self._open_until = None
            if failed:
                self._open(now)
            return
        self._attempts.append((now, failed))
        self._failed += failed
        while self._attempts and self._attempts[0][0] < now - self._sampling:
            self._failed -= self._attempts.popleft()[1]
        if len(self._attempts) >= LEAST and self._failed >= RATIO * len(self._attempts):
            self._open(now)

    def abandon(self, breaks: int) -> None:
        """Note that an attempt that was admitted after so many breaks was given up without an outcome."""
        if breaks == self.breaks:
            self._probing = False

    def _open(self, now: float) -> None:
        self.breaks += 1
        self._open_until = now + self._break
        self._attempts.clear()
        self._failed = 0
