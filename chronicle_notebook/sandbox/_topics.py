"""What streams wait for: topics that change."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterator

import grpc


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The kernel stops, so there is nothing more to wait for."""


class Topic:
    """A counter that can be waited for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._version = 0
        self._closed = False

    def change(self) -> None:
        """Note a change, and wake who waits."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def wake(self) -> None:
        """Let those who wait look whether they still should."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Let those who wait, and will wait, raise `Stopped`."""
        self._closed = True
        self.wake()

    @property
    def version(self) -> int:
        """How often it has changed."""
        return self._version

    def wait(self, seen: int, context: grpc.ServicerContext, timeout: float | None = None) -> bool:
        """Wait for a version after ``seen``; False when the call ended or ``timeout`` seconds went by.

        Raises Stopped when the kernel stops.
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
        """A topic that never changes: waiting for it is sleeping that ends when the kernel stops."""

    def check(self) -> None:
        """Raise Stopped when the kernel stops."""
        if self._closed:
            raise Stopped

    def close(self) -> None:
        """End everything that follows a topic."""
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
        """Note a change of what a key stands for."""
        topic = self._topics.get(key)
        if topic is not None:
            topic.change()

    def follow(self, context: grpc.ServicerContext, *key: Hashable, pause: float = 0.0) -> Iterator[None]:
        """Yield at once and then after each change, until the caller goes away.

        ``pause`` seconds pass between two steps at least: changes in between become one, which keeps a list that
        changes a thousand times a second from being sent a thousand times.
        """
        topic = self.of(*key)
        if not context.add_callback(topic.wake):
            return
        while True:
            seen = topic.version
            yield
            if pause:
                # Not waiting for the topic itself, which may change a thousand times meanwhile.
                self.pulse.wait(0, context, pause)
            if not topic.wait(seen, context):
                return
