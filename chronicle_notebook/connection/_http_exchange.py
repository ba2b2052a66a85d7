"""One HTTP/1.1 request on an open connection, and its answer.

This is own code because urllib3 and httpx limit each read and not the whole exchange, cannot be ended by another
thread, and keep headers and bodies in local variables, which a traceback would show.
"""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from chronicle_notebook.base._text import one_line
from chronicle_notebook.connection._cancellation import ended_by_cancellation
from chronicle_notebook.connection._sockets import Deadline

LARGEST_HEAD = 64 * 1024
"""The largest size in bytes of the status line and the headers. A longer head is not accepted as an answer."""
MOST_INTERIM = 20
"""The largest number of 1xx answers before the real one."""
LONGEST_REASON = 80
"""The longest text of a status, in characters."""

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?: ([^\r\n]*))?\r?\n")
_END = re.compile(rb"\r?\n\r?\n")
_LINE = re.compile(rb"\r?\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d+)[ \t]*\r?\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\ntransfer-encoding:[^\r\n]*chunked[ \t]*\r?\n", re.IGNORECASE)
_SIZE = re.compile(rb"([0-9a-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n", re.IGNORECASE)
_WITHOUT_BODY = frozenset({204, 304})
_DATE = re.compile(
    rb"\ndate:[ \t]*[a-z]{3}, (\d\d) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) gmt[ \t]*\r?\n", re.IGNORECASE
)
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
"""No clock shows another year, and near the year 1 or 9999 calculating with a moment would fail."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class NoAnswerError(Exception):
    """There is no answer. The text says why, in the toolkit's own words."""


class SilentEndError(NoAnswerError):
    """The other side ended the connection before it sent anything."""

    def __init__(self) -> None:
        super().__init__("it ends the connection without an answer")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The answer to a request."""

    status: int
    reason: str
    """The status in words, safe to show."""
    body: bytes = b""
    date: float | None = None
    """When the server answered, by its own clock, in whole seconds since 1970; None if it does not say so."""

    def __repr__(self) -> str:
        # A body can be a token, so it is not shown.
        return f"<HTTP {self.status}, {len(self.body)} bytes>"


def exchange(
    connection: socket.socket, request: memoryview, deadline: Deadline, *, largest: int | None = None
) -> HttpAnswer:
    """Send a request that asks for the end of the connection, and read the answer.

    :param request: the whole request. A view, because the frames of the standard library would show bytes, and the
        bytes can contain a secret.
    :param largest: the largest body in bytes. By default the body is not read.
    :raises OSError: the connection broke, or the deadline has passed.
    :raises NoAnswerError: the received bytes are not an answer, or the answer is too large.
    :raises CallCancelledError: the call was cancelled by another thread.
    """
    with ended_by_cancellation(connection):
        _send(connection, request, deadline)
        received = _Received(connection, deadline)
        for _ in range(MOST_INTERIM + 1):
            head = received.until(_END, most=LARGEST_HEAD, otherwise="its answer has too many headers")
            status, reason = _read_status(head)
            if status >= 200:
                body = b"" if largest is None or status in _WITHOUT_BODY else _read_body(received, head, largest)
                return HttpAnswer(status, reason, body, _read_date(head))
        raise NoAnswerError("it sends too many interim answers")


def _send(connection: socket.socket, request: memoryview, deadline: Deadline) -> None:
    while request:
        if deadline.over:
            raise TimeoutError
        connection.settimeout(deadline.left)
        request = request[connection.send(request) :]


def _read_status(head: bytes) -> tuple[int, str]:
    found = _STATUS.match(head)
    if found is None:
        raise NoAnswerError("its answer is not HTTP")
    status = int(found[1])
    return status, one_line((found[2] or b"").decode("latin-1"), most=LONGEST_REASON) or _phrase(status)


def _read_date(head: bytes) -> float | None:
    found = _DATE.search(head)
    if found is None:
        return None
    day, month, year, hour, minute, second = (part.decode("ascii").lower() for part in found.groups())
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        return None
    try:
        date = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
    return date.timestamp()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"


def _read_body(received: _Received, head: bytes, largest: int) -> bytes:
    if _CHUNKED.search(head):
        return _read_chunks(received, largest)
    length = _LENGTH.search(head)
    return received.rest(largest) if length is None else received.exactly(int(length[1]), largest)


def _read_chunks(received: _Received, largest: int) -> bytes:
    while True:
        size = _SIZE.fullmatch(received.until(_LINE, most=1024, otherwise="its answer is not HTTP"))
        if size is None:
            raise NoAnswerError("its answer is not HTTP")
        if not int(size[1], 16):
            return bytes(received.chunks)  # what follows are trailers, and the connection ends
        received.chunks += received.exactly(int(size[1], 16), largest - len(received.chunks))
        received.until(_LINE, most=2, otherwise="its answer is not HTTP")


class _Received:
    """The bytes that came on a connection and were not taken yet. A traceback shows the object and not the bytes."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self.chunks = bytearray()
        """The chunks of the body so far."""
        self._connection = connection
        self._deadline = deadline
        self._data = bytearray()
        self._silent = True

    def until(self, end: re.Pattern[bytes], *, most: int, otherwise: str) -> bytes:
        """Take everything up to and with an end, which must come within ``most`` bytes."""
        while (found := end.search(self._data)) is None:
            if len(self._data) > most:
                raise NoAnswerError(otherwise)
            self._receive_or_fail()
        if found.end() > most:
            raise NoAnswerError(otherwise)
        return self._take(found.end())

    def exactly(self, size: int, largest: int) -> bytes:
        """Take a number of bytes."""
        if size > largest:
            raise NoAnswerError("its answer is too long")
        while len(self._data) < size:
            self._receive_or_fail()
        return self._take(size)

    def rest(self, largest: int) -> bytes:
        """Take everything up to the end of the connection."""
        while len(self._data) <= largest and self._receive():
            pass
        if len(self._data) > largest:
            raise NoAnswerError("its answer is too long")
        return self._take(len(self._data))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._data[:size])
        del self._data[:size]
        return taken

    def _receive_or_fail(self) -> None:
        if not self._receive():
            raise SilentEndError if self._silent else NoAnswerError("its answer is incomplete")

    def _receive(self) -> bool:
        """Wait for more bytes. False at the end of the connection."""
        if self._deadline.over:
            raise TimeoutError
        self._connection.settimeout(self._deadline.left)
        try:
            part = self._connection.recv(64 * 1024)
        except ssl.SSLEOFError:
            # Some servers end the connection without the end mark of TLS.
            return False
        self._data += part
        self._silent = self._silent and not part
        return bool(part)
