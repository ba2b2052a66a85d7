"""HTTP requests to the targets of webhooks."""

from __future__ import annotations

import asyncio
import base64
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urlsplit

import aiohttp

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._crypto import Crypto
from chronicle_notebook.sandbox._webhook import Authorization, Webhook, WireAuthorizationKind
from chronicle_notebook.sandbox.delivery._circuit import Circuit
from chronicle_notebook.sandbox.delivery._exchange import KEPT_URLS, DeliveryAnswer, Headers, exchange, new_trace
from chronicle_notebook.sandbox.delivery._failure import TIMEOUT, DeliveryError, TransientError
from chronicle_notebook.sandbox.delivery._headers import merged
from chronicle_notebook.sandbox.delivery._oauth import TokenSource
from chronicle_notebook.sandbox.delivery._target_host import TargetHost

RETRIES = 3
BASE_DELAY = 2.0
ATTEMPT_LIMIT = 60.0
TEST = b'{"partition":"test","events":[]}'
"""The body of a test."""
_TRANSIENT = {408, 429}


@dataclass(frozen=True, slots=True)
class _Request:
    url: str
    headers: Headers
    body: bytes
    trace: str
    """The trace id for all attempts of a delivery."""


class Sender:
    """Sends bodies, and retries requests that may succeed later.

    Retry and circuit breaker follow K/Core/Setup/WebhookHttpClientExtensions.cs: up to 3 retries after about 2, 4 and 8
    s (times the time scale), 60 s per attempt, and an open circuit fails at once.
    """

    def __init__(self, crypto: Crypto, behaviour: Behaviour, scale: float) -> None:
        self._crypto = crypto
        self._behaviour = behaviour
        self._scale = scale
        self._circuits: dict[str, Circuit] = {}
        self._hosts: dict[str, TargetHost] = {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=ATTEMPT_LIMIT),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._tokens = TokenSource(self._session)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def send(self, webhook: Webhook, body: bytes, holder: str = "") -> None:
        """Deliver a body. Raises DeliveryError when it was not delivered.

        ``holder`` tells apart who has a token of his own where a kernel does.
        """
        holder = f"{webhook.id}/{holder}" if self._behaviour.old_target_kept else ""
        headers = merged(webhook.headers, await self._authorization(webhook.authorization, holder))
        await self._deliver(webhook.url, headers, body, checked=self._behaviour.status_checked)

    async def test_target(self, webhook: Webhook) -> str:
        """Send a test with a secret in clear. Returns why it failed, or an empty text.

        It is sent like a delivery, with retries (source: K/Core/Services/Observation/Webhooks/Webhooks.cs).
        """
        authorization = webhook.authorization
        proof = authorization.secret
        if authorization.kind is WireAuthorizationKind.OAUTH:
            try:
                proof = await self._tokens.fresh(authorization, authorization.secret) or ""
            except DeliveryError as error:
                return f"OAuth authorization failed: {error}"
            if not proof:
                return "Failed to acquire OAuth access token."
        try:
            headers = merged(webhook.headers, _header(authorization, proof))
            await self._deliver(webhook.url, headers, TEST, checked=not self._behaviour.test_ignores_status)
        except DeliveryError as error:
            return str(error) or "Unable to connect to webhook endpoint."
        return ""

    async def test_authority(self, authorization: Authorization) -> str:
        """Get a token with a secret in clear. Returns why it failed, or an empty text."""
        try:
            token = await self._tokens.fresh(authorization, authorization.secret)
        except DeliveryError as error:
            return str(error)
        return "" if token else "Failed to acquire access token"

    async def _deliver(self, url: str, headers: Headers, body: bytes, *, checked: bool) -> None:
        request = _Request(url, headers, body, new_trace())
        host = self.host(url)
        delays: Iterator[float] | None = None
        for attempt in range(RETRIES + 1):
            try:
                await self._guarded(host, request, checked=checked)
            except TransientError as error:
                if attempt == RETRIES:
                    if error.answered and not checked:
                        return
                    raise
                delays = delays or _delays()
                planned = next(delays)
                await asyncio.sleep((planned if error.retry_after is None else error.retry_after) * self._scale)
            else:
                return

    def host(self, url: str) -> TargetHost:
        """The host and port of a URL, with what all deliveries to it share."""
        target = _target(url)
        found = self._hosts.get(target)
        if found is None:
            shared = "" if self._behaviour.one_circuit else target
            circuit = self._circuits.setdefault(shared, Circuit(time.monotonic, self._scale))
            found = self._hosts[target] = TargetHost(circuit)
        return found

    async def _guarded(self, host: TargetHost, request: _Request, *, checked: bool) -> None:
        circuit = host.circuit
        async with host:
            if not circuit.admits():
                # The cause that opened it is part of the error, even if it was another target.
                raise DeliveryError("The circuit is now open and is not allowing calls.", *circuit.cause)
            breaks = circuit.breaks
            try:
                await self._attempt(request, checked=checked)
            except TransientError as error:
                circuit.record(breaks, failed=True, cause=() if error.answered else error.failure.messages)
                raise
            except DeliveryError:
                circuit.record(breaks, failed=False)
                raise
            except BaseException:
                circuit.abandon(breaks)
                raise
            circuit.record(breaks, failed=False)

    async def _attempt(self, request: _Request, *, checked: bool) -> None:
        try:
            answer = await exchange(self._session, request.url, request.headers, request.body, request.trace)
        except TimeoutError as error:
            limit = f"The operation didn't complete within the allowed timeout of '{_clock(ATTEMPT_LIMIT)}'."
            raise TransientError(limit, kind=TIMEOUT) from error
        if answer.status in _TRANSIENT or answer.status >= 500:
            raise TransientError(_refused(request.url, answer), retry_after=_seconds(answer.retry_after), answered=True)
        if not 200 <= answer.status < 300 and checked:
            raise DeliveryError(_refused(request.url, answer))

    async def _authorization(self, authorization: Authorization, holder: str) -> str | None:
        """The header for a stored authorization."""
        if authorization.kind is WireAuthorizationKind.NONE:
            return None
        if self._behaviour.ciphertext_sent and authorization.kind is not WireAuthorizationKind.OAUTH:
            return _header(authorization, authorization.secret)
        try:
            secret = self._crypto.decrypt(authorization.secret)
        except ValueError as error:
            raise DeliveryError("The secret of the webhook cannot be decrypted.", str(error)) from error
        if authorization.kind is WireAuthorizationKind.OAUTH:
            token = await self._tokens.token(authorization, secret, holder)
            return None if token is None else _header(authorization, token)
        return _header(authorization, secret)


def _header(authorization: Authorization, proof: str) -> str | None:
    """The header for a password or token."""
    if authorization.kind is WireAuthorizationKind.NONE:
        return None
    if authorization.kind is WireAuthorizationKind.BASIC:
        return "Basic " + base64.b64encode(f"{authorization.user}:{proof}".encode()).decode()
    return f"Bearer {proof}"


@lru_cache(KEPT_URLS)
def _target(url: str) -> str:
    """Host and port of a URL, for the circuit and the number of simultaneous requests."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    except ValueError:
        return url


def _refused(url: str, answer: DeliveryAnswer) -> str:
    return f"Delivery to webhook '{url}' failed with status code {answer.status} ({answer.reason})."


def _delays() -> Iterator[float]:
    """Seconds before each retry, around 2, 4 and 8, with the same variation as on kernels.

    Kernels were seen to wait 0.5 to 3, 1.2 to 4.2 and 3.9 to 8 s: an exponential back-off with a random exponent, so
    that a longer delay follows a short one.
    """
    before = 0.0
    for number in range(RETRIES):
        exponent = number + random.random()  # noqa: S311 - jitter is no secret
        now = 2.0**exponent * math.tanh(math.sqrt(4.0 * exponent))
        yield max(0.0, now - before) * BASE_DELAY / 1.4
        before = now


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 3600:02}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"


_LONGEST_WAIT = 100.0
"""The time limit of a whole request in a kernel, in seconds. No target can ask for a longer wait."""


def _seconds(retry_after: str | None) -> float | None:
    """The seconds of a Retry-After header: a whole number or a date; None if it is neither."""
    text = (retry_after or "").strip()
    if text.isdecimal():
        return min(float(text), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for a year or a zone out of range
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)  # HTTP has no other zone
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), _LONGEST_WAIT)
