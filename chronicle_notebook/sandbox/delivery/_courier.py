"""From events to a delivery and its outcome."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._stores import Scope
from chronicle_notebook.sandbox.delivery import _payload
from chronicle_notebook.sandbox.delivery._failure import TIMEOUT, DeliveryError, Failure
from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.delivery._partition import Partition
from chronicle_notebook.sandbox.delivery._sender import Sender
from chronicle_notebook.sandbox.storage._events import EventTable, Filter

BATCH = 100
"""Events of one delivery at most."""

LIMIT = 30.0
"""Seconds that a delivery may take, retries and all. A kernel's call from one grain to another ends then, and the
request goes on: a target that is merely slow gets the events again beside it (seen at 16.37.1)."""
LATE = "Response did not arrive on time in 00:00:30 for message: Request [a delivery to a webhook]."

_PAGES = 256
_RENDERED = 4096
_LOG = logging.getLogger(__name__)


class Courier:
    """Reads events, makes bodies and sends them.

    Pages of events and rendered events are kept for a while: when one event wakes ten thousand webhooks, it is read and
    rendered once.
    """

    def __init__(self, events: EventTable, sender: Sender, behaviour: Behaviour) -> None:
        self._events = events
        self._behaviour = behaviour
        self._sender = sender
        self._pages: OrderedDict[tuple[object, ...], list[Event]] = OrderedDict()
        self._late: set[asyncio.Task[None]] = set()
        self._rendered: OrderedDict[tuple[int, int, int, bool], str] = OrderedDict()

    def page(self, observer: Observer, tail: int | None, until: int | None) -> list[Event]:
        """Some of the steps are not done."""
        types = observer.webhook.event_type_ids
        key = (observer.scope.key, types, observer.position, tail, until)
        if (kept := self._pages.get(key)) is None:
            wanted = Filter(types=sorted(types))
            kept = self._events.page(observer.scope.key, wanted, observer.position, until, BATCH)
            self._pages[key] = kept
            if len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        return kept

    def partition_page(self, observer: Observer, partition: Partition, until: int) -> list[Event]:
        """The next events of one event source below a number."""
        wanted = Filter(types=sorted(observer.webhook.event_type_ids), source=partition.source)
        return self._events.page(observer.scope.key, wanted, partition.position, until, BATCH)

    async def deliver(
        self, observer: Observer, events: Sequence[Event], state: int, *, live: bool = False
    ) -> Failure | None:
        """Send events of one event source in one request; what went wrong, or None.

        ``live`` says that they are delivered as they are appended.
        """
        texts = [self._render(observer.scope, event, state, live=live) for event in events]
        body = _payload.body(events[0].source, texts)
        request = asyncio.create_task(self._sender.send(observer.webhook, body))
        try:
            done, _ = await asyncio.wait({request}, timeout=LIMIT)
            if not done:
                self._late.add(request)
                request.add_done_callback(self._forget)
                return Failure((LATE,), TIMEOUT)
            request.result()
        except asyncio.CancelledError:
            request.cancel()
            raise
        except DeliveryError as error:
            return error.failure
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is told in the failed partition, as in a kernel
            _LOG.warning("Delivery of %s failed unexpectedly: %s", observer.webhook.id, type(error).__name__)
            return Failure((f"{type(error).__name__}: {error}",))
        return None

    def _forget(self, request: asyncio.Task[None]) -> None:
        self._late.discard(request)
        if not request.cancelled():
            request.exception()  # it was told already that it did not succeed

    def _render(self, scope: Scope, event: Event, state: int, *, live: bool) -> str:
        key = (scope.key, event.number, state, live)
        if (kept := self._rendered.get(key)) is None:
            kept = self._rendered[key] = _payload.render(scope, event, state, self._behaviour, live=live)
            if len(self._rendered) > _RENDERED:
                self._rendered.popitem(last=False)
        return kept


def runs(events: Sequence[Event]) -> list[list[Event]]:
    """Consecutive events of one event source together, in order."""
    found: list[list[Event]] = []
    for event in events:
        if found and found[-1][0].source == event.source:
            found[-1].append(event)
        else:
            found.append([event])
    return found
