"""Topics that change, and how streams wait for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterator

import grpc


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The kernel stops, so there is nothing to wait for any more."""


class Topic:
    """A counter whose changes can be waited for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._version = 0
        self._closed = False

    def change(self) -> None:
        """Note a change, and wake the waiting threads."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def wake(self) -> None:
        """Let the waiting threads check whether they still should wait."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Let all waiting threads, now and later, raise `Stopped`."""
        self._closed = True
        self.wake()

    @property
    def version(self) -> int:
        """The number of changes."""
        return self._version

    def wait(self, seen: int, context: grpc.ServicerContext, timeout: float | None = None) -> bool:
        """Wait for a version after ``seen``. Returns False if the call ended or ``timeout`` seconds passed.

        Raises Stopped if the kernel stops.
        """
        until = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while self._version == seen:
                left = None if until is None else until - time.monotonic()
                if self._closed:
                    raise Stopped
                if not context.is_active() or (left is not None and left <= 0):
                    return False
                self._changed.wait(left)
        return bool(context.is_active())


class Topics:
    """All topics of a kernel by key, for example ``("webhooks", store)``."""

    def __init__(self) -> None:
        self._topics: dict[Hashable, Topic] = {}
        self._mutex = threading.Lock()
        self._closed = False
        self.pulse = self.of("pulse")
        """A topic that never changes: waiting for it is a sleep that ends when the kernel stops."""

    def check(self) -> None:
        """Raise Stopped when the kernel stops."""
        if self._closed:
            raise Stopped

    def close(self) -> None:
        """End everything that waits for a topic."""
        with self._mutex:
            self._closed = True
            for topic in self._topics.values():
                topic.close()

    def of(self, *key: Hashable) -> Topic:
        """The topic of a key."""
        with self._mutex:
            topic = self._topics.setdefault(key, Topic())
            if self._closed:
                topic.close()
            return topic

    def change(self, *key: Hashable) -> None:
        """Note a change of the topic of a key."""
        topic = self._topics.get(key)
        if topic is not None:
            topic.change()

    def follow(self, context: grpc.ServicerContext, *key: Hashable, pause: float = 0.0) -> Iterator[None]:
        """Yield at once and then after each change, until the caller has gone.

        At least ``pause`` seconds pass between two steps, and changes in between become one. So a list that changes a
        thousand times a second is not sent a thousand times.
        """
        topic = self.of(*key)
        if not context.add_callback(topic.wake):
            return
        while True:
            seen = topic.version
            yield
            if pause:
                # Not the topic itself, which may change a thousand times in the meantime.
                self.pulse.wait(0, context, pause)
            if not topic.wait(seen, context):
                return
