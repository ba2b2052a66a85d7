"""From events to a delivery and its outcome."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._stores import SequenceScope
from chronicle_notebook.sandbox.delivery import _payload
from chronicle_notebook.sandbox.delivery._batches import Batches
from chronicle_notebook.sandbox.delivery._deadlines import Deadlines
from chronicle_notebook.sandbox.delivery._failure import TIMEOUT, DeliveryError, Failure
from chronicle_notebook.sandbox.delivery._observer import Observer, Span
from chronicle_notebook.sandbox.delivery._sender import Sender
from chronicle_notebook.sandbox.delivery._target_host import TargetHost
from chronicle_notebook.sandbox.delivery._targets import Targets
from chronicle_notebook.sandbox.storage._events import EventTable, Filter

BATCH = 100
"""The largest number of events of one delivery, except events that were appended together."""

LIMIT = 30.0
"""The time limit of a delivery in seconds, including retries. After this time a kernel's call from one grain to another
ends, but the request continues: a target that is only slow gets the events a second time (seen at 16.37.1)."""
LATE = "Response did not arrive on time in 00:00:30 for message: Request [a delivery to a webhook]."

_PAGES = 256
_RENDERED = 4096
_BODIES = 64
_LOG = logging.getLogger(__name__)


class LateError(Exception):
    """A request ended after its time limit, when its failure was known already and others had continued."""


class Courier:
    """Reads events, makes bodies and sends them.

    Pages of events and rendered events are cached for some time: an event that wakes ten thousand webhooks is read and
    rendered only once.
    """

    def __init__(
        self, events: EventTable, batches: Batches, sender: Sender, behaviour: Behaviour, scale: float
    ) -> None:
        self._events = events
        self._batches = batches
        self._targets = Targets(scale) if behaviour.old_target_kept else None
        self._sources: OrderedDict[tuple[object, ...], list[str]] = OrderedDict()
        self._behaviour = behaviour
        self._sender = sender
        self._pages: OrderedDict[tuple[object, ...], list[Event]] = OrderedDict()
        self._deadlines = Deadlines()
        self._late: set[asyncio.Task[None]] = set()
        self._bodies: OrderedDict[tuple[int, int, bool, tuple[int, ...]], bytes] = OrderedDict()
        self._rendered: OrderedDict[tuple[int, int, int, bool], str] = OrderedDict()

    def page(self, observer: Observer, tail: int | None) -> list[Event]:
        """The next events for an observer: a hundred, or all that were appended together with the first one.

        Events that were appended together are never separated. ``tail`` is the tail that the caller knew before. A
        cached page is valid only for this tail: an older page would skip events.
        """
        types = observer.webhook.event_type_ids
        key = ("page", observer.scope.key, types, observer.position, tail)
        if (kept := self._pages.get(key)) is None:
            wanted = Filter(types=sorted(types))
            sequence = observer.scope.key
            kept = self._events.page(sequence, wanted, observer.position, None, BATCH)
            if len(kept) == BATCH:
                first, last = self._batches.of(sequence, kept[-1].number)
                whole = [event for event in kept if event.number < first]
                kept = whole or self._events.page(sequence, wanted, observer.position, last + 1)
            self._keep(key, kept)
        return kept

    def sources(self, observer: Observer, span: Span) -> list[str]:
        """The event sources that have events in a span."""
        types = observer.webhook.event_type_ids
        key = ("sources", observer.scope.key, types, span.first, span.until)
        if (kept := self._sources.get(key)) is None:
            wanted = Filter(types=sorted(types))
            kept = self._sources[key] = self._events.sources(observer.scope.key, wanted, span.first, span.until)
            if len(self._sources) > _PAGES:
                self._sources.popitem(last=False)
        return kept

    def source_page(self, observer: Observer, source: str, first: int, until: int) -> list[Event]:
        """The next hundred events of one event source, from one number on and below another one."""
        types = observer.webhook.event_type_ids
        key = ("source", observer.scope.key, types, source, first, until)
        if (kept := self._pages.get(key)) is None:
            wanted = Filter(types=sorted(types), source=source)
            kept = self._events.page(observer.scope.key, wanted, first, until, BATCH)
            self._keep(key, kept)
        return kept

    def host(self, observer: Observer) -> TargetHost:
        """The host and port of an observer's target."""
        return self._sender.host(observer.webhook.url)

    def groups(self, observer: Observer, events: Sequence[Event]) -> list[list[Event]]:
        """The events of each live request: consecutive events of one event source that were appended together."""
        return self._batches.groups(observer.scope.key, events)

    def _keep(self, key: tuple[object, ...], page: list[Event]) -> None:
        self._pages[key] = page
        if len(self._pages) > _PAGES:
            self._pages.popitem(last=False)

    async def deliver(
        self, observer: Observer, events: Sequence[Event], state: int, *, live: bool = False
    ) -> Failure | None:
        """Send events of one event source in one request; the failure, or None.

        ``live`` means that they are delivered when they are appended.
        """
        over: asyncio.Future[Failure | None] = asyncio.get_running_loop().create_future()

        def end(failure: Failure | None) -> None:
            if not over.done():
                over.set_result(failure)

        async def send() -> None:
            try:
                end(await self.deliver_here(observer, events, state, end, live=live))
            except LateError:
                pass
            except Exception as error:  # noqa: BLE001 - it is raised in the task that waits
                over.set_exception(error)

        request = asyncio.create_task(send())
        try:
            return await over
        except asyncio.CancelledError:
            request.cancel()
            raise

    async def deliver_here(
        self,
        observer: Observer,
        events: Sequence[Event],
        state: int,
        late: Callable[[Failure], None],
        *,
        live: bool,
    ) -> Failure | None:
        """The same in the task of the caller, because a task of its own costs a good part of a delivery.

        After the time limit ``late`` is called with the failure. It continues in place of this task, which still sends.

        Raises LateError at the end of a request after its time limit, whatever became of it.
        """
        body = self._body(observer.scope, events, state, live=live)
        webhook = observer.webhook if self._targets is None else self._targets.of(observer, events[0].source)
        task: Any = asyncio.current_task()

        given_up = False

        def give_up() -> None:
            nonlocal given_up
            if task.cancelling():
                return  # its webhook was removed in this moment
            given_up = True
            self._late.add(task)
            late(Failure((LATE,), TIMEOUT))

        self._deadlines.begin(task, give_up, LIMIT)
        failure: Failure | None = None
        try:
            await self._sender.send(webhook, body, events[0].source)
        except DeliveryError as error:
            failure = error.failure
        except Exception as error:  # noqa: BLE001 - the failed partition reports whatever goes wrong, as in a kernel
            _LOG.warning("Delivery of %s failed unexpectedly: %s", observer.webhook.id, type(error).__name__)
            failure = Failure((f"{type(error).__name__}: {error}",))
        finally:
            self._deadlines.end(task)
            if given_up:
                self._late.discard(task)
                raise LateError
        return failure

    def _body(self, scope: SequenceScope, events: Sequence[Event], state: int, *, live: bool) -> bytes:
        """The body for events, which thousands of webhooks may get."""
        key = (scope.key, state, live, tuple([event.number for event in events]))
        if (kept := self._bodies.get(key)) is None:
            texts = [self._render(scope, event, state, live=live) for event in events]
            kept = self._bodies[key] = _payload.body(events[0].source, texts)
            if len(self._bodies) > _BODIES:
                self._bodies.popitem(last=False)
        return kept

    def _render(self, scope: SequenceScope, event: Event, state: int, *, live: bool) -> str:
        key = (scope.key, event.number, state, live)
        if (kept := self._rendered.get(key)) is None:
            kept = self._rendered[key] = _payload.render(scope, event, state, self._behaviour, live=live)
            if len(self._rendered) > _RENDERED:
                self._rendered.popitem(last=False)
        return kept
