"""A delivery that fails in a way that no target causes, or is cancelled at its time limit."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chronicle_notebook.sandbox import Behaviour
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._event_type import EventTypeGeneration
from chronicle_notebook.sandbox._stores import SequenceScope
from chronicle_notebook.sandbox._webhook import Webhook
from chronicle_notebook.sandbox.delivery import _courier
from chronicle_notebook.sandbox.delivery._courier import Courier
from chronicle_notebook.sandbox.delivery._failure import Failure
from chronicle_notebook.sandbox.delivery._observer import Observer
from tests.waiting import LONG

OBSERVER = Observer(SequenceScope(1, "shop", "Default", "event-log"), Webhook("h", "http://127.0.0.1:9/", "event-log"))


def _courier_to(sender: Any) -> Courier:
    unused: Any = None
    return Courier(unused, unused, sender, Behaviour(), 1.0)


def _event(causation: str = "[]") -> Event:
    return Event(
        0, EventTypeGeneration("One", 1), "s", "{}", occurred="2026-11-29T10:00:00.0000000Z", causation=causation
    )


def test_an_event_that_cannot_be_written_is_an_error_and_not_a_delivery_without_end() -> None:
    async def run() -> None:
        await asyncio.wait_for(_courier_to(None).deliver(OBSERVER, [_event("broken")], 1), LONG)

    with pytest.raises(ValueError, match="Expecting value"):
        asyncio.run(run())


def test_a_delivery_that_is_cancelled_when_its_time_is_over_is_not_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_courier, "LIMIT", 0.0)
    failures: list[Failure] = []

    async def run() -> None:
        sending = asyncio.Event()

        class Waiting:
            async def send(self, *_: object) -> None:
                task.cancel()  # in this turn of the loop, before the one in which the time limit ends
                sending.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    courier._deadlines._expire()

        courier = _courier_to(Waiting())
        task = asyncio.create_task(courier.deliver_here(OBSERVER, [_event()], 1, failures.append, live=True))
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sending.is_set()
        assert not courier._late

    asyncio.run(run())
    assert failures == []
