"""The target of a recording: what comes is kept, answered as it was then, and brought into a form that compares."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import socket
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.recorded import evening


@dataclass
class Target:
    """The target of a recording: what comes is kept, and answered as it was then."""

    token: str
    status: int = 200
    received: list[tuple[str, str, tuple[tuple[str, str], ...], str]] = field(default_factory=list)
    port: int = 0
    connections: set[Any] = field(default_factory=set)
    _server: http.server.ThreadingHTTPServer | None = None

    def start(self) -> None:
        if self._server is not None:
            return
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                target.connections.add(self.request)
                super().setup()

            def _answer(self) -> None:
                target.received.append((self.path, self.command, tuple(self.headers.items()), self._body()))
                found = {
                    "/.well-known/openid-configuration": {"token_endpoint": f"http://127.0.0.1:{target.port}/token"},
                    "/token": {"access_token": target.token, "token_type": "Bearer", "expires_in": 3600},
                }.get(self.path)
                text = json.dumps(found).encode() if found else b""
                # Tokens were given while the target itself failed.
                self.send_response(200 if found else target.status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = _answer  # noqa: N815 - the names that the standard library looks for

            def _body(self) -> str:
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                text = b""
                while size := int(self.rfile.readline(), 16):
                    text += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return text.decode()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler, bind_and_activate=False)
        self._server.allow_reuse_address = True
        self._server.daemon_threads = True
        self._server.server_bind()
        self._server.server_activate()
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.connections.clear()


def delivery(verb: str, headers: Any, body: str) -> Any:
    return [verb, [[name, evening.text(_plain(value))] for name, value in headers], evening.text(body)]


def _plain(value: str) -> str:
    """The value of a header, with basic credentials as they are meant."""
    scheme, _, encoded = value.partition(" ")
    return f"Basic {base64.b64decode(encoded).decode()}" if scheme == "Basic" else value


def outline(verb: str, headers: Any, body: str) -> Any:
    """A delivery without what is said of each event."""
    verb, headers, found = delivery(verb, headers, body)
    if isinstance(found, dict) and "events" in found:
        found = [found["partition"], [event["context"]["sequenceNumber"] for event in found["events"]]]
    return [verb, headers, found]


def in_order(deliveries: Any) -> list[Any]:
    """Deliveries in an order of their own; a repeated one counts once, as how often it was is a matter of time."""
    found = {json.dumps(each): each for each in deliveries}
    return [found[key] for key in sorted(found)]


def occurs_in(recorded: list[Any], seen: list[Any]) -> bool:
    """Whether all that was recorded was seen, in its order."""
    rest = iter(seen)
    return all(any(each == other for other in rest) for each in recorded)
