"""Tokens for webhooks with OAuth client credentials."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from chronicle_notebook.sandbox._webhook import Authorization
from chronicle_notebook.sandbox.delivery._failure import DeliveryError

_LIMIT = aiohttp.ClientTimeout(total=100)


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    expires: float


class TokenSource:
    """Acquires tokens and keeps each until it expires.

    Source: K/Core/Observation/Webhooks/OAuthClient.cs. A token without ``expires_in`` counts as expired already: it is
    acquired before every delivery and not sent. The kernel keeps a token per partition; here one serves all deliveries
    with the same credentials.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._tokens: dict[tuple[str, str, str], _Token] = {}

    async def token(self, authorization: Authorization, secret: str) -> str | None:
        """A token that is valid now, or None. Raises DeliveryError when the authority cannot be asked."""
        key = (authorization.authority, authorization.user, secret)
        kept = self._tokens.get(key)
        if kept is None or kept.expires <= time.monotonic():
            kept = await self._acquire(authorization, secret)
            if kept is None:
                return None
            self._tokens[key] = kept
        return kept.value if kept.expires > time.monotonic() else None

    async def fresh(self, authorization: Authorization, secret: str) -> str | None:
        """A token that is acquired now, however short it lives. Raises DeliveryError like `token`."""
        found = await self._acquire(authorization, secret)
        return None if found is None else found.value

    async def _acquire(self, authorization: Authorization, secret: str) -> _Token | None:
        authority = authorization.authority.rstrip("/")
        try:
            discovery = await self._json("GET", f"{authority}/.well-known/openid-configuration", None)
            endpoint = discovery.get("token_endpoint")
            if not endpoint:
                return None
            form = {
                "grant_type": "client_credentials",
                "client_id": authorization.user,
                "client_secret": secret,
            }
            answer = await self._json("POST", str(endpoint), form)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise DeliveryError(
                f"Failed to acquire an access token from '{authority}'.", str(error) or type(error).__name__
            ) from error
        value = answer.get("access_token")
        if not value:
            return None
        return _Token(str(value), time.monotonic() + int(answer.get("expires_in") or 0))

    async def _json(self, method: str, url: str, form: dict[str, str] | None) -> dict[str, Any]:
        async with self._session.request(method, url, data=form, timeout=_LIMIT) as response:
            if not 200 <= response.status < 300:
                raise ValueError(
                    f"Response status code does not indicate success: {response.status} ({response.reason})."
                )
            answer = json.loads(await response.read())
        if not isinstance(answer, dict):
            raise ValueError(f"The answer of {url} is not a JSON object.")
        return answer
