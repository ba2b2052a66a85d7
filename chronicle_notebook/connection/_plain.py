"""Connections without TLS, for kernels that listen in cleartext HTTP/2: ``disableTls=true``.

Later kernels do so with the setting ``Tls:Enabled=false`` (source: K/Server/Program.cs; not seen on a running kernel).
"""

from __future__ import annotations

import socket
from contextlib import closing

from chronicle_notebook.base._errors import KernelUnreachableError
from chronicle_notebook.connection._cancellation import ended_by_cancellation
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline, connect

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
"""What a client of HTTP/2 sends first, with empty settings (source: RFC 9113, section 3.4)."""
_SETTINGS = b"\4"
WAIT = 5.0
"""The longest wait in seconds for a connection or for the answer of a server, unless the call ends earlier."""


def open_plainly(host: Host, deadline: Deadline) -> socket.socket:
    """A connection without TLS.

    :raises KernelUnreachableError: there is no server.
    """
    try:
        return connect(host, deadline.within(WAIT))
    except OSError as error:
        why = "it did not answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)
    raise KernelUnreachableError(
        f"No connection to {host}: {why}.", server=str(host), hint="Check host and port, and that the kernel runs."
    )


def answers_plainly(host: Host, deadline: Deadline) -> bool:
    """Whether a server answers the beginning of HTTP/2 without TLS: with an HTTP/2 frame, or with an HTTP/1 status."""
    try:
        answer = _answer(host, deadline)
    except (OSError, KernelUnreachableError):
        return False
    return answer[3:4] == _SETTINGS or answer.startswith(b"HTTP/")


def check_plain(host: Host, deadline: Deadline) -> None:
    """Check that a server speaks HTTP/2 without TLS.

    :raises KernelUnreachableError: there is no server, or it speaks something else.
    """
    try:
        answer = _answer(host, deadline)
    except OSError:
        answer = b""
    if answer[3:4] == _SETTINGS:
        return
    raise KernelUnreachableError(
        f"{host} does not speak HTTP/2 without TLS.",
        server=str(host),
        hint="Kernels speak TLS unless their setting Tls:Enabled is false: leave disableTls=true out, or check the "
        "port.",
    )


def _answer(host: Host, deadline: Deadline) -> bytes:
    """The first bytes that a server answers to the beginning of HTTP/2."""
    within = deadline.within(WAIT)
    with closing(open_plainly(host, within)) as opened, ended_by_cancellation(opened):
        opened.settimeout(within.left)
        opened.sendall(_PREFACE)
        return opened.recv(9)
