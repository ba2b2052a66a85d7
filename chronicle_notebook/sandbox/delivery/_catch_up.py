"""Catch-up and replay: the events of each event source together, whatever is between them in the log."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from chronicle_notebook.sandbox.delivery._courier import Courier
from chronicle_notebook.sandbox.delivery._observer import Observer, Span
from chronicle_notebook.sandbox.delivery._payload import LIVE, REPLAY
from chronicle_notebook.sandbox.delivery._recovery import Recovery

AT_ONCE = 8
"""The number of event sources that one observer catches up with at the same time. The number of a kernel was not
seen."""


class CatchUp:
    """Delivers the span of an observer: one request for each event source and page of 100, sources in any order.

    Seen on kernels of 16.37.1: ``a,b,c,a,b,c…`` ten times are three requests of ten events, and 230 events of one
    source are requests of 100, 100 and 30.
    """

    def __init__(self, courier: Courier, recovery: Recovery, note: Callable[[Observer], None], *, keeps: bool) -> None:
        """``keeps``: a replay delivers failed partitions too, but leaves them failed."""
        self._courier = courier
        self._recovery = recovery
        self._note = note
        self._keeps = keeps

    async def run(self, observer: Observer, span: Span) -> None:
        """Deliver everything of a span. The span is over afterwards, unless another one has replaced it."""
        epoch = observer.epoch
        passing = span.replay and self._keeps
        sources = deque(
            source for source in self._courier.sources(observer, span) if passing or source not in observer.partitions
        )
        failures: list[str] = []

        async def work() -> None:
            while sources and observer.epoch == epoch:
                source = sources.popleft()
                if not await self._source(observer, span, source, epoch):
                    failures.append(source)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(sources))):
                group.create_task(work())
        if observer.epoch == epoch and observer.span is span:
            observer.finished(span, whole=not failures)
            self._note(observer)

    async def _source(self, observer: Observer, span: Span, source: str, epoch: int) -> bool:
        """Deliver the events of one source. Returns whether all were delivered."""
        position = span.first
        while page := self._courier.source_page(observer, source, position, span.until):
            async with observer.flights:
                if observer.epoch != epoch:
                    return True
                failure = await self._courier.deliver(observer, page, REPLAY if span.replay else LIVE)
            if failure is not None:
                if observer.epoch == epoch:
                    self._recovery.failed(observer, page[0].number, source, failure)
                return False
            observer.delivered(page[-1].number, len(page))
            self._note(observer)
            position = page[-1].number + 1
        return True
