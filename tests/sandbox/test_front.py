"""One port for gRPC and HTTP/1.1, and what it leaves behind."""

from __future__ import annotations

import contextlib
import gc
import http.client
import socket
import ssl
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2
from chronicle_notebook.sandbox import Sandbox, _connected, _front
from chronicle_notebook.sandbox._certificate import Certificate
from tests.sandbox.conftest import Client, page
from tests.waiting import FOR_EVER, LONG, eventually

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


def shaken(port: int, *alpn: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=LONG), server_hostname="localhost")


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [(("h2",), "h2"), (("http/1.1",), "http/1.1"), (("h2", "http/1.1"), "http/1.1"), ((), None)],
)
def test_the_protocol_is_told_by_what_the_handshake_agreed_on(
    sandbox: Sandbox, offered: tuple[str, ...], agreed: str | None
) -> None:
    with shaken(sandbox.port, *offered) as connection:
        assert connection.selected_alpn_protocol() == agreed
        if agreed == "h2":
            connection.sendall(PREFACE)
            assert connection.recv(9)[3] == 4, "the answer of HTTP/2 begins with its settings"
        else:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(64).startswith(b"HTTP/1.1 200 OK")


def test_the_certificate_has_the_names_of_a_development_kernel(sandbox: Sandbox) -> None:
    pem = ssl.get_server_certificate(("127.0.0.1", sandbox.port))
    context = ssl.create_default_context(cadata=pem)
    for name in ("localhost", "chronicle", "127.0.0.1", "::1"):
        with socket.create_connection(("127.0.0.1", sandbox.port)) as plain:
            context.wrap_socket(plain, server_hostname=name).close()


def test_health_and_load_are_answered_without_a_token() -> None:
    with Sandbox(auth=True) as sandbox:
        health = page(sandbox.port, "/health")
        assert (health.status, health.raw) == (200, b"Healthy")
        count = page(sandbox.port, "/connections/count")
        assert (count.status, count.json) == (200, 0)


def test_paths_and_methods_that_there_are_not_are_refused(sandbox: Sandbox) -> None:
    assert page(sandbox.port, "/").status == 404
    assert page(sandbox.port, "/connect/token", {"grant_type": "client_credentials"}).status == 500
    wrong = page(sandbox.port, "/connections/reserve")
    assert wrong.status == 405
    assert page(sandbox.port, "/health", method="HEAD").status == 200


def test_connected_clients_and_reservations_are_counted(client: Client, sandbox: Sandbox) -> None:
    def load() -> int:
        return int(page(sandbox.port, "/connections/count").json)

    for _ in range(2):
        reserved = page(sandbox.port, "/connections/reserve", b"")
        assert (reserved.status, reserved.raw) == (200, b"")
    assert load() == 2
    stream = client.follow(methods.CONNECT, clients_pb2.ConnectRequest(ConnectionId="c-1"))
    next(stream)
    assert load() == 2, "the client takes one of the places that were reserved"
    stream.cancel()
    eventually(lambda: load() == 1)


def test_a_reservation_expires(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _connected.RESERVATION == 30.0
    page(sandbox.port, "/connections/reserve", b"")
    assert page(sandbox.port, "/connections/count").json == 1
    page(sandbox.port, "/connections/reserve", b"")
    monkeypatch.setattr(_connected, "RESERVATION", 0.2)
    page(sandbox.port, "/connections/reserve", b"")
    eventually(lambda: page(sandbox.port, "/connections/count").json == 2)


def test_one_connection_serves_many_requests(sandbox: Sandbox) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", sandbox.port, context=context, timeout=LONG)
    for _ in range(20):
        connection.request("GET", "/connections/count")
        assert connection.getresponse().read() == b"0"
    connection.close()


@pytest.mark.parametrize("noise", [b"", b"GET / HTTP/1.1\r\n\r\n", PREFACE, bytes(range(256)) * 8])
def test_what_is_not_tls_disturbs_nobody(client: Client, sandbox: Sandbox, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port)) as plain:
        plain.sendall(noise)
        client.ensure_store("still-there")
    client.ensure_store("still-there")


def test_half_a_request_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_front, "HTTP_LIMIT", 0.2)
    with Sandbox() as sandbox, shaken(sandbox.port, "http/1.1") as connection:
        connection.sendall(b"POST /connect/token HTTP/1.1\r\nHost: x\r\nContent-Le")
        connection.settimeout(LONG)
        assert connection.recv(64) == b"", "the sandbox ends the connection"


def test_an_unreadable_http_request_is_logged_without_what_it_holds(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with shaken(sandbox.port, "http/1.1") as connection:
        connection.sendall(b"POST /connect/token HTTP/1.1\r\nclient_secret swordfish\r\n\r\n")
        assert connection.recv(64).startswith(b"HTTP/1.")
    assert "swordfish" not in caplog.text
    assert page(sandbox.port, "/health").status == 200


def test_big_messages_pass_both_ways_at_once(tmp_path: Path) -> None:
    certificate = Certificate.generate()

    async def nobody(_request: object) -> object:
        raise AssertionError

    front = _front.Front(0, lambda: nobody)  # type: ignore[arg-type, return-value]
    limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(4), options=limits)
    echo: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(lambda request, _: request)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test", {"Echo": echo}),))
    server.add_insecure_port(f"unix:{front.grpc_path}")
    server.start()
    front.start(certificate)
    credentials = grpc.ssl_channel_credentials(certificate.chain)
    with grpc.secure_channel(f"localhost:{front.port}", credentials, options=limits) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/test/Echo")
        bodies = [bytes([number]) * 8_000_000 for number in range(4)]
        futures = [call.future(body, timeout=LONG) for body in bodies]
        assert [future.result() for future in futures] == bodies
    server.stop(None).wait()
    front.stop()


def test_who_does_not_read_stops_who_writes_and_loses_nothing() -> None:
    total, chunk = 64, bytes(range(256)) * 4096  # 64 MB
    front = _front.Front(0, lambda: None)  # type: ignore[arg-type, return-value]
    behind = socket.socket(socket.AF_UNIX)
    behind.bind(str(front.grpc_path))
    behind.listen()
    front.start(Certificate.generate())
    with shaken(front.port, "h2") as outside:
        inside, _ = behind.accept()
        written = 0

        def write() -> None:
            nonlocal written
            for _ in range(total):
                inside.sendall(chunk)
                written += 1
            inside.close()

        writer = threading.Thread(target=write)
        writer.start()
        seen = -1
        while seen != written:  # until it has come to a standstill
            seen = written
            time.sleep(0.2)
        assert seen < total / 2
        received = bytearray()
        while data := outside.recv(1 << 20):
            received += data
        writer.join()
    assert received == chunk * total
    front.stop()
    behind.close()


def test_fifty_clients_at_once_are_served(sandbox: Sandbox) -> None:
    clients = [Client(sandbox.port) for _ in range(50)]

    def ask(client: Client) -> str:
        return client.call(methods.GET_VERSION_INFO, Empty()).Version

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(ask, clients)) == {sandbox.version}
    for client in clients:
        client.close()


def test_nobody_else_can_reach_what_is_behind_the_port_and_no_key_is_left(sandbox: Sandbox) -> None:
    front = sandbox._server._front  # type: ignore[union-attr]
    assert front is not None
    folder = front.grpc_path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {entry.name for entry in folder.iterdir()} == {"grpc", "sandbox.lock"}
    sandbox.stop()
    assert not folder.exists()


def test_a_long_path_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    for data in (None, long / "data"):
        with Sandbox(data=data) as sandbox:
            client = Client(sandbox.port)
            client.ensure_store()
            client.close()


def test_stopping_waits_for_no_handshake_and_no_idle_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_front, "HANDSHAKE_LIMIT", FOR_EVER)
    with Sandbox() as first:  # what is made once is made before counting
        page(first.port, "/health")
    gc.collect()
    before = descriptors()
    sandbox = Sandbox().start()
    silent = [socket.create_connection(("127.0.0.1", sandbox.port)) for _ in range(5)]
    idle = [shaken(sandbox.port, "http/1.1"), shaken(sandbox.port, "h2")]
    page(sandbox.port, "/health")
    sandbox.stop()
    for connection in silent + idle:
        connection.settimeout(LONG)
        with contextlib.suppress(ConnectionError):
            while connection.recv(4096):
                pass  # until the other side has closed
        connection.close()
    gc.collect()  # a lost socket would warn, and warnings are errors
    assert descriptors() <= before


def test_no_connection_and_no_descriptor_outlives_the_sandbox_whenever_it_stops() -> None:
    with Sandbox() as first:  # what is made once is made before counting
        page(first.port, "/health")
    gc.collect()
    before = descriptors()
    for _ in range(15):
        sandbox = Sandbox().start()
        port = sandbox.port
        knocking = threading.Event()

        def knock(port: int = port, knocking: threading.Event = knocking) -> None:
            with contextlib.suppress(OSError):
                while True:
                    with (
                        contextlib.suppress(TimeoutError),
                        socket.create_connection(("127.0.0.1", port), timeout=0.2),
                    ):
                        knocking.set()

        thread = threading.Thread(target=knock)
        thread.start()
        assert knocking.wait(LONG)
        sandbox.stop()
        thread.join()
    gc.collect()  # a lost socket would warn, and warnings are errors
    eventually(lambda: descriptors() <= before)
