"""nginx itself, with ``grpc_pass`` and its time limits shortened, in front of a kernel with TLS and tokens."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.reading import _observation
from chronicle_notebook.reading._observation import ObservationState
from tests.certificates import issue
from tests.ports import free_port
from tests.waiting import eventually

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/bin:/bin")
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {folder}/proxy.pem;
        ssl_certificate_key {folder}/proxy.pem;
        location / {{ grpc_pass grpcs://127.0.0.1:{kernel}; grpc_read_timeout 1s; grpc_send_timeout 1s; }}
        location /connect/ {{ proxy_pass https://127.0.0.1:{kernel}; }}
    }}
}}
"""


@contextmanager
def nginx(folder: Path, kernel: int) -> Iterator[tuple[int, Path]]:
    """nginx in front of the kernel on a port: its own port, and its authority."""
    assert NGINX is not None, "this test needs nginx (Debian: nginx-light)"
    port, certificate = free_port(), issue("localhost", "127.0.0.1", subject="proxy")
    (folder / "proxy.pem").write_bytes(certificate.key_pem + certificate.pem)
    authority = folder / "authority.pem"
    authority.write_bytes(certificate.pem)
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, kernel=kernel))
    server = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: server.poll() is not None or _listens(port))
        assert server.poll() is None, (folder / "log").read_text()
        yield port, authority
    finally:
        server.terminate()
        server.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_calls_tokens_and_observations_work_through_nginx_and_over_a_restart_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_observation, "LONGEST_BACK_OFF", 0.3)
    port = free_port()
    options = {"port": port, "data": tmp_path / "data", "auth": True, "clients": {"shop": "a-long-secret"}}
    kernel = cn.Sandbox(**options, settle_delay=0.01).start()  # type: ignore[arg-type]
    states: list[ObservationState] = []
    errors: list[cn.ChronicleError] = []
    with nginx(tmp_path, port) as (front, authority):
        client = cn.connect(
            f"chronicle://shop:a-long-secret@localhost:{front}",
            event_store="shop",
            name="nginx",
            root_certificates=authority,
        )
        with client:
            client.ensure_event_store()
            assert client._channel.verified
            with client.webhooks.observe(on_state=states.append, on_error=errors.append) as seen:
                # An empty list is sent once: nginx resets the stream each time after a second.
                eventually(lambda: states.count(ObservationState.RECONNECTING) >= 3)
                assert "reset on the way" in errors[0].message
                assert client.webhooks.ids() == []
                kernel.stop()
                eventually(lambda: any("does not reach the kernel (HTTP 502)" in error.message for error in errors))
                with cn.Sandbox(**options, settle_delay=0.01):  # type: ignore[arg-type]
                    client._kernel.register_event_types("shop", [RegisteredEventType(EventType("Opened"))])
                    assert client.webhooks.register(
                        "w", "http://127.0.0.1:9/x", lambda to: to.with_event_type("Opened")
                    )
                    eventually(lambda: seen.latest is not None and seen.latest.ids == ["w"])
    texts = [f"{error.message} {error.hint}" for error in errors]
    assert not [text for text in texts if "RST_STREAM" in text or "http2 header" in text]
