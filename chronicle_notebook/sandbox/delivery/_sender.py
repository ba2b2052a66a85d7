"""HTTP requests to the targets of webhooks."""

from __future__ import annotations

import asyncio
import base64
import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._crypto import Crypto
from chronicle_notebook.sandbox._webhook import Authorization, AuthorizationKind, Webhook
from chronicle_notebook.sandbox.delivery._circuit import Circuit
from chronicle_notebook.sandbox.delivery._failure import TIMEOUT, DeliveryError, TransientError
from chronicle_notebook.sandbox.delivery._oauth import TokenSource

RETRIES = 3
BASE_DELAY = 2.0
ATTEMPT_LIMIT = 60.0
TEST = b'{"partition":"test","events":[]}'
"""The body of a test."""
IN_FLIGHT = 32
"""Requests to one host and port at a time, so that a slow one does not hold what others need."""

_TRANSIENT = {408, 429}
_CONTENT_HEADERS = frozenset(
    ("allow", "content-disposition", "content-encoding", "content-language", "content-length", "content-location",
     "content-md5", "content-range", "content-type", "expires", "last-modified")
)  # fmt: skip


class Sender:
    """Sends bodies, and tries again what may succeed later.

    Retry, circuit breaker and time-out follow K/Core/Setup/WebhookHttpClientExtensions.cs: up to 3 retries after about
    2, 4 and 8 s (times the time scale), 60 s per attempt, and an open circuit fails at once.
    """

    def __init__(self, crypto: Crypto, behaviour: Behaviour, scale: float) -> None:
        self._crypto = crypto
        self._behaviour = behaviour
        self._scale = scale
        self._circuits: dict[str, Circuit] = {}
        self._slots: dict[str, asyncio.Semaphore] = {}
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

    async def send(self, webhook: Webhook, body: bytes) -> None:
        """Deliver a body. Raises DeliveryError when it was not delivered."""
        headers = _headers(webhook, await self._authorization(webhook.authorization))
        await self._deliver(webhook.url, headers, body, checked=self._behaviour.status_checked)

    async def test_target(self, webhook: Webhook) -> str:
        """Send a test with a secret in clear; why it failed, or nothing.

        It goes the way of a delivery, retries included (source: K/Core/Services/Observation/Webhooks/Webhooks.cs).
        """
        authorization = webhook.authorization
        proof = authorization.secret
        if authorization.kind is AuthorizationKind.OAUTH:
            try:
                proof = await self._tokens.fresh(authorization, authorization.secret) or ""
            except DeliveryError as error:
                return f"OAuth authorization failed: {error}"
            if not proof:
                return "Failed to acquire OAuth access token."
        try:
            headers = _headers(webhook, _header(authorization, proof))
            await self._deliver(webhook.url, headers, TEST, checked=not self._behaviour.test_ignores_status)
        except DeliveryError as error:
            return str(error) or "Unable to connect to webhook endpoint."
        return ""

    async def test_authority(self, authorization: Authorization) -> str:
        """Acquire a token with a secret in clear; why it failed, or nothing."""
        try:
            token = await self._tokens.fresh(authorization, authorization.secret)
        except DeliveryError as error:
            return str(error)
        return "" if token else "Failed to acquire access token"

    async def _deliver(self, url: str, headers: dict[str, str], body: bytes, *, checked: bool) -> None:
        target = _target(url)
        for attempt in range(RETRIES + 1):
            try:
                await self._guarded(target, url, headers, body, checked=checked)
            except TransientError as error:
                if attempt == RETRIES:
                    if error.answered and not checked:
                        return
                    raise
                await asyncio.sleep(self._delay(attempt, error.retry_after))
            else:
                return

    async def _guarded(self, target: str, url: str, headers: dict[str, str], body: bytes, *, checked: bool) -> None:
        shared = "" if self._behaviour.one_circuit else target
        circuit = self._circuits.setdefault(shared, Circuit(time.monotonic, self._scale))
        async with self._slots.setdefault(target, asyncio.Semaphore(IN_FLIGHT)):
            if not circuit.admits():
                raise DeliveryError(
                    f"The circuit is now open for '{target}' and is not allowing calls.",
                )
            breaks = circuit.breaks
            try:
                await self._attempt(url, headers, body, checked=checked)
            except TransientError:
                circuit.record(breaks, failed=True)
                raise
            except DeliveryError:
                circuit.record(breaks, failed=False)
                raise
            except BaseException:
                circuit.abandon(breaks)
                raise
            circuit.record(breaks, failed=False)

    async def _attempt(self, url: str, headers: dict[str, str], body: bytes, *, checked: bool) -> None:
        try:
            # The kernel streams its body, so there is no Content-Length.
            async with self._session.post(_exact(url), data=body, headers=headers, chunked=True) as response:
                status, reason = response.status, response.reason or ""
                retry_after = response.headers.get("Retry-After")
        except TimeoutError as error:
            limit = f"The operation didn't complete within the allowed timeout of {ATTEMPT_LIMIT:g} s."
            raise TransientError(f"Delivery to webhook '{url}' timed out.", limit, kind=TIMEOUT) from error
        except (aiohttp.InvalidURL, ValueError) as error:
            raise DeliveryError(
                "An invalid request URI was provided. Either the request URI must be an absolute URI or BaseAddress "
                "must be set.",
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise TransientError(f"Delivery to webhook '{url}' failed.", str(error) or type(error).__name__) from error
        if status in _TRANSIENT or status >= 500:
            raise TransientError(_refused(url, status, reason), retry_after=_seconds(retry_after), answered=True)
        if not 200 <= status < 300 and checked:
            raise DeliveryError(_refused(url, status, reason))

    def _delay(self, attempt: int, retry_after: float | None) -> float:
        seconds = BASE_DELAY * 2**attempt * random.uniform(0.75, 1.25)  # noqa: S311 - jitter is no secret
        return (seconds if retry_after is None else retry_after) * self._scale

    async def _authorization(self, authorization: Authorization) -> str | None:
        """The header for a stored authorization."""
        if authorization.kind is AuthorizationKind.NONE:
            return None
        if self._behaviour.ciphertext_sent and authorization.kind is not AuthorizationKind.OAUTH:
            return _header(authorization, authorization.secret)
        try:
            secret = self._crypto.decrypt(authorization.secret)
        except ValueError as error:
            raise DeliveryError("The secret of the webhook cannot be decrypted.", str(error)) from error
        if authorization.kind is AuthorizationKind.OAUTH:
            token = await self._tokens.token(authorization, secret)
            return None if token is None else _header(authorization, token)
        return _header(authorization, secret)


def _header(authorization: Authorization, proof: str) -> str | None:
    """The header for a password or token."""
    if authorization.kind is AuthorizationKind.NONE:
        return None
    if authorization.kind is AuthorizationKind.BASIC:
        return "Basic " + base64.b64encode(f"{authorization.user}:{proof}".encode()).decode()
    return f"Bearer {proof}"


def _headers(webhook: Webhook, authorization: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    for name, value in webhook.headers:
        _check_header(name, value)
        headers[name] = value
    if authorization is not None:
        if any(name.lower() == "authorization" for name, _ in webhook.headers):
            raise DeliveryError("Cannot add value because header 'Authorization' does not support multiple values.")
        headers["Authorization"] = authorization
    return headers


def _exact(url: str) -> URL:
    """The URL as it was registered, byte for byte, unless it holds what no request line can."""
    return URL(url, encoded=url.isascii() and url.isprintable() and " " not in url)


def _target(url: str) -> str:
    """Host and port of a URL, for the circuit and the number of requests in flight."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    except ValueError:
        return url


def _refused(url: str, status: int, reason: str) -> str:
    return f"Delivery to webhook '{url}' failed with status code {status} ({reason})."


def _check_header(name: str, value: str) -> None:
    if name.lower() in _CONTENT_HEADERS:
        raise DeliveryError(f"Misused header name, '{name}'. Make sure content headers are used with content.")
    if (
        not name
        or not name.isascii()
        or any(character <= " " or character in '()<>@,;:\\"/[]?={}' for character in name)
    ):
        raise DeliveryError(f"The header name '{name}' has an invalid format.")
    if any(character in "\r\n\0" for character in value):
        raise DeliveryError(f"The value of header '{name}' has an invalid format.")


_LONGEST_WAIT = 100.0
"""Seconds that a whole request may take in a kernel, so that no target can ask for more."""


def _seconds(retry_after: str | None) -> float | None:
    """The seconds a Retry-After header asks for: a whole number or a date; None when it is neither."""
    text = (retry_after or "").strip()
    if text.isdecimal():
        return min(float(text), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)  # HTTP knows no other zone
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), _LONGEST_WAIT)
