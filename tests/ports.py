"""Ports of the loopback interface."""

from __future__ import annotations

import os
import socket
from itertools import count

FIRST, LAST = 20_000, 32_000
"""No system gives these ports to whoever asks for any port, or to an outgoing connection: those are from 32768 on. So a
port that a test leaves for a moment is still free when the test comes back to it."""

_TURNS = count(os.getpid() * 97)  # processes that run tests at the same time begin at different ports


def free_port() -> int:
    """A port that nobody listens on now, and that no test of this process had before."""
    for _ in range(LAST - FIRST):
        port = FIRST + next(_TURNS) % (LAST - FIRST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
