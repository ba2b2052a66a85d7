"""The answer of a token endpoint: a token, or why there is none.

Facts (source: K/Server/Authentication/Controllers/AuthorizationController.cs): a token is opaque and is valid for an
hour by default. Chronicle's own clients renew it a minute early.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from chronicle_notebook.base._errors import AuthenticationError, KernelUnreachableError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.connection._http_exchange import HttpAnswer

PATH = "/connect/token"
EARLY = 60.0
"""A token is renewed this many seconds before its end, or at half its lifetime if the lifetime is shorter than twice
this time."""
LIFETIME = 3600.0
"""The lifetime of a token in seconds if the answer does not say it."""
LONGEST = 1_000_000_000
"""The longest lifetime of a token in seconds. A larger number in the answer is ignored."""

_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
_CODE = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token with the moments of the monotonic clock at which it is renewed and at which it ends."""

    value: Secret
    renew_at: float
    ends_at: float


def is_token(text: str) -> bool:
    """Whether a text can be sent as a token."""
    return _TOKEN.fullmatch(text) is not None


def token_in(answer: HttpAnswer, *, server: str, client: str, development: bool, asked_at: float) -> BearerToken | None:
    """The token in an answer; None if it contains something else.

    The kernel's own message is not repeated, because it can repeat what was sent.
    """
    if answer.status == 429 or answer.status >= 500:
        raise KernelUnreachableError(
            f"The token endpoint of {server} failed (HTTP {answer.status}).",
            server=server,
            call=PATH,
            hint="Authentication may be switched off in this kernel: then connect with auth=none. Otherwise look at "
            "the kernel's log, and try again."
            if answer.status == 500
            else "Look at the kernel's log, and try again.",
        )
    if 300 <= answer.status < 400:
        raise AuthenticationError(
            f"The token endpoint of {server} redirects (HTTP {answer.status}), and the secret is sent nowhere else.",
            server=server,
            call=PATH,
            hint="Connect to the kernel itself, not to a gateway before it.",
        )
    said = _Said.of(answer.body)
    if answer.status != 200:
        raise AuthenticationError(
            f"{server} gives no token to the client {client!r} ({said.code}HTTP {answer.status}).",
            server=server,
            call=PATH,
            hint="The development pair exists in development kernels only: write chronicle://id:secret@host."
            if development
            else "Check the id and the secret in the connection string.",
        )
    if said.token is None:
        return None
    ends_at = asked_at + said.lifetime
    return BearerToken(said.token, ends_at - min(EARLY, said.lifetime / 2), ends_at)


def no_token(server: str) -> AuthenticationError:
    return AuthenticationError(
        f"The token endpoint of {server} answers with something other than a token.",
        server=server,
        call=PATH,
        hint="Check that the port belongs to a Chronicle kernel.",
    )


def refused_without_a_reason(answer: HttpAnswer) -> bool:
    """Whether it is HTTP 400 without the code of an error, as a port that understands HTTP/2 alone answers HTTP/1.1."""
    return answer.status == 400 and not _Said.of(answer.body).code


def http2_alone(server: str) -> AuthenticationError:
    """The error for a port without TLS that has no token. Without TLS two ends cannot agree on a version of HTTP."""
    return AuthenticationError(
        f"{server} gives no token: without TLS this port seems to understand HTTP/2 alone, and tokens need HTTP/1.1.",
        server=server,
        call=PATH,
        hint="Name the port of the token endpoint with authPort=PORT in the connection string. If the kernel has no "
        "authentication, connect with auth=none.",
    )


def not_the_endpoint(server: str) -> KernelUnreachableError:
    """The error for an endpoint that gave tokens before and is missing now: a proxy answers while a kernel restarts."""
    return KernelUnreachableError(
        f"A proxy in between answers instead of the token endpoint of {server}, which gave tokens before.",
        server=server,
        call=PATH,
        hint="The kernel may be restarting: try again. If its authentication was switched off, connect with auth=none.",
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """The fields of an answer, without anything that could be a secret in clear."""

    token: Secret | None
    lifetime: float
    code: str

    @classmethod
    def of(cls, body: bytes) -> _Said:
        try:
            data: Any = json.loads(body)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            data = {}
        code, token, seconds = data.get("error"), data.get("access_token"), data.get("expires_in")
        return cls(
            Secret(token) if isinstance(token, str) and is_token(token) else None,
            float(seconds) if isinstance(seconds, int | float) and 0 < seconds <= LONGEST else LIFETIME,
            f"{code}, " if isinstance(code, str) and _CODE.fullmatch(code) else "",
        )
