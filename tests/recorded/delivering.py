"""Sends a recorded delivery to a target again, as the bytes that a kernel sent."""

from __future__ import annotations

import http.client
import socket

from tests.recorded.recording import Delivered


def deliver(delivery: Delivered, address: str) -> int:
    """Send it to ``host:port``, with its headers in their order and its body in one chunk, and return the status."""
    host, _, port = address.rpartition(":")
    headers = [(name, address if name.lower() == "host" else value) for name, value in delivery.headers]
    lines = [f"{delivery.verb} {delivery.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    body = delivery.body.encode()
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        response = http.client.HTTPResponse(connection)
        response.begin()
        response.read()
        return response.status
