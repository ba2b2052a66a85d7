"""The recorded deliveries, and how to wait for more."""

from __future__ import annotations

import threading
import time
from collections import deque
from itertools import islice

from chronicle_notebook.receiver._delivery import Delivery
from chronicle_notebook.receiver._list import DeliveryList

# A wait is cut into slices, because some systems deliver Ctrl-C only between two of them.
_SLICE = 0.2


class Journal:
    """The latest ``keep`` deliveries, of ``keep_bytes`` at most. The receiver's thread writes them; any thread may read
    them."""

    def __init__(self, keep: int, keep_bytes: int) -> None:
        self.keep = keep
        self._keep_bytes = keep_bytes
        self._bytes = 0
        self._changed = threading.Condition()
        self._kept: deque[Delivery] = deque()
        self._recorded = 0
        self._dropped = 0
        self._numbers = 0
        self._closed = True

    def next_number(self) -> int:
        """The number for a new request."""
        with self._changed:
            self._numbers += 1
            return self._numbers

    def record(self, delivery: Delivery) -> None:
        """Store a delivery, and wake the waiting threads."""
        with self._changed:
            self._kept.append(delivery)
            self._bytes += _size(delivery)
            while len(self._kept) > self.keep or (self._bytes > self._keep_bytes and len(self._kept) > 1):
                self._bytes -= _size(self._kept.popleft())
                self._dropped += 1
            self._recorded += 1
            self._changed.notify_all()

    def open(self) -> None:
        """Allow more deliveries."""
        with self._changed:
            self._closed = False

    def close(self) -> None:
        """Allow no more deliveries, and wake the waiting threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget all deliveries. The numbers continue."""
        with self._changed:
            self._kept.clear()
            self._dropped = self._bytes = 0

    @property
    def dropped(self) -> int:
        """How many deliveries were dropped because newer ones came."""
        with self._changed:
            return self._dropped

    def __len__(self) -> int:
        return len(self._kept)

    def snapshot(self) -> DeliveryList:
        """The stored deliveries."""
        with self._changed:
            return DeliveryList.of(self._kept, dropped=self._dropped)

    def since(self, position: int) -> tuple[list[Delivery], int]:
        """The deliveries that were recorded after ``position``, and the position for the next call; 0 means all stored
        deliveries."""
        with self._changed:
            new = min(self._recorded - position, len(self._kept))
            return list(islice(self._kept, len(self._kept) - new, None)), self._recorded

    def wait_beyond(self, position: int, deadline: float) -> bool:
        """Wait until more than ``position`` deliveries were recorded. Returns False if the deadline passes or no more
        can come."""
        with self._changed:
            while self._recorded <= position:
                left = deadline - time.monotonic()
                if left <= 0 or self._closed:
                    return False
                self._changed.wait(min(left, _SLICE))
            return True

    @property
    def closed(self) -> bool:
        """Whether no more deliveries can come."""
        with self._changed:
            return self._closed


def _size(delivery: Delivery) -> int:
    """The approximate size of a delivery in bytes: its unchanged body, its path and its headers."""
    head = sum(len(name) + len(value) for name, value in delivery.headers.items())
    return delivery.body_size + len(delivery.path) + head + 512
