"""Calling functions of the user: an error in one must neither break an answer nor get lost."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from chronicle_notebook.receiver._delivery import Delivery

_logger = logging.getLogger("chronicle_notebook.receiver")


class Callbacks:
    """The callbacks for deliveries, and their errors. Safe to use from any thread."""

    def __init__(self, keep: int) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Callable[[Delivery], object]] = []
        self._errors: deque[Exception] = deque(maxlen=keep)

    def add(self, callback: Callable[[Delivery], object]) -> Callable[[], None]:
        """Call ``callback`` with each delivery from now on. Returns a function that ends this."""

        def listener(delivery: Delivery) -> object:
            return callback(delivery)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        with self._lock:
            self._listeners.append(listener)
        return unsubscribe

    def notify(self, delivery: Delivery) -> None:
        """Call all callbacks, in the order in which they were added."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            self.call("A callback", listener, delivery)

    def call(self, what: str, function: Callable[[Delivery], object], delivery: Delivery) -> object:
        """The result of ``function`` for the delivery; None if it raised an error, which is stored."""
        try:
            return function(delivery)
        except Exception as error:  # noqa: BLE001 - whatever a caller's function raises, the endpoint has to answer
            with self._lock:
                self._errors.append(error)
            # Neither the message nor the traceback is logged: both may quote the delivery.
            _logger.error(
                "%s of the receiver failed with %s; see Receiver.callback_errors.", what, type(error).__name__
            )
            return None

    @property
    def errors(self) -> tuple[Exception, ...]:
        """The latest errors, oldest first."""
        with self._lock:
            return tuple(self._errors)

    def clear_errors(self) -> None:
        """Forget the errors."""
        with self._lock:
            self._errors.clear()
