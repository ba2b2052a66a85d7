"""A kernel that listens in cleartext HTTP/2: ``disableTls=true``."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._trust import Trust
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2, host_pb2
from tests.certificates import issue
from tests.ports import free_port
from tests.scripted import ScriptedKernel, enveloped

STORES = event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse
CANARY = "canary-90c2"


@pytest.fixture
def kernel() -> Iterator[ScriptedKernel]:
    running = ScriptedKernel(plain=True)
    running.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.32.3"))
    running.on(methods.ALL_EVENT_STORES, enveloped(STORES, [event_stores_pb2.EventStoreNamesResponse(Name="shop")]))
    running.start()
    yield running
    running.stop()


@contextmanager
def tokens() -> Iterator[tuple[int, list[bytes]]]:
    """A token endpoint without TLS, and the forms that it got."""
    forms: list[bytes] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            forms.append(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({"access_token": "t-1", "token_type": "Bearer", "expires_in": 3600}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing is written to the standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, forms
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_kernel_without_tls_is_called_and_everything_that_is_shown_says_so(kernel: ScriptedKernel) -> None:
    text = f"chronicle://127.0.0.1:{kernel.port}/?auth=none&disableTls=true"
    with cn.connect(text, event_store="shop", name="plain") as client:
        assert list(client.event_stores()) == ["shop"]
        for form in (repr(client), client._repr_html_()):
            assert "off (disableTls=true: everything goes in clear, tokens and secrets too)" in form
        diagnosis = repr(client.doctor())
        assert "off (disableTls=true" in diagnosis


def test_the_token_comes_from_the_port_that_authport_names_without_tls_too(kernel: ScriptedKernel) -> None:
    with tokens() as (port, forms):
        text = f"chronicle://desk:{CANARY}@127.0.0.1:{kernel.port}/?disableTls=true&authPort={port}"
        with cn.connect(text, event_store="shop", name="plain-token") as client:
            assert list(client.event_stores()) == ["shop"]
            assert CANARY not in repr(client) + client._repr_html_()
        assert len(forms) == 1
        assert CANARY.encode() in forms[0]
    assert kernel.calls[-1].metadata["authorization"] == "Bearer t-1"


def test_a_port_that_has_no_room_for_tokens_is_told_and_tried_without_one_where_nobody_gave_credentials(
    kernel: ScriptedKernel,
) -> None:
    with pytest.raises(cn.AuthenticationError, match="HTTP/2 alone") as caught:
        cn.connect(f"chronicle://desk:{CANARY}@127.0.0.1:{kernel.port}/?disableTls=true", name="plain-one-port")
    assert "authPort=PORT" in caught.value.hint
    assert "auth=none" in caught.value.hint
    with cn.connect(f"chronicle://127.0.0.1:{kernel.port}/?disableTls=true", event_store="shop") as client:
        assert list(client.event_stores()) == ["shop"]
        kernel.fail(methods.ALL_EVENT_STORES, grpc.StatusCode.UNAUTHENTICATED)
        with pytest.raises(cn.AuthenticationError, match="HTTP/2 alone"):
            client.event_stores()


def test_a_kernel_with_tls_is_told_as_such() -> None:
    with cn.Sandbox() as sandbox, pytest.raises(cn.KernelUnreachableError) as caught:
        cn.connect(f"chronicle://{sandbox.address}/?auth=none&disableTls=true", name="plain-tls").event_stores()
    assert "does not speak HTTP/2 without TLS" in caught.value.message
    assert "leave disableTls=true out" in caught.value.hint
    assert caught.value.nothing_sent


def test_a_kernel_without_tls_is_named_where_tls_was_tried(kernel: ScriptedKernel) -> None:
    with pytest.raises(cn.KernelUnreachableError, match="TLS handshake") as caught:
        cn.connect(f"chronicle://127.0.0.1:{kernel.port}/?auth=none", name="tls-plain").event_stores()
    assert "disableTls=true" in caught.value.hint
    assert "disableTls=true" in repr(cn.doctor(f"chronicle://127.0.0.1:{kernel.port}/?auth=none"))


def test_nobody_there_is_told_as_without_disabletls() -> None:
    with pytest.raises(cn.KernelUnreachableError, match="No connection to") as caught:
        cn.connect(f"chronicle://127.0.0.1:{free_port()}/?auth=none&disableTls=true", name="nobody").event_stores()
    assert caught.value.nothing_sent


def test_a_client_certificate_without_tls_is_refused(tmp_path: Path) -> None:
    issued = issue()
    file = tmp_path / "client.pem"
    file.write_bytes(issued.pem + issued.key_pem)
    target = ConnectionString.parse("chronicle://127.0.0.1/?disableTls=true")
    with pytest.raises(InvalidInputError, match="there is no TLS"):
        Trust.of(target, client_certificate=file)
