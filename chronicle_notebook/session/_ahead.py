"""What the doctor asks for beside its steps, so that a kernel far away is not waited for at each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._errors import ChronicleError
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts._negotiation import Negotiation
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.session._observer_queries import reactor_warning

Value = TypeVar("Value")


class Reaching:
    """Connects to a kernel in a thread, while the steps before that are examined one by one.

    A failure is not kept: the step that needs the connection connects again, and has the error.
    """

    def __init__(self, kernel: NegotiatedGateway, target: ConnectionString) -> None:
        self._kernel = kernel
        self._found: Negotiation | None = None
        self._thread = threading.Thread(target=self._reach, name="chronicle-doctor", daemon=True)
        # Only the main thread can ask for a secret at a prompt.
        secrets = (target.password, target.api_key)
        self._begun = not any((each.reference or "").startswith("prompt") for each in secrets if each is not None)
        if self._begun:
            self._thread.start()

    def _reach(self) -> None:
        with suppress(ChronicleError):
            self._found = self._kernel.reach()

    def stores(self) -> list[str]:
        """The event stores of the kernel.

        :raises KernelError: it was not reached, or does not list them.
        """
        if self._begun:
            self._thread.join()
        found = self._found
        return self._kernel.event_stores() if found is None or found.stores is None else list(found.stores)

    @property
    def unserved(self) -> str:
        """What a sandbox accepted but does not execute; empty if the server does not report its version."""
        found = self._kernel.negotiation
        return "" if found is None or found.told is None else found.told.unserved


@dataclass(frozen=True, slots=True)
class Tried(Generic[Value]):
    """What came of a call."""

    result: Value | None
    error: ChronicleError | None = None

    @classmethod
    def of(cls, call: Callable[[], Value]) -> Tried[Value]:
        """Make the call."""
        try:
            return cls(call())
        except ChronicleError as error:
            return cls(None, error)

    def get(self) -> Value:
        """What the call returned, or the error that it raised."""
        if self.error is not None or self.result is None:
            raise self.error or TypeError("a call that returns nothing")
        return self.result


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What the last steps look at, read at once."""

    namespaces: Tried[list[str]]
    webhooks: Tried[int]
    warning: str

    @classmethod
    def read(cls, kernel: NegotiatedGateway, event_store: str) -> StoreFacts:
        """Read them. The kernel must have the event store."""
        return cls(
            *at_once(
                lambda: Tried.of(partial(kernel.namespaces, event_store)),
                lambda: Tried.of(lambda: len(kernel.webhooks(event_store))),
                lambda: reactor_warning(kernel, event_store),
            )
        )
