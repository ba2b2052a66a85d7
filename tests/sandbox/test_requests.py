"""Requests to targets: headers, redirects and refusals as on running kernels of 16.37.1 and of a build before 16.38."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import observation_pb2 as wire
from chronicle_notebook.sandbox import Behaviour, Sandbox
from chronicle_notebook.sandbox._certificate import Certificate
from chronicle_notebook.sandbox.delivery import _courier
from chronicle_notebook.sandbox.delivery._failure import DeliveryError
from chronicle_notebook.sandbox.delivery._headers import merged
from chronicle_notebook.sandbox.delivery._sender import _delays
from tests.sandbox.conftest import Client, Delivery, Endpoint, accepted, append_request, hook
from tests.waiting import LONG, eventually


@pytest.fixture(autouse=True)
def types(client: Client) -> None:
    client.register_types("One")


def failure(client: Client) -> list[str]:
    """The messages of the first attempt that failed."""
    (failed,) = eventually(client.failed)
    return list(failed.Attempts[0].Messages)


class Raw:
    """A target that keeps each request as bytes, and answers what it was told for the path."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        data = b""
        with connection:
            connection.settimeout(10)
            try:
                while True:
                    while b"\r\n\r\n" not in data:
                        if not (part := connection.recv(65536)):
                            return
                        data += part
                    end = data.index(b"\r\n\r\n") + 4
                    if b"chunked" in data[:end].lower():
                        while b"\r\n0\r\n\r\n" not in data[end - 4 :]:
                            data += connection.recv(65536)
                        end = data.index(b"\r\n0\r\n\r\n", end - 4) + 7
                    request, data = data[:end], data[end:]
                    self.requests.append(request)
                    path = request.split(b" ", 2)[1].decode()
                    answer = self.answers.get(path, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    connection.sendall(answer.encode())
                    if "Connection: close" in answer:
                        return
            except OSError:
                return


@contextmanager
def raw(**answers: str) -> Iterator[Raw]:
    target = Raw({f"/{path}": answer for path, answer in answers.items()})
    yield target
    target.close()


def names(request: bytes) -> list[str]:
    return [line.split(b":")[0].decode() for line in request.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]]


def test_headers_come_in_the_order_of_a_kernel(client: Client) -> None:
    with raw() as target:
        client.settle(hook("h", f"http://127.0.0.1:{target.port}/", "One", headers={"x-b": "2"}, bearer=("token",)))
        client.append("s", "One")
        request = eventually(lambda: target.requests)[0]
    assert names(request) == ["Host", "Authorization", "x-b", "Transfer-Encoding", "traceparent", "Content-Type"]


def test_what_a_map_holds_comes_in_the_order_of_its_names(client: Client) -> None:
    """A reader of protobuf has another order in each process, so many names are needed to see it."""
    own = {f"{letter}-{number}": "v" for number in range(4) for letter in "dBca"} | {"x-c": "2", "X-C": "1"}
    request = append_request("s", "One")
    request.Causation[0].Properties.update(own)
    with raw() as target:
        client.settle(hook("h", f"http://127.0.0.1:{target.port}/", "One", headers=own))
        accepted(client.call(methods.APPEND, request))
        sent = eventually(lambda: target.requests)[0]
    assert names(sent)[1:-3] == [name for name in sorted(own) if name != "x-c"], "two that differ in case are one"
    assert b"\r\nX-C: 1, 2\r\n" in sent
    body = json.loads(sent.split(b"\r\n\r\n", 1)[1].split(b"\r\n")[1])
    assert list(body["events"][0]["context"]["causation"][0]["properties"]) == sorted(own)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_drops_the_credentials_and_some_the_events(client: Client, status: int) -> None:
    moved = f"HTTP/1.1 {status} Moved\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n"
    with raw(old=moved) as target:
        url = f"http://127.0.0.1:{target.port}/old"
        client.settle(hook("h", url, "One", headers={"x-own": "1"}, bearer=("token",)))
        client.append("s", "One")
        first, second = eventually(lambda: target.requests[:2] if len(target.requests) > 1 else None) or [b"", b""]
        eventually(lambda: client.observer("h").LastHandledEventSequenceNumber == 0)
        assert client.failed() == [], "it counts as handled"
    assert "Authorization" in names(first)
    if status in (307, 308):
        assert second.startswith(b"POST /new ")
        assert second.split(b"\r\n\r\n", 1)[1] == first.split(b"\r\n\r\n", 1)[1]
        assert names(second) == ["Host", "x-own", "Transfer-Encoding", "traceparent", "Content-Type"]
    else:
        assert second.startswith(b"GET /new ")
        assert names(second) == ["Host", "x-own", "traceparent"]
        assert second.endswith(b"\r\n\r\n")
        assert second.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize(
    ("head", "broken"),
    [("Content-Length: 8", False), ("Content-Length: 9", True), ("Transfer-Encoding: chunked", True)],
)
def test_an_answer_that_is_broken_off_is_a_failure(client: Client, head: str, broken: bool) -> None:
    with raw(hook=f"HTTP/1.1 200 OK\r\n{head}\r\nConnection: close\r\n\r\n3\r\nabc\r\n") as target:
        client.settle(hook("h", f"http://127.0.0.1:{target.port}/hook", "One"))
        client.append("s", "One")
        if not broken:
            eventually(lambda: client.observer("h").LastHandledEventSequenceNumber == 0)
            return
        (failed,) = eventually(client.failed)
    assert list(failed.Attempts[0].Messages) == [
        "Error while copying content to a stream.",
        "The response ended prematurely. (ResponseEnded)",
    ]


def test_a_custom_authorization_header_is_dropped_by_a_redirect_too(client: Client) -> None:
    with raw(old="HTTP/1.1 308 Moved\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n") as target:
        client.settle(hook("h", f"http://127.0.0.1:{target.port}/old", "One", headers={"authorization": "Key k"}))
        client.append("s", "One")
        _, second = eventually(lambda: target.requests[:2] if len(target.requests) > 1 else None) or [b"", b""]
    assert b"Key k" not in second


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({"X-C": "1", "x-c": "2"}, [("X-C", "1, 2")]),
        ({"User-Agent": "a/1", "user-agent": "b/2"}, [("User-Agent", "a/1 b/2")]),
        ({"User-Agent": "Mozilla/5.0 (X11; Linux) a/b"}, None),
        ({"Accept": "*/*, text/html;q=0.8"}, None),
        ({"If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"}, None),
        ({"Range": "bytes=0-1, -5"}, None),
        ({"Connection": "close"}, None),
        ({"Cookie": "a=b; c=d"}, None),
        ({"Host": "example.com:80"}, None),
    ],
)
def test_headers_that_are_sent(headers: dict[str, str], sent: list[tuple[str, str]] | None) -> None:
    assert merged(headers.items(), None) == (sent or list(headers.items()))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("", "x", "The value cannot be an empty string. (Parameter 'name')"),
        ("a b", "x", "The header name 'a b' has an invalid format."),
        ("Content-Type", "text/plain", "Misused header name, 'Content-Type'."),
        ("x", "a\r\nb", "New-line or NUL characters are not allowed in header values."),
        ("x", "ü", "Request headers must contain only ASCII characters."),
        ("User-Agent", "not (valid", "The format of value '(valid' is invalid."),
        ("user-agent", "acme/webhooks@1.0", "The format of value 'acme/webhooks@1.0' is invalid."),
        ("If-Modified-Since", "garbage", "The format of value 'garbage' is invalid."),
        ("accept", "json", "The format of value 'json' is invalid."),
        ("accept-language", "de DE", "The format of value 'de DE' is invalid."),
        ("accept-encoding", "gzip deflate", "The format of value 'gzip deflate' is invalid."),
        ("date", "2024-01-01", "The format of value '2024-01-01' is invalid."),
        ("from", "nobody", "The format of value 'nobody' is invalid."),
        ("if-match", "abc", "The format of value 'abc' is invalid."),
        ("range", "all", "The format of value 'all' is invalid."),
        ("max-forwards", "many", "The format of value 'many' is invalid."),
        ("cache-control", "max age=0", "The format of value 'max age=0' is invalid."),
    ],
)
def test_headers_that_are_refused(name: str, value: str, message: str) -> None:
    with pytest.raises(DeliveryError) as refused:
        merged([(name, value)], None)
    assert str(refused.value).startswith(message)


def test_a_header_that_is_refused_fails_the_delivery(client: Client, endpoint: Endpoint) -> None:
    client.settle(hook("h", endpoint.url(), "One", headers={"x": "ü"}))
    client.append("s", "One")
    assert failure(client) == ["Request headers must contain only ASCII characters."]
    assert endpoint.deliveries == []


def test_a_delivery_that_takes_too_long_is_a_failure_while_its_request_goes_on(
    client: Client, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _courier.LIMIT == 30.0
    monkeypatch.setattr(_courier, "LIMIT", 0.2)
    seen = threading.Event()
    ended: list[int] = []

    def answer(delivery: Delivery) -> web.StreamResponse | int:
        if len(endpoint.deliveries) == 1:
            assert seen.wait(LONG)
            ended.append(len(endpoint.deliveries))
        return 200

    endpoint.answer = answer  # type: ignore[method-assign]
    client.settle(hook("h", endpoint.url(), "One"))
    client.append("s", "One")
    (failed,) = eventually(client.failed)
    assert (
        failed.Attempts[0].Messages[0].startswith("Response did not arrive on time in 00:00:30 for message: Request [")
    )
    assert failed.Attempts[0].Kind == wire.Timeout
    assert ended == [], "the request waits on"
    seen.set()
    eventually(lambda: client.failed() == [])
    assert ended == [1], "the first request was not given up"
    assert [delivery.numbers for delivery in endpoint.deliveries] == [[0], [0]]


def test_an_observer_continues_while_a_request_that_took_too_long_still_waits(
    client: Client, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_courier, "LIMIT", 0.2)
    answered, ended = threading.Event(), threading.Event()

    class Waiting(web.Response):
        async def prepare(self, request: web.BaseRequest) -> Any:
            assert await asyncio.to_thread(answered.wait, LONG)
            ended.set()
            return await super().prepare(request)

    def answer(delivery: Delivery) -> web.StreamResponse | int:
        return Waiting() if len(endpoint.deliveries) == 1 else 200

    endpoint.answer = answer  # type: ignore[method-assign]
    client.settle(hook("h", endpoint.url(), "One"))
    client.append("s", "One")
    client.append("t", "One")
    eventually(lambda: endpoint.numbers().count(0) > 1 and 1 in endpoint.numbers())
    assert not ended.is_set(), "the first request waits"
    answered.set()
    assert ended.wait(LONG)
    client.append("s", "One")
    eventually(lambda: 2 in endpoint.numbers())
    eventually(lambda: client.observer("h").LastHandledEventSequenceNumber == 2)


def test_a_target_that_refuses_is_told_as_dotnet_tells_it(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client.settle(hook("h", f"http://127.0.0.1:{port}/", "One"))
    client.append("s", "One")
    assert failure(client) == [f"Connection refused (127.0.0.1:{port})", "Connection refused"]


def test_a_host_that_there_is_not_is_told_by_its_name(client: Client) -> None:
    client.settle(hook("h", "http://no-such-host.invalid/", "One"))
    client.append("s", "One")
    first, *_ = failure(client)
    assert first.endswith("(no-such-host.invalid:80)")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "An invalid request URI was provided."),
        ("not a url", "An invalid request URI was provided."),
        ("/x", "The 'file' scheme is not supported."),
        ("ftp://example.invalid/", "The 'ftp' scheme is not supported."),
    ],
)
def test_a_url_that_cannot_be_asked(client: Client, url: str, message: str) -> None:
    client.settle(hook("h", url, "One"))
    client.append("s", "One")
    assert failure(client)[0].startswith(message)


def test_a_wrong_certificate_is_told_as_one_and_tried_again(client: Client, tmp_path: Path) -> None:
    certificate = Certificate.generate()
    file = tmp_path / "key.pem"
    file.write_bytes(certificate.key + certificate.chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    handshakes: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                handshakes.append("begun")
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    continue

    threading.Thread(target=accept, daemon=True).start()
    client.settle(hook("h", f"https://127.0.0.1:{listener.getsockname()[1]}/", "One"))
    client.append("s", "One")
    first, second = failure(client)
    listener.close()
    assert first == "The SSL connection could not be established, see inner exception."
    assert "certificate" in second
    assert len(handshakes) >= 4, "a connection that fails is tried three times more"


def test_an_open_circuit_tells_why_it_opened(tmp_path: Path, endpoint: Endpoint) -> None:
    behaviour = Behaviour(one_circuit=True)
    with Sandbox(data=tmp_path / "slow", settle_delay=0, time_scale=0.01, behaviour=behaviour) as sandbox:
        caller = Client(sandbox.port)
        caller.register_types("One")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        dead = f"http://127.0.0.1:{port}/"
        hooks = [hook(f"dead{number}", dead, "One") for number in range(8)]
        caller.add(*hooks, hook("good", endpoint.url(), "One"))
        assert sandbox._kernel is not None
        sandbox._kernel.reactor.wait_until_settled(LONG)
        caller.append("s", "One")
        opened = f"Connection refused (127.0.0.1:{port})"

        def told() -> list[list[str]]:
            messages = [list(attempt.Messages) for each in caller.failed() for attempt in each.Attempts]
            return [each for each in messages if "circuit" in each[0]]

        expected = ["The circuit is now open and is not allowing calls.", opened, "Connection refused"]
        assert eventually(told)[0] == expected
        caller.close()


def test_retries_wait_as_widely_scattered_as_on_kernels() -> None:
    drawn = [list(_delays()) for _ in range(2_000)]
    for number, (least, most) in enumerate([(0.0, 3.0), (0.0, 6.0), (0.0, 12.0)]):
        delays = [delay[number] for delay in drawn]
        assert least <= min(delays) <= max(delays) <= most
    total = sorted(sum(delay) for delay in drawn)
    assert 7.0 < total[len(total) // 2] < 13.0
    assert len({round(delay[1], 1) for delay in drawn}) > 20, "they are scattered"
