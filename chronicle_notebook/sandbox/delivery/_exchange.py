"""One request to a target, and the redirects that .NET's client follows."""

from __future__ import annotations

import errno
import random
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from chronicle_notebook.sandbox.delivery._failure import DeliveryError, TransientError

MOST_REDIRECTS = 50
"""The number of redirects that are followed. The next answer counts as it is."""

_TO_GET = frozenset((300, 301, 302, 303))
"""Statuses after which a POST becomes a GET without a body."""
_AS_IT_WAS = frozenset((307, 308))
_JSON = "application/json; charset=utf-8"
_NO_URL = (
    "An invalid request URI was provided. Either the request URI must be an absolute URI or BaseAddress must be set."
)
Headers = Sequence[tuple[str, str]]
KEPT_URLS = 10_000
"""The number of URLs whose parts are kept, because taking a URL apart costs a good part of a delivery."""


@dataclass(frozen=True, slots=True)
class DeliveryAnswer:
    """The final answer of a target."""

    status: int
    reason: str
    retry_after: str | None


class _Chunk(aiohttp.BytesPayload):
    """A body that leaves as one chunk, in one piece with the headers and with the end of the body.

    The bytes are the same as without this class. aiohttp gives the end to the system in a call of its own, which costs
    a good part of a delivery.
    """

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write everything."""
        await writer.write_eof(self._value)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """The same in newer releases of aiohttp. There is no length, because the body is sent in chunks."""
        del content_length
        await self.write(writer)


async def exchange(
    session: aiohttp.ClientSession, url: str, headers: Headers, body: bytes, trace: str
) -> DeliveryAnswer:
    """Post a body, and follow redirects as .NET's client does.

    After 300 to 303 a GET without a body goes to the new address, after 307 and 308 the same POST; the first redirect
    and all later ones drop ``Authorization``, also to the same host and port, whoever set the header. A redirect from
    https to http is not followed. Seen on kernels of 16.37.1. ``trace`` is the trace id of the header ``traceparent``,
    which each request has.

    Raises TransientError if there is no answer, and DeliveryError for a URL that cannot be requested and for an answer
    that is broken off.
    """
    place = exact_url(url)
    payload: bytes | None = body
    for _ in range(MOST_REDIRECTS + 1):
        if payload is None:
            sent = [*headers, traceparent(trace)]
        else:
            # aiohttp writes its value where this header stands.
            sent = [*headers, ("Transfer-Encoding", ""), traceparent(trace), ("Content-Type", _JSON)]
        try:
            # The kernel streams its body, so there is no Content-Length.
            async with session.request(
                "GET" if payload is None else "POST",
                place,
                data=None if payload is None else _Chunk(payload),
                headers=sent,
                chunked=None if payload is None else True,
                allow_redirects=False,
            ) as response:
                answer = DeliveryAnswer(response.status, response.reason or "", response.headers.get("Retry-After"))
                location = response.headers.get("Location")
                if answer.status < 500:
                    await _read_to_its_end(response)
        except TimeoutError:
            raise
        except aiohttp.ClientError as error:
            raise unanswered(place, error) from error
        except OSError as error:
            raise TransientError("An error occurred while sending the request.", str(error)) from error
        following = _next(place, answer.status, location)
        if following is None:
            return answer
        place = following
        if answer.status in _TO_GET:
            payload = None
        headers = [(name, value) for name, value in headers if name.lower() != "authorization"]
    return answer


async def _read_to_its_end(response: aiohttp.ClientResponse) -> None:
    """Read an answer as .NET's client does before its call ends, and keep nothing of it.

    So a target that breaks off in its answer has failed, and one that is slow with it is slow. This was not seen on a
    kernel: it follows from how the kernel posts (source: K/Core/Observation/Webhooks/WebhookMediator.cs).

    Raises DeliveryError, which is not tried again at once, because the retries end with the head of an answer.
    """
    if response.content.at_eof():
        return
    try:
        async for _ in response.content.iter_any():
            pass
    except aiohttp.ClientPayloadError as error:
        raise DeliveryError(
            "Error while copying content to a stream.", "The response ended prematurely. (ResponseEnded)"
        ) from error


def new_trace() -> str:
    """A trace id, for all attempts of a delivery."""
    return f"{random.getrandbits(128):032x}"


def traceparent(trace: str) -> tuple[str, str]:
    """The header that tells one request of a trace from another."""
    return "traceparent", f"00-{trace}-{random.getrandbits(64):016x}-01"


def _next(place: URL, status: int, location: str | None) -> URL | None:
    """The target of a redirect; None if it is not followed."""
    if location is None or status not in _TO_GET | _AS_IT_WAS:
        return None
    try:
        following = place.join(URL(location, encoded=location.isascii() and location.isprintable()))
    except ValueError:
        return None
    if following.scheme not in ("http", "https") or not following.host:
        return None
    if place.scheme == "https" and following.scheme == "http":
        return None
    return following.with_user(None)


@lru_cache(KEPT_URLS)
def exact_url(url: str) -> URL:
    """The URL as it was registered, byte for byte, unless a request line cannot contain it.

    A user name is left out, as in a kernel.
    """
    try:
        place = URL(url, encoded=url.isascii() and url.isprintable() and " " not in url)
    except ValueError as error:
        raise DeliveryError(_NO_URL) from error
    if place.scheme in ("http", "https") and place.host:
        return place.with_user(None) if place.user is not None else place
    if place.scheme and place.host:
        raise DeliveryError(f"The '{place.scheme}' scheme is not supported.")
    if url.startswith("/"):
        raise DeliveryError("The 'file' scheme is not supported.")
    raise DeliveryError(_NO_URL)


def unanswered(place: URL, error: aiohttp.ClientError) -> DeliveryError:
    """Why there is no answer, in the words of .NET."""
    if isinstance(error, aiohttp.InvalidURL):
        return DeliveryError(_NO_URL)
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)):
        return TransientError("The SSL connection could not be established, see inner exception.", _certificate(error))
    where = f"({place.host}:{place.port})"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return TransientError(f"Name or service not known {where}", "Name or service not known")
    if isinstance(error, aiohttp.ClientConnectorError):
        what = _words(error.os_error)
        return TransientError(f"{what} {where}", what)
    return TransientError(
        "An error occurred while sending the request.", "The response ended prematurely. (ResponseEnded)"
    )


def _words(error: OSError) -> str:
    known = {errno.ECONNREFUSED: "Connection refused", errno.ECONNRESET: "Connection reset by peer"}
    return known.get(error.errno or 0) or error.strerror or type(error).__name__


def _certificate(error: aiohttp.ClientError) -> str:
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error.__cause__
    text = str(inner).lower() if isinstance(inner, ssl.SSLError) else ""
    if "mismatch" in text or "not valid for" in text or "doesn't match" in text:
        return "The remote certificate is invalid according to the validation procedure: RemoteCertificateNameMismatch"
    if "certificate" in text:
        return "The remote certificate is invalid because of errors in the certificate chain: UntrustedRoot"
    return "Authentication failed, see inner exception."
