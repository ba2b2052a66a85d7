"""Tokens for webhooks with OAuth client credentials."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from chronicle_notebook.sandbox._webhook import Authorization
from chronicle_notebook.sandbox.delivery._exchange import exact_url, new_trace, traceparent, unanswered
from chronicle_notebook.sandbox.delivery._failure import DeliveryError

_LIMIT = aiohttp.ClientTimeout(total=100)


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    expires: float


class TokenSource:
    """Gets tokens and keeps each until it expires.

    Source: K/Core/Observation/Webhooks/OAuthClient.cs. A token without ``expires_in`` counts as expired already: it is
    acquired before every delivery and not sent. A kernel keeps a token for each event source; here one serves all
    deliveries with the same credentials, unless the caller names who holds it.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._tokens: dict[tuple[str, str, str, str], _Token] = {}

    async def token(self, authorization: Authorization, secret: str, holder: str = "") -> str | None:
        """A valid token, or None. Raises DeliveryError if the authority cannot be asked."""
        key = (authorization.authority, authorization.user, secret, holder)
        kept = self._tokens.get(key)
        if kept is None or kept.expires <= time.monotonic():
            kept = await self._acquire(authorization, secret)
            if kept is None:
                return None
            self._tokens[key] = kept
        return kept.value if kept.expires > time.monotonic() else None

    async def fresh(self, authorization: Authorization, secret: str) -> str | None:
        """A new token, however short its lifetime is. Raises DeliveryError like `token`."""
        found = await self._acquire(authorization, secret)
        return None if found is None else found.value

    async def _acquire(self, authorization: Authorization, secret: str) -> _Token | None:
        authority = authorization.authority.rstrip("/")
        discovery = await self._json("GET", f"{authority}/.well-known/openid-configuration", None)
        endpoint = discovery.get("token_endpoint")
        if not endpoint:
            return None
        form = {"grant_type": "client_credentials", "client_id": authorization.user, "client_secret": secret}
        answer = await self._json("POST", str(endpoint), form)
        value = answer.get("access_token")
        if not value:
            return None
        return _Token(str(value), time.monotonic() + _lifetime(answer.get("expires_in")))

    async def _json(self, method: str, url: str, form: dict[str, str] | None) -> dict[str, Any]:
        """The JSON object in a server's answer. Raises DeliveryError in the words of .NET if there is none."""
        headers = [traceparent(new_trace())]
        data = None if form is None else urlencode(form).encode()
        if data is not None:
            headers += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(data)))]
        try:
            async with self._session.request(
                method, exact_url(url), data=data, headers=headers, timeout=_LIMIT
            ) as response:
                if not 200 <= response.status < 300:
                    reason = f"{response.status} ({response.reason})"
                    raise DeliveryError(f"Response status code does not indicate success: {reason}.")
                text = (await response.read()).decode(errors="replace")
        except TimeoutError as error:
            raise DeliveryError(
                "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing."
            ) from error
        except aiohttp.ClientError as error:
            raise DeliveryError(*unanswered(exact_url(url), error).failure.messages) from error
        return _object(text)


def _object(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError as error:
        start = text.lstrip()[:1]
        what = f"'{start}' is an invalid start of a value." if start else "The input does not contain any JSON tokens."
        raise DeliveryError(f"{what} LineNumber: 0 | BytePositionInLine: 0.") from error
    if not isinstance(answer, dict):
        raise DeliveryError("The JSON value could not be converted to an object. Path: $ | LineNumber: 0.")
    return answer


def _lifetime(value: object) -> float:
    """The lifetime of a token in seconds. A text with a number counts too."""
    try:
        return float(int(str(value or 0)))
    except ValueError as error:
        raise DeliveryError("The JSON value could not be converted to System.Int32. Path: $.expires_in.") from error
