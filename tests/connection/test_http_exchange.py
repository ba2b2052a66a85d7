"""One HTTP/1.1 request and its answer, over a real connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from chronicle_notebook.base._errors import CallCancelledError
from chronicle_notebook.connection._cancellation import Cancellation
from chronicle_notebook.connection._http_exchange import HttpAnswer, NoAnswerError, SilentEndError, exchange
from chronicle_notebook.connection._sockets import Deadline

REQUEST = b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
CANARY = b"canary-7c31-swordfish"
LONG = 60.0

Ask = Callable[..., HttpAnswer]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Sends a request to a server that answers with the given pieces, and then ends the connection or keeps it."""
    opened: list[socket.socket] = []

    def run(*pieces: bytes, largest: int | None = 1024, stays: bool = False) -> HttpAnswer:
        client, server = socket.socketpair()
        opened.extend((client, server))

        def serve() -> None:
            with suppress(OSError):
                server.recv(65536)
                for piece in pieces:
                    server.sendall(piece)
                if not stays:
                    server.shutdown(socket.SHUT_WR)

        threading.Thread(target=serve, daemon=True).start()
        return exchange(client, memoryview(REQUEST), Deadline(LONG), largest=largest)

    yield run
    for each in opened:
        each.close()


@pytest.mark.parametrize(
    ("pieces", "body"),
    [
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", b"llo"), b"hello"),
        ((b"HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello and more",), b"hello"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r", b"\n2\r\nlo\r\n0\r\n\r\n"), b"hello"),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), b""),
        ((b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), b"x"),
    ],
)
def test_a_body_ends_where_its_head_says(ask: Ask, pieces: tuple[bytes, ...], body: bytes) -> None:
    # The server keeps the connection open, so nothing but the head tells the end.
    assert ask(*pieces, stays=True).body == body


def test_a_body_of_no_given_length_ends_with_the_connection(ask: Ask) -> None:
    answer = ask(b"HTTP/1.0 200 OK\r\n\r\nhel", b"lo")
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"hello")


def test_a_body_that_nobody_asked_for_is_not_read(ask: Ask) -> None:
    assert ask(b"HTTP/1.1 500 Broken\r\nContent-Length: 9\r\n\r\n", largest=None, stays=True) == HttpAnswer(
        500, "Broken"
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"SSH-2.0-x\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX-A:", "incomplete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "incomplete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n", "too long"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1025, "too long"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n", "too long"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 20_000, "too many headers"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 30, "too many interim answers"),
    ],
)
def test_what_is_not_an_answer_is_refused_with_the_reason(ask: Ask, said: bytes, why: str) -> None:
    with pytest.raises(NoAnswerError, match=why):
        ask(said)


def test_an_end_without_a_byte_has_an_error_of_its_own(ask: Ask) -> None:
    with pytest.raises(SilentEndError):
        ask()


def test_another_thread_ends_the_exchange(ask: Ask) -> None:
    cancellation = Cancellation()
    threading.Timer(0.05, cancellation.cancel).start()
    with cancellation.watched(), pytest.raises(CallCancelledError):
        ask(b"HTTP/1.1 200 OK\r\n", stays=True)


def test_a_traceback_shows_no_byte_of_the_request_or_the_answer(ask: Ask) -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n" + CANARY + b"\r\nzz\r\n"
    with pytest.raises(NoAnswerError) as caught:
        ask(said)
    frames = [entry.frame.f_locals for entry in caught.traceback if str(entry.path).endswith("/_http_exchange.py")]
    assert len(frames) >= 3
    assert CANARY.decode() not in repr(frames)
    assert "GET /x" not in repr(frames)
    assert CANARY.decode() not in repr(HttpAnswer(200, "OK", CANARY))
