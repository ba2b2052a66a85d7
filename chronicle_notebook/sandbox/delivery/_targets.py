"""The target of events of a source after a webhook was changed or replaced."""

from __future__ import annotations

import time

from chronicle_notebook.sandbox._webhook import Webhook
from chronicle_notebook.sandbox.delivery._observer import Observer

IDLE = 900.0
"""The time in seconds after which a kernel discards an unused subscriber."""
_MANY = 10_000


class Targets:
    """The definitions for deliveries, one for each event source of an observer.

    A kernel keeps the subscriber of a source's first delivery, with the definition of that time, until it was idle for
    fifteen minutes. So after a change, or a removal and a new registration under the same id, events of active sources
    still go to the old target (measured on 16.37.1). ``scale`` multiplies the fifteen minutes.
    """

    def __init__(self, scale: float) -> None:
        self._idle = IDLE * scale
        self._used: dict[tuple[int, str, str], tuple[Webhook, float]] = {}

    def of(self, observer: Observer, source: str) -> Webhook:
        """The definition for a delivery to a source now."""
        now = time.monotonic()
        key = (observer.scope.key, observer.webhook.id, source)
        found = self._used.get(key)
        webhook = observer.webhook if found is None or now - found[1] >= self._idle else found[0]
        self._used[key] = (webhook, now)
        if len(self._used) > _MANY:
            self._used = {key: entry for key, entry in self._used.items() if now - entry[1] < self._idle}
        return webhook
