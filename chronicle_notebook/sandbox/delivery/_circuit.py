"""A circuit breaker, one per target."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

RATIO = 0.5
LEAST = 10
SAMPLING = 30.0
BREAK = 15.0


class Circuit:
    """Opens when half of at least 10 attempts in 30 s failed, for 15 s; then the result of one attempt decides whether
    it closes.

    A kernel has one for all webhooks of a server, so that one failing target stops deliveries to healthy ones (source:
    K/Core/Setup/WebhookHttpClientExtensions.cs). Here each host and port has its own circuit, unless the behaviour says
    otherwise.
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
        """Why the attempt that opened it failed; empty if the reason was an answer."""
        self.breaks = 0
        """How often it has opened. An attempt that began before the last time does not count any more."""

    def admits(self) -> bool:
        """Whether an attempt is allowed now. After the break only one attempt is allowed, until its outcome is
        known."""
        if self._open_until is None:
            return True
        if self._probing or self._clock() < self._open_until:
            return False
        self._probing = True
        return True

    def record(self, breaks: int, *, failed: bool, cause: tuple[str, ...] = ()) -> None:
        """Note the outcome of an attempt, with the number of breaks when it was allowed, and why it failed."""
        if breaks != self.breaks:
            return
        if failed:
            self.cause = cause
        now = self._clock()
        if self._open_until is not None:
            # While the circuit is open, only the probe is allowed, so this is its outcome.
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
        """Note that an attempt was given up without an outcome, with the number of breaks when it was allowed."""
        if breaks == self.breaks:
            self._probing = False

    def _open(self, now: float) -> None:
        self.breaks += 1
        self._open_until = now + self._break
        self._attempts.clear()
        self._failed = 0
