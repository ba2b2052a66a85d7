"""The first connection of a process: its handshake is made while gRPC is imported.

Importing gRPC takes ten times as long as a handshake with a kernel on this machine. So the handshake begins in a thread
before the import. And gRPC connects while the caller imports what it needs after that: see ``reached_early``.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future

from chronicle_notebook.connection._cancellation import watching
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._tls import Pin, Secured, secure, shown_pin
from chronicle_notebook.connection._trust import Trust


class EarlyHandshake:
    """A handshake in a thread. Each result is waited for, and a failure is raised where it is waited for."""

    def __init__(self, host: Host, trust: Trust, deadline: Deadline) -> None:
        self.verified: Future[Secured] = Future()
        """The server, if its certificate is verified."""
        self.shown: Future[Pin] = Future()
        """The certificate, if it is pinned; its name is only a guess."""
        self.host, self.trust, self.deadline = host, trust, deadline
        threading.Thread(target=self._shake_hands, name="chronicle-handshake", daemon=True).start()

    def _shake_hands(self) -> None:
        host, trust, deadline = self.host, self.trust, self.deadline
        try:
            if trust.verifies(host):
                self.verified.set_result(secure(host, trust, deadline))
                return
            self.shown.set_result(shown_pin(host, trust, deadline))
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            for result in (self.verified, self.shown):
                if not result.done():
                    result.set_exception(error.with_traceback(None))


def early_handshake(target: ConnectionString, trust: Trust, *, timeout: float) -> EarlyHandshake | None:
    """Begin the handshake with the one server of a connection string.

    None if gRPC is imported already, if the server is one of several, or if there is no TLS.
    """
    single = target.scheme == "chronicle" and len(target.hosts) == 1
    if "grpc" in sys.modules or not single or trust.plain or watching() is not None:
        return None
    return EarlyHandshake(target.hosts[0], trust, Deadline(timeout))
