"""From an HTTP request to a recorded delivery and its answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import unquote

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from chronicle_notebook.base._text import utf8
from chronicle_notebook.base._url import is_local
from chronicle_notebook.receiver._body import MAX_BODY, Body, read_body
from chronicle_notebook.receiver._callbacks import Callbacks
from chronicle_notebook.receiver._conduct import UNAUTHORIZED, AnswerPlan, Conduct
from chronicle_notebook.receiver._delivery import Delivery
from chronicle_notebook.receiver._headers import RequestHeaders, authorization_scheme, masked_query
from chronicle_notebook.receiver._journal import Journal

_TOO_LARGE = AnswerPlan(413)
_UNREADABLE = AnswerPlan(400)


class _BodyTooLargeError(Exception):
    """The body is too large. The argument is the number of bytes that had arrived."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Reads each request, records it, and answers as the conduct decides."""

    base_path: str
    hosts: frozenset[str]
    """Names of this receiver besides those of the loopback interface."""
    journal: Journal
    conduct: Conduct
    callbacks: Callbacks

    async def handle(self, request: web.Request, stopping: asyncio.Event) -> web.StreamResponse:
        """Answer one request. The request is recorded before the answer is sent, so whoever has the answer finds the
        record."""
        began = time.perf_counter()
        delivery = self._arrival(request)
        status: int | None = None
        refused = self._refusal(request)
        if refused:
            self._record(replace(delivery, body_error=refused, status=403, duration=time.perf_counter() - began))
            return web.Response(status=403)
        try:
            body, plan = await _read(request)
            delivery = _with_body(delivery, body)
            if plan is None:
                header = request.headers.get("Authorization")
                plan = self.conduct.plan(delivery, authorization=header, found=self._name(delivery.path) is not None)
            stopped = await _pause(plan.delay, stopping)
            if not (plan.drop or stopped):
                status = plan.status
        except asyncio.CancelledError:
            # The sender ended the connection, or the receiver stops: this is a delivery without an answer.
            if not delivery.body_size and delivery.body_error is None:
                delivery = replace(delivery, body_error="The connection ended before the whole body had arrived.")
            raise
        finally:
            self._record(replace(delivery, status=status, duration=time.perf_counter() - began))
        return self._answer(request, status)

    def _refusal(self, request: web.Request) -> str:
        """Why a request is refused; empty if it is not. A web page of any site can send requests to this machine."""
        if "Origin" in request.headers:
            return "Refused: the request has an Origin, so a web page sent it. Kernels send none."
        name = _host_name(request.headers.get("Host", ""))
        if is_local(name, subdomains=False) or name in self.hosts:
            return ""
        return "Refused: the request is for another host. Receiver(hosts=[...]) takes further names of this receiver."

    def _arrival(self, request: web.Request) -> Delivery:
        target, _, query = request.raw_path.partition("?")
        path = utf8(target)
        return Delivery(
            number=self.journal.next_number(),
            received=datetime.now(UTC),
            method=request.method,
            path=path,
            query=masked_query(query),
            name=self._name(path) or None,
            headers=RequestHeaders(request.headers.items()),
            authorization_scheme=authorization_scheme(request.headers.get("Authorization")),
        )

    def _name(self, path: str) -> str | None:
        """The part after the receiver's path; empty at the path itself, None for other paths."""
        if path.rstrip("/") == self.base_path:
            return ""
        prefix = f"{self.base_path}/"
        return utf8(unquote(path.removeprefix(prefix))) if path.startswith(prefix) else None

    def _record(self, delivery: Delivery) -> None:
        self.journal.record(delivery)
        # After the answer has been sent, so that a slow callback delays no delivery.
        asyncio.get_running_loop().call_soon(self.callbacks.notify, delivery)

    def _answer(self, request: web.Request, status: int | None) -> web.StreamResponse:
        if status is None:
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        headers = {"WWW-Authenticate": self.conduct.challenge()} if status == UNAUTHORIZED else None
        return web.Response(status=status, headers=headers)


def _host_name(host: str) -> str:
    """The name in a ``Host`` header, without the port and the brackets of an IPv6 address."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


async def _pause(seconds: float, stopping: asyncio.Event) -> bool:
    """Wait for the given seconds. Returns True if the receiver stops in the meantime."""
    if not seconds:
        return False
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def _read(request: web.Request) -> tuple[Body, AnswerPlan | None]:
    """The body, and a plan if reading the body already decides the answer."""
    raw = bytearray()
    try:
        async for piece in request.content.iter_any():
            raw += piece
            if len(raw) > MAX_BODY:
                raise _BodyTooLargeError
    except _BodyTooLargeError:
        return Body(
            size=len(raw), error=f"The body is larger than {MAX_BODY // 1024 // 1024} MiB and was not stored."
        ), _TOO_LARGE
    except (web.RequestPayloadError, ClientError, HttpProcessingError, ConnectionError):
        return Body(
            size=len(raw), error="The body could not be read: it is incomplete, or is encoded wrongly."
        ), _UNREADABLE
    return read_body(bytes(raw)), None


def _with_body(delivery: Delivery, body: Body) -> Delivery:
    return replace(
        delivery,
        partition=body.partition,
        events=body.events,
        body_error=body.error,
        body_text=body.text,
        body_truncated=body.text_truncated,
        body_size=body.size,
    )
