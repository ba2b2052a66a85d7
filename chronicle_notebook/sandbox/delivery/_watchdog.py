"""The tail that an observer shows, which a kernel corrects once a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.storage._events import EventTable, Filter

EVERY = 60.0
"""The seconds between two corrections of one observer. The first one is as long after its subscription."""
_LEAST = 0.05
"""The shortest time in seconds between two looks at all observers."""

_Tails = dict[tuple[int, frozenset[str]], int | None]


class Watchdog:
    """Corrects the tails of observers that no delivery moves: of those that fail, and of those whose target is slow.

    Four recordings of kernels from 16.33.0 to 16.38 show it: a minute after its subscription, and no other observer
    with it, an observer had the tail that it had not had for 25 s. It becomes the last event of its types; whether
    events of other types count was not seen.
    """

    def __init__(
        self,
        events: EventTable,
        observers: Callable[[], Iterable[Observer]],
        note: Callable[[Observer], None],
        scale: float,
    ) -> None:
        self._events = events
        self._observers = observers
        self._note = note
        self._period = EVERY * scale

    async def run(self) -> None:
        """Correct each subscribed observer once a minute, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(_LEAST, self._period / 60.0))
            now = loop.time()
            tails: _Tails = {}  # thousands of webhooks may have the same event types
            for observer in self._observers():
                if observer.subscribed and now - observer.watched >= self._period:
                    observer.watched = now
                    self.correct(observer, tails)

    def correct(self, observer: Observer, tails: _Tails | None = None) -> None:
        """Let an observer show the last event of its types. ``tails`` are those that were just read."""
        known = {} if tails is None else tails
        key = observer.scope.key, observer.webhook.event_type_ids
        if key not in known:
            known[key] = self._events.tail(key[0], Filter(types=sorted(key[1]))) if key[1] else None
        tail = known[key]
        if tail is not None and tail != observer.tail:
            observer.offered(tail)
            self._note(observer)
