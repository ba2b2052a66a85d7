"""The few HTTP/1.1 requests that a client makes to a kernel's own port: for its token and for the load.

A deadline limits every wait, also for a slow sender, and Ctrl-C ends each wait. The requests use no proxy and follow no
redirect, because they may contain a secret and are for the kernel only.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from chronicle_notebook.base._errors import CertificateError, KernelUnreachableError, ProtocolError
from chronicle_notebook.connection._cancellation import ended_by_cancellation
from chronicle_notebook.connection._sockets import Deadline
from chronicle_notebook.connection._tls import Secured, shake_hands, unreachable
from chronicle_notebook.connection._trust import HTTP, Trust

LARGEST = 256 * 1024
"""The largest answer in bytes. A longer answer is refused."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        # A body can be a token, so it is not shown.
        return f"<HTTP {self.status}, {len(self.body)} bytes>"


def get(secured: Secured, trust: Trust, path: str, deadline: Deadline) -> Answer:
    """GET a path of a kernel. Raises KernelUnreachableError or ProtocolError."""
    return _exchange(secured, trust, "GET", path, None, deadline)


def post(secured: Secured, trust: Trust, path: str, form: Callable[[], bytes], deadline: Deadline) -> Answer:
    """POST a form. The form is a function, so that no local variable holds its content."""
    return _exchange(secured, trust, "POST", path, form, deadline)


def _exchange(
    secured: Secured, trust: Trust, verb: str, path: str, form: Callable[[], bytes] | None, deadline: Deadline
) -> Answer:
    server, seconds = str(secured.host), deadline.left
    failure: KernelUnreachableError | ProtocolError
    with _open(secured, trust, deadline) as connection:
        protocol = connection.selected_alpn_protocol()
        if protocol == "h2":
            raise _no_http(server)
        try:
            connection.settimeout(deadline.left)
            with ended_by_cancellation(connection):
                # A view: the frames of the standard library would show bytes, and the bytes can contain a secret.
                connection.sendall(memoryview(_request(verb, path, server, form)))
                received = _received(connection, deadline)
            if not received and protocol is None:
                # A server that knows only gRPC accepts the handshake and ends the connection.
                raise ValueError("no answer")
            return _parsed(received)
        except OSError as error:
            failure = unreachable(error, secured.host, seconds)
        except (http.client.HTTPException, ValueError):
            failure = _no_http(server)
    raise failure


def _no_http(server: str) -> ProtocolError:
    return ProtocolError(
        f"{server} does not answer HTTP/1.1 on its port.",
        server=server,
        hint="A kernel answers HTTP/1.1; a proxy that passes only gRPC does not.",
    )


def _open(secured: Secured, trust: Trust, deadline: Deadline) -> ssl.SSLSocket:
    if secured.pin is None:
        return shake_hands(secured.host, trust.verifying(HTTP), deadline)
    connection = shake_hands(secured.host, trust.taking_any(HTTP), deadline)
    shown = hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()
    if shown != secured.pin.fingerprint:
        connection.close()
        raise CertificateError(
            f"{secured.host} shows a different certificate than a moment ago, so nothing was sent to it.",
            server=str(secured.host),
            problem="changed",
            hint="Connect again.",
        )
    return connection


def _request(verb: str, path: str, server: str, form: Callable[[], bytes] | None) -> bytes:
    lines = [f"{verb} {path} HTTP/1.1", f"Host: {server}", "Accept: application/json", "Connection: close"]
    if verb == "POST":
        body = b"" if form is None else form()
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _received(connection: ssl.SSLSocket, deadline: Deadline) -> bytes:
    """All bytes up to the end of the answer."""
    data = bytearray()
    while len(data) <= LARGEST:
        if deadline.over:
            raise TimeoutError
        connection.settimeout(deadline.left)
        try:
            part = connection.recv(65536)
        except ssl.SSLEOFError:
            # Some servers close the connection without the end mark of TLS.
            part = b""
        if not part:
            return bytes(data)
        data += part
        if _complete(data):
            return bytes(data)
    raise ValueError("the answer is too long")


def _complete(data: bytearray) -> bool:
    head, found, body = bytes(data).partition(b"\r\n\r\n")
    if not found:
        return False
    for line in head.lower().split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name == b"content-length" and value.strip().isdigit():
            return len(body) >= int(value)
        if name == b"transfer-encoding" and b"chunked" in value:
            return body.endswith(b"0\r\n\r\n")
    return False


class _Recorded:
    """An answer that has already arrived, in the form in which the standard library reads one."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def _parsed(data: bytes) -> Answer:
    response = http.client.HTTPResponse(_Recorded(data))  # type: ignore[arg-type] # it only calls makefile()
    response.begin()
    return Answer(response.status, response.read())
