"""Which events were appended together."""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterable

from chronicle_notebook.sandbox._event import Event

_MOST = 10_000


class Batches:
    """The first and last numbers of appends of several events, by sequence. Every other event was appended alone.

    Appends before the last ten thousand of a sequence are forgotten, and appends of an earlier sandbox are not known:
    their events count as appended alone.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._known: dict[int, list[tuple[int, int]]] = {}

    def add(self, sequence: int, first: int, last: int) -> None:
        """Note an append. Call this before others can read its events."""
        if last > first:
            with self._mutex:
                known = self._known.setdefault(sequence, [])
                known.append((first, last))
                if len(known) > _MOST:
                    del known[: _MOST // 2]

    def of(self, sequence: int, number: int) -> tuple[int, int]:
        """The first and the last number of the append that contains a number."""
        with self._mutex:
            known = self._known.get(sequence, [])
            place = bisect.bisect_right(known, number, key=lambda batch: batch[0]) - 1
            if place >= 0 and known[place][1] >= number:
                return known[place]
        return number, number

    def groups(self, sequence: int, events: Iterable[Event]) -> list[list[Event]]:
        """Groups of consecutive events of one event source that were appended together, in order."""
        found: list[list[Event]] = []
        last = -1
        for event in events:
            if found and event.number <= last and found[-1][0].source == event.source:
                found[-1].append(event)
                continue
            if event.number > last:
                last = self.of(sequence, event.number)[1]
            found.append([event])
        return found
