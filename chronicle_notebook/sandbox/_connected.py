"""The clients that are connected or are about to connect."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from chronicle_notebook.contracts.wire import clients_pb2 as wire
from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._topics import Topics

SILENCE = 5.0
"""The time in seconds after which a silent client is removed from the list."""
RESERVATION = 30.0
"""The time in seconds for which a reservation counts, unless a client connects before."""


@dataclass(slots=True)
class Connected:
    """A client that has signed up."""

    request: wire.ConnectRequest
    seen: float
    seen_text: str


class ConnectedClients:
    """The connected clients, and the number of reservations (source: K/Core/Clients/ConnectedClients.cs)."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._mutex = threading.Lock()
        self._clients: dict[str, Connected] = {}
        self._reservations: list[float] = []

    def add(self, request: wire.ConnectRequest) -> None:
        """Add a client. It takes the oldest reservation, whoever made it."""
        with self._mutex:
            self._clients[request.ConnectionId] = Connected(request, time.monotonic(), _moment.now())
            self._expire()
            del self._reservations[:1]
        self._topics.change("clients")

    def remove(self, connection: str) -> None:
        """Forget a client."""
        with self._mutex:
            self._clients.pop(connection, None)
        self._topics.change("clients")

    def sign_of_life(self, connection: str) -> None:
        """Note that a client is alive. An unknown client is ignored."""
        with self._mutex:
            client = self._clients.get(connection)
            if client is not None:
                client.seen, client.seen_text = time.monotonic(), _moment.now()

    def all(self) -> list[Connected]:
        """The clients that were alive in the last five seconds, and those that run in a debugger."""
        oldest = time.monotonic() - SILENCE
        with self._mutex:
            return [
                client
                for client in self._clients.values()
                if client.seen >= oldest or client.request.IsRunningWithDebugger
            ]

    def reserve(self) -> None:
        """Count one more client for half a minute, or until a client connects."""
        with self._mutex:
            self._expire()
            self._reservations.append(time.monotonic() + RESERVATION)

    @property
    def load(self) -> int:
        """Clients and reservations."""
        connected = len(self.all())
        with self._mutex:
            self._expire()
            return connected + len(self._reservations)

    def _expire(self) -> None:
        now = time.monotonic()
        self._reservations = [until for until in self._reservations if until > now]
