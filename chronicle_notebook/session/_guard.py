"""The guard of a protected connection: nothing is written before a person has typed the event store's name.

The guard is the gateway itself, because every write uses the gateway. So no caller can forget it. The name is asked for
once for each event store and process (that is, Jupyter kernel). The lock is closed again when the process ends.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chronicle_notebook.base._call import Caller
from chronicle_notebook.base._errors import ProtectedError
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.display._origin import Origin

if TYPE_CHECKING:
    from chronicle_notebook.contracts._kernel_defects import Recall
    from chronicle_notebook.model import AppendResult, EventToAppend, RegisteredEventType, WebhookDefinition

CONFIRMED = "CHRONICLE_NOTEBOOK_CONFIRM"
"""The environment variable with the name of the event store that may be written to. ``--confirm`` sets it."""


class Lock:
    """Which event stores of one kernel this process may write to."""

    def __init__(self) -> None:
        self._open: set[tuple[str, str]] = set()
        self._mutex = threading.Lock()

    def is_open(self, server: str, event_store: str) -> bool:
        """Whether the name was given, in this process or in the environment."""
        return (server, event_store) in self._open or os.getenv(CONFIRMED) == event_store

    def unlock(self, server: str, event_store: str, typed: str) -> None:
        """Open the lock for an event store.

        :raises ProtectedError: the typed text is not the name.
        """
        if typed != event_store:
            raise ProtectedError(
                f"The typed text is not the name of the event store {event_store!r} on {server}, so nothing was sent.",
                event_store=event_store,
                hint=f'Type it exactly, or write client.unlock("{event_store}").',
            )
        self._open.add((server, event_store))

    def require(self, server: str, event_store: str) -> None:
        """Return if the lock is open, else ask for the name.

        :raises ProtectedError: nobody can answer here, or the answer is not the name.
        """
        with self._mutex:
            if not self.is_open(server, event_store):
                self.unlock(server, event_store, _asked(server, event_store))

    def close(self) -> None:
        """Close the lock for every event store."""
        self._open.clear()


LOCK = Lock()
"""The lock of this process."""


def _asked(server: str, event_store: str) -> str:
    question = f"{event_store!r} on {server} is protected. Type the event store's name to let this kernel write: "
    # The thread of a widget cannot ask: the answer would go to the cell that runs at that moment.
    answer: str | None = None
    if threading.current_thread() is threading.main_thread():
        try:
            answer = input(question).strip()
        except (EOFError, OSError, RuntimeError, NotImplementedError):
            answer = None
    confirmed = os.getenv(CONFIRMED)
    if answer is None and confirmed:  # the environment has a different name, or nobody can be asked
        raise ProtectedError(
            f"Event store {event_store!r} on {server} is protected, and {confirmed!r} was confirmed, which is another "
            f"name, so nothing was sent.",
            event_store=event_store,
            hint=f"To write to {event_store!r}, give --confirm {event_store}, or set {CONFIRMED}={event_store}.",
        )
    if answer is None:
        raise ProtectedError(
            f"Event store {event_store!r} on {server} is protected and nobody can answer here, so nothing was sent.",
            event_store=event_store,
            hint=f'Write client.unlock("{event_store}") first, or give --confirm {event_store} to a runbook.',
        )
    return answer


def other_store_hint(event_store: str) -> str:
    """The hint for an event store that is not the client's own: :meth:`Client.unlock` does not accept its name."""
    return (
        f"Connect with event_store={event_store!r}, write client.unlock({event_store!r}) there and then "
        f"client.ensure_event_store(); or set {CONFIRMED}={event_store} where this process starts."
    )


class GuardedGateway(NegotiatedGateway):
    """A gateway whose writes need the event store's name. Reads need nothing."""

    def __init__(self, caller: Caller, *, label: str = "", recall: Recall | None = None) -> None:
        super().__init__(caller, recall=recall)
        self.label = label
        """The name of the profile that protects the connection; empty if there is none."""
        named = f" (profile {label})" if label else ""
        self._banner = f"PROTECTED{named}: {caller.server}. A write needs the event store's name, once in this kernel."

    def origin(self, event_store: str = "") -> Origin:
        """The origin of an answer, with the banner."""
        return replace(super().origin(event_store), banner=self._banner)

    def confirm_write(self, event_store: str) -> None:
        """Ask for the name of the event store, once in this process."""
        LOCK.require(self.server, event_store)

    def ensure_event_store(self, name: str) -> None:
        """Create an event store if it does not exist."""
        self.confirm_write(name)
        super().ensure_event_store(name)

    def ensure_namespace(self, event_store: str, name: str) -> None:
        """Create a namespace if it does not exist."""
        self.confirm_write(event_store)
        super().ensure_namespace(event_store, name)

    def register_event_types(self, event_store: str, types: Sequence[RegisteredEventType]) -> None:
        """Register event types with their schemas, in one call."""
        self.confirm_write(event_store)
        super().register_event_types(event_store, types)

    def append(self, event_store: str, namespace: str, sequence: str, events: Sequence[EventToAppend]) -> AppendResult:
        """Append events, all or none."""
        self.confirm_write(event_store)
        return super().append(event_store, namespace, sequence, events)

    def add_webhooks(self, event_store: str, definitions: Sequence[WebhookDefinition]) -> None:
        """Register webhooks in one call."""
        self.confirm_write(event_store)
        super().add_webhooks(event_store, definitions)

    def remove_webhooks(self, event_store: str, ids: Sequence[str]) -> None:
        """Remove webhooks in one call."""
        self.confirm_write(event_store)
        super().remove_webhooks(event_store, ids)

    def adds_one(self, event_store: str, definition: WebhookDefinition) -> bool | None:
        """Register a webhook by the kernel's call for one webhook."""
        self.confirm_write(event_store)
        return super().adds_one(event_store, definition)

    def clear_observer_quarantine(self, event_store: str, namespace: str, observer_id: str, sequence: str) -> None:
        """End the quarantine of a whole observer."""
        self.confirm_write(event_store)
        super().clear_observer_quarantine(event_store, namespace, observer_id, sequence)

    def replay(self, event_store: str, namespace: str, observer_id: str, sequence: str) -> str | None:
        """Deliver everything to an observer again."""
        self.confirm_write(event_store)
        return super().replay(event_store, namespace, observer_id, sequence)

    def replay_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> None:
        """Deliver the events of one event source to an observer again."""
        self.confirm_write(event_store)
        super().replay_partition(event_store, namespace, observer_id, sequence, partition)

    def clear_partition_quarantine(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool:
        """End the quarantine of a partition and retry it now."""
        self.confirm_write(event_store)
        return super().clear_partition_quarantine(event_store, namespace, observer_id, sequence, partition)

    def retry_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool | None:
        """Retry a failed partition now."""
        self.confirm_write(event_store)
        return super().retry_partition(event_store, namespace, observer_id, sequence, partition)
