"""What a proxy or the network answers in place of the kernel, in words for people.

gRPC tells this only by the text of a status, and the text is not meant for the people who call a kernel. The status
alone misleads: gRPC takes a page of a proxy with HTTP 404 as a method that the kernel does not have, and a stream that
a proxy reset as a fault of the kernel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

REFUSALS = (401, 403)
"""The HTTP statuses that refuse the caller. Kernels send 401 for a missing or wrong token (seen on 16.37.1)."""
GATEWAY = (502, 503, 504)
"""The HTTP statuses of a proxy that does not reach the kernel."""

_HTTP = re.compile(r"Received http2 header with status: (\d{3})")
_RESET = re.compile(r"Received RST_STREAM with error code (\d+)")
_NOT_CONNECTED = re.compile(
    r"failed to connect to all addresses|empty address list|DNS resolution failed|errors? resolving", re.IGNORECASE
)
_NO_GRPC = re.compile(r"No status received|Missing :status header|Stream removed \(Data frame with END_STREAM")
_LOST = re.compile(
    r"Stream removed|Socket closed|GOAWAY|Connection reset|recvmsg|sendmsg|Broken pipe|(keepalive )?ping timeout"
    r"|keepalive watchdog timeout|Transport closed|transport is closing|End of TCP stream|Endpoint closing"
    r"|Connection (aborted|timed out|attempt)|Too many pings",
    re.IGNORECASE,
)
_TLS = re.compile(r"ssl|tls|certificate|handshake", re.IGNORECASE)

_CODES = {
    0: "NO_ERROR",
    1: "PROTOCOL_ERROR",
    2: "INTERNAL_ERROR",
    3: "FLOW_CONTROL_ERROR",
    4: "SETTINGS_TIMEOUT",
    5: "STREAM_CLOSED",
    6: "FRAME_SIZE_ERROR",
    7: "REFUSED_STREAM",
    8: "CANCEL",
    9: "COMPRESSION_ERROR",
    10: "CONNECT_ERROR",
    11: "ENHANCE_YOUR_CALM",
    12: "INADEQUATE_SECURITY",
    13: "HTTP_1_1_REQUIRED",
}
"""The codes of a reset (source: RFC 9113, section 7)."""

_CHECK = "Check host and port, and that the kernel runs."


@dataclass(frozen=True, slots=True)
class Interference:
    """Why the kernel's own answer did not come."""

    what: str
    hint: str
    nothing_sent: bool = False
    """Whether it is certain that the call was not sent."""
    again: bool = False
    """Whether a read can be made again at once. A write that may have been sent must not be."""


ENDED_THERE = Interference(
    "the kernel or a proxy in between ended the call",
    "The kernel may be shutting down or starting again.",
    again=True,
)
"""A call was cancelled, and not from this side."""


def http_status(details: str) -> int | None:
    """The HTTP status that came instead of a gRPC answer; None if there was a gRPC answer."""
    found = _HTTP.match(details)
    return int(found[1]) if found else None


def interference(details: str) -> Interference | None:
    """What came in place of the kernel's answer; None if the text is the kernel's own.

    A refusal of the caller is not an interference: it is an answer, whoever sent it.
    """
    status = http_status(details)
    if status is not None:
        return None if status in REFUSALS else _page(status)
    reset = _RESET.search(details)
    if reset is not None:
        code = _CODES.get(int(reset[1]), reset[1])
        return Interference(
            f"the call was reset on the way (HTTP/2 {code})",
            "A proxy in between may end calls that are silent for long, or the kernel is shutting down.",
            again=True,
        )
    return _without_answer(details)


def _without_answer(details: str) -> Interference | None:
    """Why there is neither an answer nor a reset."""
    if _NOT_CONNECTED.match(details):
        if _TLS.search(details):
            return Interference(
                "no connection, because the TLS handshake failed",
                "The server may show another certificate than before. Check that the port speaks TLS.",
                nothing_sent=True,
            )
        refused = " (connection refused)" if "refused" in details.lower() else ""
        return Interference(f"no connection{refused}", _CHECK, nothing_sent=True)
    if _NO_GRPC.match(details):
        return Interference(
            "the answer does not come from a kernel, because it is not gRPC",
            f"A proxy in between may answer with a page of its own. {_CHECK}",
        )
    if _LOST.match(details):
        return Interference("the connection was lost during the call", _CHECK, again=True)
    return None


def _page(status: int) -> Interference:
    """What an HTTP status of a proxy or of another server means."""
    if status in GATEWAY:
        return Interference(
            f"a proxy in between does not reach the kernel (HTTP {status})",
            "Check that the kernel runs, and the address under which the proxy looks for the kernel.",
        )
    if status == 429:
        return Interference("a proxy in between limits the number of calls (HTTP 429)", "Call again later.")
    return Interference(
        f"a proxy in between or another server answers instead of the kernel (HTTP {status})",
        f"Check the rules of the proxy. {_CHECK}",
    )
