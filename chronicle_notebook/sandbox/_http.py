"""The answers of the port over HTTP/1.1."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from aiohttp import web

from chronicle_notebook.sandbox._authority import Authority, RefusedError
from chronicle_notebook.sandbox._connected import ConnectedClients
from chronicle_notebook.sandbox._token_request import credentials

Page = Callable[[web.BaseRequest], Awaitable[web.Response]]


class Http:
    """The endpoints beside gRPC: tokens, the load for load balancers, and health; all of them are anonymous.

    ``authority`` None means that authentication is off: then the token endpoint fails with 500, as a kernel's does, and
    an unknown path is not found. With authentication an unknown path asks for a token (seen at 16.37.1), and is not
    found with one.
    """

    def __init__(self, clients: ConnectedClients, authority: Authority | None) -> None:
        self._clients = clients
        self._authority = authority
        self._pages: dict[str, dict[str, Page]] = {
            "/connections/count": {"GET": self._count},
            "/connections/reserve": {"POST": self._reserve},
            "/health": {"GET": self._health, "POST": self._health},
            "/.well-known/openid-configuration": {"GET": self._configuration},
        }

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        answer = await self._answer(request)
        # C7 in docs/fidelity.md: answers have a length and are not chunked, because every HTTP client reads both alike.
        answer.headers["Server"] = "Kestrel"
        answer.headers["X-Correlation-ID"] = str(uuid4())
        return answer

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if request.path == "/connect/token":
            return web.Response(status=500) if self._authority is None else await self._token(request, self._authority)
        handlers = self._pages.get(request.path, {})
        handler = handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is not None:
            return await handler(request)
        if self._authority is not None and not self._authority.admits(request.headers.getall("Authorization", [])):
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        return web.Response(status=405 if handlers else 404)

    async def _count(self, _request: web.BaseRequest) -> web.Response:
        return _json(self._clients.load)

    async def _reserve(self, _request: web.BaseRequest) -> web.Response:
        self._clients.reserve()
        return web.Response()

    async def _health(self, _request: web.BaseRequest) -> web.Response:
        headers = {"Cache-Control": "no-store, no-cache", "Content-Type": "text/plain"}
        return web.Response(body=b"Healthy", headers=headers)

    async def _configuration(self, request: web.BaseRequest) -> web.Response:
        """What there is to discover; a kernel tells more, of what the sandbox has not."""
        here = f"https://{request.host}"
        return _json(
            {
                "issuer": f"{here}/",
                "token_endpoint": f"{here}/connect/token",
                "grant_types_supported": ["password", "client_credentials", "refresh_token"],
            }
        )

    async def _token(self, request: web.BaseRequest, authority: Authority) -> web.Response:
        headers = {"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json;charset=UTF-8"}
        status = 200
        try:
            token = authority.issue(*await credentials(request))
            answer = {"access_token": token.value, "token_type": "Bearer", "expires_in": int(token.lifetime)}
        except RefusedError as refused:
            status = refused.status
            answer = {"error": refused.error, "error_description": refused.description, "error_uri": refused.uri}
            if status == 401:
                told = ", ".join(f'{name}="{value}"' for name, value in answer.items())
                headers["WWW-Authenticate"] = f"Basic {told}"
        return web.Response(body=json.dumps(answer, indent=2).encode(), status=status, headers=headers)


def _json(value: Any) -> web.Response:
    return web.Response(text=json.dumps(value), content_type="application/json")
