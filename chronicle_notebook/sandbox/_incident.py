"""The targets of the example "incident": six webhooks of a shop, of which five fail, each for a reason of its own."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Final

from aiohttp import web

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.base._loopback import BACKLOG, HOST, LoopThread, listening_socket
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._event_type import EventTypeGeneration, Registration
from chronicle_notebook.sandbox._event_types import CLIENT, CODE
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._moment import now
from chronicle_notebook.sandbox._stores import DEFAULT_NAMESPACE, EVENT_LOG
from chronicle_notebook.sandbox._webhook import NO_AUTHORIZATION, Webhook

STORE = "shop"
NAMESPACES = (DEFAULT_NAMESPACE, "Tenant-B")
ORDERS = ("order-1", "order-2", "order-3")
EVENT_TYPES = ("OrderPlaced", "OrderShipped")
REFUSED: Final = "payments"
FAULTS: Final = {
    REFUSED: "refuses the connection",
    "billing": "answers with 500",
    "partner-feed": "answers with 401",
    "search-index": "resets the connection",
    "reporting": "does not answer",
}
"""What the target of each webhook does until it is mended."""
HEALTHY: Final = "warehouse"


class Incident:
    """The targets of the example. They fail until :meth:`mend` is called, which stands for the work of their owners."""

    def __init__(self) -> None:
        self._broken = {webhook: asyncio.Event() for webhook in FAULTS}
        self._ended: asyncio.Event | None = None
        # The port is bound and no program listens on it: the system refuses connections until the target is mended.
        self._closed = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._closed.bind((HOST, 0))
        # Each target has a port of its own, and so a circuit of its own.
        self._open = {webhook: listening_socket(0) for webhook in (HEALTHY, *FAULTS) if webhook != REFUSED}
        self._ports = {webhook: each.getsockname()[1] for webhook, each in self._open.items()}
        self._ports[REFUSED] = self._closed.getsockname()[1]
        self._thread = LoopThread[Callable[[str], None]]("chronicle-incident", self._open[HEALTHY], self._serve)
        self._runner: web.AppRunner | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def faults(self) -> dict[str, str]:
        """What the targets that are not mended do, by webhook."""
        return {webhook: fault for webhook, fault in FAULTS.items() if not self._broken[webhook].is_set()}

    def mend(self, *webhooks: str) -> None:
        """Let the targets of these webhooks work, or all of them.

        :raises InvalidInputError: the example has no webhook of this name.
        """
        for webhook in webhooks:
            if webhook not in FAULTS:
                raise InvalidInputError(
                    f"The incident has no failing webhook {webhook!r}.",
                    field="webhook",
                    hint=did_you_mean(webhook, FAULTS) or f"It has {', '.join(FAULTS)}.",
                )
        for webhook in webhooks or FAULTS:
            self._thread.tell(lambda mend, webhook=webhook: mend(webhook))  # type: ignore[misc]

    def url(self, webhook: str) -> str:
        """The target of a webhook."""
        return f"http://{HOST}:{self._ports[webhook]}/{webhook}"

    def start(self) -> None:
        """Let the targets accept requests."""
        self._thread.start()

    def stop(self) -> None:
        """End the targets."""
        self._thread.tell(lambda _: self._end())
        self._thread.join()
        for each in (self._closed, *self._open.values()):
            each.close()

    def _end(self) -> None:
        assert self._ended is not None  # noqa: S101 - the loop runs
        self._ended.set()

    async def _serve(self, serves: Callable[[Callable[[str], None]], None]) -> None:
        self._ended = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{webhook}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)
        await self._runner.setup()
        try:
            for listener in self._open.values():
                await web.SockSite(self._runner, listener).start()
            serves(self._mended)
            await self._ended.wait()
        finally:
            for event in self._broken.values():
                event.set()
            await self._runner.cleanup()

    def _mended(self, webhook: str) -> None:
        """In the loop: the target works from now on."""
        if webhook == REFUSED and not self._broken[webhook].is_set():
            assert self._runner is not None  # noqa: S101 - the loop runs
            self._closed.listen(BACKLOG)
            self._closed.setblocking(False)  # noqa: FBT003 - the signature of the standard library
            task = asyncio.ensure_future(web.SockSite(self._runner, self._closed).start())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._broken[webhook].set()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        webhook = request.match_info["webhook"]
        mended = self._broken.get(webhook)
        await request.read()
        if mended is None or mended.is_set():
            return web.Response(status=204)
        match webhook:
            case "billing":
                return web.Response(status=500, text="The database of the invoices is full.")
            case "partner-feed":
                return web.Response(status=401, text="The token has ended.")
            case "search-index":
                if request.transport is not None:
                    request.transport.abort()
            case _:
                await mended.wait()
        return web.Response(status=204)


def sow_incident(kernel: Kernel, targets: Incident) -> None:
    """Fill the event store ``shop`` with orders in two namespaces, and with webhooks of which five fail."""
    store = kernel.store(STORE)
    schema = json.dumps({"type": "object", "properties": {"total": {"type": "number", "format": "decimal"}}})
    kernel.types.save(store, [Registration(EventTypeGeneration(each), schema, CLIENT, CODE) for each in EVENT_TYPES])
    types = tuple(EventTypeGeneration(each) for each in EVENT_TYPES)
    webhooks = [Webhook(each, targets.url(each), EVENT_LOG, types, (), NO_AUTHORIZATION) for each in (HEALTHY, *FAULTS)]
    kernel.registrar.add(store, webhooks)
    # Kernels on SQL databases cannot read a namespace any more that has an event without a name of who caused it.
    identity = json.dumps({"subject": "shop-1", "name": "Shop 1", "userName": "shop-1"})
    for namespace in NAMESPACES:
        kernel.stores.ensure_namespace(store, namespace)
    kernel.reactor.wait_until_settled()  # in memory, a webhook gets only events that are appended later
    for namespace in NAMESPACES:
        events = [
            Event(
                -1,
                EventTypeGeneration(kind),
                order,
                json.dumps({"total": 40 + number}),
                occurred=now(),
                caused_by=identity,
                subject=order,
            )
            for kind in EVENT_TYPES
            for number, order in enumerate(ORDERS)
        ]
        outcome = kernel.log.append(store, kernel.stores.scope(store.name, namespace, EVENT_LOG), events, {})
        if not outcome.succeeded:
            raise RuntimeError(f"the examples do not fit their schemas: {outcome}")
    kernel.reactor.wait_until_settled()
