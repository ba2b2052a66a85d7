"""Plain connections that end at a deadline, and at once on Ctrl-C.

Signals interrupt sockets in Python, but not the look-up of a name, because it happens inside the C library. So a
separate thread looks the name up. The thread is left alone if nobody waits for it any longer.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any

from chronicle_notebook.connection._host import Host

Address = tuple[Any, ...]

DEFAULT_TIMEOUT = 30.0
"""The default time limit of a call, in seconds."""


def look_up(host: Host, deadline: Deadline) -> list[tuple[int, Address]]:
    """The families and addresses of a host. Raises OSError, for example TimeoutError."""
    for each in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            socket.inet_pton(each, host.name)
            return [(each, (host.name, host.port))]
    found: list[tuple[int, Address]] = []
    failures: list[OSError] = []
    done = threading.Event()

    def ask() -> None:
        try:
            for family, _, _, _, address in socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM):
                found.append((family, address))
        except OSError as error:
            failures.append(error)
        except UnicodeError:  # of a name that the encoding of DNS cannot write
            failures.append(OSError(f"{host.name} is not a name that DNS can have"))
        finally:
            done.set()

    threading.Thread(target=ask, name="chronicle-look-up", daemon=True).start()
    if not done.wait(deadline.left):
        raise TimeoutError(f"the name {host.name} was not resolved in time")
    if failures:
        raise failures[0]
    return found


def connect(host: Host, deadline: Deadline) -> socket.socket:
    """A connection to the first address of a host that accepts it. Raises OSError."""
    failure: OSError = OSError("it has no address")
    for family, address in look_up(host, deadline):
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.settimeout(deadline.left)
            plain.connect(address)
        except OSError as error:
            plain.close()
            failure = error
        except BaseException:
            plain.close()
            raise
        else:
            return plain
    raise failure


class Deadline:
    """A moment that is the given number of seconds from now."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds that are left, at least a millisecond, because 0 has a different meaning for a socket."""
        return max(0.001, self._at - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() >= self._at

    def within(self, seconds: float) -> Deadline:
        """The earlier one of this deadline and the given number of seconds from now."""
        return Deadline(min(self.left, seconds))
