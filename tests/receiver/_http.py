"""Sending what a kernel would send, over a real connection."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.waiting import LONG


def event(number: int = 0, type_id: str = "OrderPlaced", **content: Any) -> dict[str, Any]:
    """An event as a kernel writes it, as far as the receiver looks at it."""
    return {
        "context": {
            "eventType": {"id": type_id, "generation": 1, "tombstone": False},
            "sequenceNumber": number,
            "eventSourceId": "order-1",
        },
        "content": content,
    }


def body(*events: dict[str, Any], partition: str = "order-1") -> bytes:
    return json.dumps({"partition": partition, "events": list(events)}).encode()


def send(
    url: str,
    payload: bytes | Iterable[bytes] = b"",
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> http.client.HTTPResponse:
    """Send one request on a connection of its own. Pieces are sent chunked."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LONG)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        chunked = not isinstance(payload, bytes)
        every = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        if chunked:
            every["Transfer-Encoding"] = "chunked"
        connection.request(method, target, body=payload or None, headers=every, encode_chunked=chunked)
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()
