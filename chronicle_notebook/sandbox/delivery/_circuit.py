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

    def admits(self) -> bool:
        """Whether an attempt may be made now; after the break only one is, until its outcome is known."""
        if self._open_until is None:
            return True
        if self._probing or self._clock() < self._open_until:
            return False
        self._probing = True
        return True

    def record(self, *, failed: bool) -> None:
        """Note the outcome of an attempt."""
        now = self._clock()
        if self._open_until is not None:
            if self._probing:
                self._probing = False
                self._open_until = now + self._break if failed else None
            return
        self._attempts.append((now, failed))
        self._failed += failed
        while self._attempts and self._attempts[0][0] < now - self._sampling:
            self._failed -= self._attempts.popleft()[1]
        if len(self._attempts) >= LEAST and self._failed >= RATIO * len(self._attempts):
            self._open_until = now + self._break
            self._attempts.clear()
            self._failed = 0

    def abandon(self) -> None:
        """Note that an attempt was given up without an outcome."""
        self._probing = False
