"""The few HTTP/1.1 requests that a client makes to a kernel's own port: for its token and for the load.

A deadline limits every wait, also for a slow sender, and Ctrl-C ends each wait. The requests use no proxy and follow no
redirect, because they may contain a secret and are for the kernel only.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

from chronicle_notebook.base._errors import CertificateError, ChronicleError, KernelUnreachableError, ProtocolError
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._http_exchange import HttpAnswer, NoAnswerError, SilentEndError, exchange
from chronicle_notebook.connection._plain import open_plainly
from chronicle_notebook.connection._sockets import Deadline
from chronicle_notebook.connection._tls import Secured, shake_hands, unreachable
from chronicle_notebook.connection._trust import HTTP, Trust

LARGEST = 256 * 1024
"""The largest body of an answer in bytes. A longer one is refused."""


def get(secured: Secured, trust: Trust, path: str, deadline: Deadline) -> HttpAnswer:
    """GET a path of a kernel. Raises KernelUnreachableError or ProtocolError."""
    return _exchange(secured, trust, "GET", path, None, deadline)


def post(
    secured: Secured,
    trust: Trust,
    path: str,
    form: Callable[[], bytes],
    deadline: Deadline,
    *,
    opened: socket.socket | None = None,
) -> HttpAnswer:
    """POST a form. The form is a function, so that no local variable holds its content.

    :param opened: a connection that :func:`open_ahead` has made; by default a new one.
    """
    return _exchange(secured, trust, "POST", path, form, deadline, opened)


class Ahead:
    """A connection for one request, opened in a thread before the certificate of its server is known.

    It is taken once, or closed. Nothing is sent on it before it has shown the right certificate.
    """

    def __init__(self, host: Host, trust: Trust, deadline: Deadline) -> None:
        self._host, self._trust, self._deadline = host, trust, deadline
        self._lock = threading.Lock()
        self._opened: socket.socket | None = None
        self._over = False
        self._thread = threading.Thread(target=self._open, name="chronicle-token", daemon=True)
        self._thread.start()

    def _open(self) -> None:
        # Whoever needs a token opens a connection then, and has the error.
        verified = self._trust.verifies(self._host)
        opened: socket.socket
        with suppress(ChronicleError):
            if self._trust.plain:
                opened = open_plainly(self._host, self._deadline)
            else:
                context = self._trust.verifying(HTTP) if verified else self._trust.taking_any(HTTP)
                opened = shake_hands(self._host, context, self._deadline)
            with self._lock:
                if not self._over:
                    self._opened = opened
                    return
            opened.close()

    def taken(self, host: Host) -> socket.socket | None:
        """The connection; None if there is none to this host."""
        self._thread.join(self._deadline.left)
        with self._lock:
            opened, self._opened, self._over = self._opened, None, True
        if opened is not None and host != self._host:
            opened.close()
            return None
        return opened

    def close(self) -> None:
        """Close the connection, unless it was taken."""
        with self._lock:
            opened, self._opened, self._over = self._opened, None, True
        if opened is not None:
            opened.close()


def _exchange(
    secured: Secured,
    trust: Trust,
    verb: str,
    path: str,
    form: Callable[[], bytes] | None,
    deadline: Deadline,
    opened: socket.socket | None = None,
) -> HttpAnswer:
    server, seconds = str(secured.host), deadline.left
    failure: KernelUnreachableError | ProtocolError
    with _open(secured, trust, deadline, opened) as connection:
        protocol = connection.selected_alpn_protocol() if isinstance(connection, ssl.SSLSocket) else None
        if protocol == "h2":
            raise _no_http(server)
        try:
            return exchange(connection, memoryview(_request(verb, path, server, form)), deadline, largest=LARGEST)
        except SilentEndError:
            # A server that knows only gRPC accepts the handshake and ends the connection.
            failure = (
                _no_http(server) if protocol is None else unreachable(ConnectionResetError(), secured.host, seconds)
            )
        except NoAnswerError as error:
            failure = _unusable(server, path, str(error))
        except OSError as error:
            failure = unreachable(error, secured.host, seconds)
    raise failure


def _no_http(server: str) -> ProtocolError:
    return ProtocolError(
        f"{server} does not answer HTTP/1.1 on its port.",
        server=server,
        hint="A kernel answers HTTP/1.1; a proxy that passes only gRPC does not.",
    )


def _unusable(server: str, path: str, why: str) -> ProtocolError:
    """The error for an answer that cannot be used. Its ``call`` is the path; a server without HTTP has none."""
    return ProtocolError(
        f"{server} answered {path}, but {why}.",
        server=server,
        call=path,
        hint="Check that the port is a Chronicle kernel's, and what a proxy in between does with the answer.",
    )


def _open(secured: Secured, trust: Trust, deadline: Deadline, opened: socket.socket | None) -> socket.socket:
    if trust.plain:
        return opened or open_plainly(secured.host, deadline)
    if secured.pin is None:
        return opened or shake_hands(secured.host, trust.verifying(HTTP), deadline)
    connection = opened or shake_hands(secured.host, trust.taking_any(HTTP), deadline)
    shown = hashlib.sha256(_certificate(connection)).hexdigest()
    if shown != secured.pin.fingerprint:
        connection.close()
        raise CertificateError(
            f"{secured.host} shows a different certificate than a moment ago, so nothing was sent to it.",
            server=str(secured.host),
            problem="changed",
            hint="Connect again.",
        )
    return connection


def _certificate(connection: socket.socket) -> bytes:
    return (connection.getpeercert(binary_form=True) or b"") if isinstance(connection, ssl.SSLSocket) else b""


def _request(verb: str, path: str, server: str, form: Callable[[], bytes] | None) -> bytes:
    lines = [f"{verb} {path} HTTP/1.1", f"Host: {server}", "Accept: application/json", "Connection: close"]
    if verb == "POST":
        body = b"" if form is None else form()
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body
    return "\r\n".join([*lines, "", ""]).encode("ascii")
