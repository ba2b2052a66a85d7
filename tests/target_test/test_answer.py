"""The test request: what is sent, and what its answer is said to prove."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, OAuthAuthorization, WebhookDefinition
from chronicle_notebook.session._client import Client
from chronicle_notebook.target_test._answer import Grade, probe
from tests.certificates import issue
from tests.waiting import FOR_EVER, LONG


@pytest.fixture
def endpoint() -> Iterator[cn.Receiver]:
    with cn.Receiver() as receiver:
        yield receiver


def hook(url: str, **changes: object) -> WebhookDefinition:
    return WebhookDefinition("h", url, (EventType("AccountOpened"),)).changed(**changes)


def test_an_answer_of_2xx_is_told_from_any_other_answer(endpoint: cn.Receiver) -> None:
    good = probe(hook(endpoint.url))
    assert (bool(good), good.grade, good.status) == (True, Grade.ACCEPTED, 200)
    endpoint.misbehave(status=500)
    bad = probe(hook(endpoint.url))
    assert (bool(bad), bad.grade, bad.status) == (False, Grade.ANSWERED, 500)
    assert any("count every answer as delivered" in caveat for caveat in bad.caveats)


def test_no_answer_is_told_with_the_reason() -> None:
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        port = probe_socket.getsockname()[1]
    answer = probe(hook(f"http://127.0.0.1:{port}/x"), timeout=LONG)
    assert (answer.grade, answer.status) == (Grade.NO_ANSWER, None)
    assert "refused" in answer.detail


def test_a_slow_target_is_given_up_after_the_timeout(endpoint: cn.Receiver) -> None:
    endpoint.misbehave(delay=FOR_EVER)
    answer = probe(hook(endpoint.url), timeout=0.3)
    assert answer.grade is Grade.NO_ANSWER


def test_it_sends_the_kernels_test_body_with_headers_and_credentials(endpoint: cn.Receiver) -> None:
    endpoint.expect(bearer=cn.Secret("swordfish"))
    definition = cn.DefinitionBuilder().with_event_type("A").with_bearer_token("swordfish").with_header("x-a", "1")
    answer = probe(definition.build("h", endpoint.url + "?q=1"))
    assert answer, "the receiver answers 401 unless the token is right"
    (delivery,) = endpoint.deliveries
    assert (delivery.method, delivery.partition, delivery.events) == ("POST", "test", ())
    assert delivery.headers["x-a"] == "1"
    assert delivery.headers["content-type"] == "application/json; charset=utf-8"
    assert "swordfish" not in repr(answer) + answer._repr_html_() + repr(vars(type(answer)))


def test_basic_credentials_are_sent(endpoint: cn.Receiver) -> None:
    endpoint.expect(basic=("reader", cn.Secret("swordfish")))
    builder = cn.DefinitionBuilder().with_event_type("A").with_basic_auth("reader", "swordfish")
    assert probe(builder.build("h", endpoint.url))
    assert base64.b64encode(b"reader:swordfish").decode() not in repr(endpoint.deliveries)


def test_what_was_not_shown_is_said(client: Client, endpoint: cn.Receiver) -> None:
    client.webhooks.register(
        "h", endpoint.url, lambda b: b.with_event_type("AccountOpened").with_bearer_token("swordfish")
    )
    answer = client.webhooks.test("h")
    assert any("without its bearer credentials" in caveat for caveat in answer.caveats)
    oauth = hook(endpoint.url, authorization=OAuthAuthorization("https://login", "c", cn.Secret("s")))
    assert any("only the kernel fetches" in caveat for caveat in probe(oauth).caveats)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/x", "http://127.0.0.1:9/a b", f"http://{'a' * 70}.com/"])
def test_a_url_that_cannot_be_requested_is_no_answer(url: str) -> None:
    # Definitions that are read back are those of any client, and no kernel checks their URLs.
    answer = probe(hook(url), timeout=LONG)
    assert (answer.grade, answer.status) == (Grade.NO_ANSWER, None)
    assert answer.detail == "its URL cannot be requested"


def test_a_value_that_no_header_can_carry_is_still_an_error(endpoint: cn.Receiver) -> None:
    with pytest.raises(cn.InvalidDefinitionError, match="a header cannot contain"):
        probe(hook(endpoint.url, headers={"x-key": cn.Secret("ends\n")}))


Serve = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def raw() -> Iterator[Serve]:
    """Starts a target that does as it is told with one connection after it has the request; gives its URL."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(5)
    ended = threading.Event()

    def serve(act: Callable[[socket.socket], None]) -> str:
        def run() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    act(connection)
                    connection.settimeout(LONG)
                    connection.recv(1)  # until the other side has had enough

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/in"

    yield serve
    ended.set()
    listener.close()


def drips(connection: socket.socket) -> None:
    for each in chain(b"HTTP/1.1 200 OK\r\nX-A: ", repeat(ord("a"))):
        connection.sendall(bytes([each]))
        time.sleep(0.05)


def continues(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.005)


def floods(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"X-A: a\r\n" * 1000)


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (continues, "it sends too many interim answers"),
        (floods, "its answer has too many headers"),
        (lambda connection: connection.sendall(b"SSH-2.0-x\r\n\r\n"), "its answer is not HTTP"),
        (lambda connection: connection.shutdown(socket.SHUT_WR), "it ends the connection without an answer"),
    ],
)
def test_what_is_no_answer_is_told_without_waiting_for_the_timeout(raw: Serve, act: Any, why: str) -> None:
    answer = probe(hook(raw(act)), timeout=FOR_EVER)
    assert (answer.grade, answer.status, answer.detail) == (Grade.NO_ANSWER, None, why)


def test_the_timeout_is_for_all_of_an_answer_that_never_ends(raw: Serve) -> None:
    answer = probe(hook(raw(drips)), timeout=0.5)
    why = "no complete answer came within 0.5 s"
    assert (answer.grade, answer.status, answer.detail) == (Grade.NO_ANSWER, None, why)


def test_an_interim_answer_is_followed_by_the_real_one(raw: Serve) -> None:
    said = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 Gone in\r\n\r\n"
    answer = probe(hook(raw(lambda connection: connection.sendall(said))))
    assert (answer.grade, answer.status, answer.detail) == (Grade.ACCEPTED, 204, "Gone in")


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (b"HTTP/1.1 200 \x1b]0;pwn\x07\x1b[2JOK", "\N{REPLACEMENT CHARACTER}]0;pwn"),
        (b"HTTP/1.1 200 " + b"A" * 60_000, "A" * 79 + "…"),
        (b"HTTP/1.1 200", "OK"),
        (b"HTTP/1.1 299 ", "no reason given"),
    ],
)
def test_what_the_target_says_in_words_is_short_and_does_nothing_to_a_terminal(
    raw: Serve, said: bytes, detail: str
) -> None:
    answer = probe(hook(raw(lambda connection: connection.sendall(said + b"\r\n\r\n"))))
    assert answer.detail.startswith(detail)
    assert len(answer.detail) <= 80
    assert "\x1b" not in repr(answer) + answer._repr_html_()


def test_a_url_of_another_scheme_is_asked_for_nowhere() -> None:
    for url in ("javascript:alert(1)//", "http:///x", "file:///etc/passwd", "http://h\r\nX: y/"):
        assert probe(hook(url)).detail == "its URL cannot be requested"


def test_a_target_of_https_is_asked_once_its_certificate_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = issue("127.0.0.1")
    files = tmp_path / "key.pem", tmp_path / "certificate.pem"
    for path, content in zip(files, (issued.key_pem, issued.pem), strict=True):
        path.write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    heard: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            plain, _address = listener.accept()
            with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                heard.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        definition = hook(f"https://127.0.0.1:{listener.getsockname()[1]}/in", headers={"x-a": "1"})
        unknown = probe(definition)
        monkeypatch.setenv("SSL_CERT_FILE", str(files[1]))
        known = probe(definition)
        thread.join(LONG)
    assert (unknown.grade, known.grade) == (Grade.NO_ANSWER, Grade.ACCEPTED)
    assert "certificate verify failed" in unknown.detail
    assert b"x-a: 1\r\n" in heard[-1]
