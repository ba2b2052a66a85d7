"""The answers of the port over HTTP/1.1."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from aiohttp import web

from chronicle_notebook.sandbox._authority import Authority, RefusedError
from chronicle_notebook.sandbox._connected import ConnectedClients

_FORM = "application/x-www-form-urlencoded"

Page = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Http:
    """The endpoints beside gRPC: tokens, the load for load balancers, and health.

    ``authority`` None means that authentication is off: then there is no token endpoint (source: K/Server/Program.cs).
    Everything here is anonymous.
    """

    def __init__(self, clients: ConnectedClients, authority: Authority | None) -> None:
        self._clients = clients
        self._authority = authority
        self._pages: dict[str, dict[str, Page]] = {
            "/connections/count": {"GET": self._count},
            "/connections/reserve": {"POST": self._reserve},
            "/health": {"GET": self._health},
        }

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        if request.path == "/connect/token" and self._authority is not None:
            return await self._token(request, self._authority)
        page = self._pages.get(request.path)
        if page is None:
            return web.Response(status=404)
        handler = page.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            return web.Response(status=405, headers={"Allow": ", ".join(page)})
        return await handler(request)

    async def _count(self, _request: web.BaseRequest) -> web.StreamResponse:
        return _json(self._clients.load)

    async def _reserve(self, _request: web.BaseRequest) -> web.StreamResponse:
        self._clients.reserve()
        return web.Response()

    async def _health(self, _request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="Healthy")

    async def _token(self, request: web.BaseRequest, authority: Authority) -> web.StreamResponse:
        no_store = {"Cache-Control": "no-store", "Pragma": "no-cache"}
        try:
            token = authority.issue(*_credentials(request, await _form(request)))
        except RefusedError as refused:
            headers = {"WWW-Authenticate": "Basic"} if refused.status == 401 else {}
            problem = {"error": refused.error, "error_description": refused.description}
            return _json(problem, status=refused.status, headers=no_store | headers)
        answer = {"access_token": token.value, "token_type": "Bearer", "expires_in": int(token.lifetime)}
        return _json(answer, headers=no_store)


async def _form(request: web.BaseRequest) -> dict[str, str]:
    """The fields of a form. Raises RefusedError if the body is not a form, or names a field twice."""
    if request.method != "POST":
        raise RefusedError("invalid_request", "The specified HTTP method is not valid.")
    if request.content_type != _FORM:
        raise RefusedError("invalid_request", f"The 'Content-Type' header must be '{_FORM}'.")
    body = await request.read()
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=32)
    except ValueError:
        raise RefusedError("invalid_request", "The request is not a form.") from None
    for name, values in fields.items():
        if len(values) > 1:
            raise RefusedError("invalid_request", f"The '{name}' parameter is there more than once.")
    return {name: values[0] for name, values in fields.items()}


def _credentials(request: web.BaseRequest, form: dict[str, str]) -> tuple[str, str]:
    """Id and secret, from the form or from the header ``Authorization: Basic``."""
    grant = form.get("grant_type")
    if not grant:
        raise RefusedError("invalid_request", "The mandatory 'grant_type' parameter is missing.")
    if grant != "client_credentials":
        # A kernel also has the grants of its workbench: password and refresh token.
        raise RefusedError("unsupported_grant_type", "The specified 'grant_type' parameter is not supported.")
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            client = colon = secret = ""
        if not colon:
            raise RefusedError("invalid_request", "The 'Authorization' header is not valid.")
        return unquote_plus(client), unquote_plus(secret)
    client, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not client or not secret:
        raise RefusedError(
            "invalid_request",
            "The 'client_id' and 'client_secret' parameters are required when using the client credentials grant.",
        )
    return client, secret


def _json(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=json.dumps(value), status=status, headers=headers, content_type="application/json")
