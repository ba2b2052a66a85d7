"""Ending the calls of a thread from another one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from chronicle_notebook import CallCancelledError
from chronicle_notebook.connection._cancellation import Cancellation
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from tests.many import many_webhooks
from tests.scripted import ScriptedKernel
from tests.waiting import LONG, eventually


@pytest.fixture
def many(kernel: ScriptedKernel) -> Iterator[Client]:
    many_webhooks(kernel, 3)
    client = connect(kernel.connection_string, event_store="banking", name="cancelled")
    assert len(client.webhooks.all()) == 3
    yield client
    client.close()


def test_a_watched_call_that_is_not_cancelled_answers_as_ever(many: Client) -> None:
    with Cancellation().watched():
        assert len(many.webhooks.all()) == 3


def test_calls_after_cancelling_are_refused(many: Client) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    assert cancellation.cancelled
    with cancellation.watched(), pytest.raises(CallCancelledError):
        many.webhooks.all()


def test_only_the_calls_of_its_own_thread_end(many: Client, kernel: ScriptedKernel) -> None:
    release = threading.Event()
    reached = kernel.count(methods.GET_FAILED_PARTITIONS)
    kernel.on(methods.GET_FAILED_PARTITIONS, lambda _request, _context: release.wait(LONG))
    cancellation = Cancellation()
    failures: list[Any] = []

    def work() -> None:
        with cancellation.watched():
            try:
                many.failed_partitions()
            except CallCancelledError as error:
                failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    eventually(lambda: kernel.count(methods.GET_FAILED_PARTITIONS) > reached)
    cancellation.cancel()
    thread.join(LONG)
    assert len(failures) == 1
    assert len(many.webhooks.all()) == 3
    release.set()
