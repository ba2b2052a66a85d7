"""Names of the connected kernel for completion, from a cache that a background thread refreshes."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronicle_notebook.magics import _clients

if TYPE_CHECKING:
    from chronicle_notebook.session._client import Client

FRESH = 5.0
"""The time in seconds in which names are not read again."""
PATIENCE = 0.05
"""The longest time in seconds that a completion waits for names that were never read."""
JOIN = 1.0
"""The time in seconds that an unload waits for the thread, which may be in a call."""
LONG_AGO = -math.inf
"""The time of reading of names that must be read again."""


def _read(client: Client, kind: str) -> Sequence[str]:
    readers: dict[str, Callable[[], Sequence[str]]] = {
        "webhooks": client.webhooks.ids,
        "paused": lambda: [each.id for each in client.webhooks.paused()],
        "event_types": lambda: [each.id for each in client.event_types() if each.owner != "server"],
        "stores": client.event_stores,
        "namespaces": client.namespaces,
        "sequences": lambda: [each.id for each in client.event_sequences()],
    }
    return readers[kind]()


@dataclass(frozen=True, slots=True)
class _Entry:
    names: tuple[str, ...]
    read_at: float


class Names:
    """The known names of each client's kernel. It never raises an error, and never waits longer than PATIENCE."""

    def __init__(self, read: Callable[[Client, str], Sequence[str]] = _read) -> None:
        self._read = read
        self._changed = threading.Condition()
        self._entries: dict[tuple[str, str, str, str], _Entry] = {}
        self._wanted: dict[tuple[str, str, str, str], tuple[Client, str]] = {}
        self._thread: threading.Thread | None = None
        self._closed = False
        self._forgotten = 0

    def get(self, kind: str) -> tuple[str, ...]:
        """The names of a kind, sorted, as they were last read; empty if reading takes too long."""
        if kind == "clients":
            return tuple(sorted(_clients.names()))
        client = _clients.current_or_none()
        if client is None:
            return ()
        key = (client.server, client.event_store, client.namespace, kind)
        with self._changed:
            entry = self._entries.get(key)
            if entry is None or time.monotonic() - entry.read_at > FRESH:
                self._ask(key, client, kind)
            if entry is None:
                self._changed.wait_for(lambda: key in self._entries, PATIENCE)
                entry = self._entries.get(key)
        return () if entry is None else entry.names

    def forget(self) -> None:
        """Read all names again at the next completion. That completion still has the old names."""
        with self._changed:
            self._forgotten += 1
            self._entries = {key: _Entry(entry.names, LONG_AGO) for key, entry in self._entries.items()}

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(JOIN)

    def _ask(self, key: tuple[str, str, str, str], client: Client, kind: str) -> None:
        if self._closed:
            return
        self._wanted[key] = (client, kind)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="chronicle-completion", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closed)
                if self._closed:
                    return
                key, (client, kind) = next(iter(self._wanted.items()))
                began = self._forgotten
            names = self._names(client, kind)
            with self._changed:
                self._wanted.pop(key, None)
                before = self._entries.get(key)
                kept = () if before is None else before.names
                # Names that were read before or while everything was forgotten are out of date.
                read_at = time.monotonic() if began == self._forgotten else LONG_AGO
                self._entries[key] = _Entry(kept if names is None else names, read_at)
                self._changed.notify_all()

    def _names(self, client: Client, kind: str) -> tuple[str, ...] | None:
        try:
            return tuple(sorted(self._read(client, kind)))
        except Exception:  # noqa: BLE001 - a magic reports what is wrong when it runs, never while somebody types
            return None
