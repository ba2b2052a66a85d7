"""Failures that only tell of an open circuit: the cause stands before it, and what a circuit is in one clause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import pytest

import chronicle_notebook as cn
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.events._observers import failed_partition_listing
from chronicle_notebook.model import FailedAttempt, FailedPartition
from chronicle_notebook.model._observer import ASK, UNTRIED, causes_of
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from tests.waiting import eventually


@cn.event_type
@dataclass
class Ordered:
    amount: int


OPEN = ("The delivery failed.", "The circuit is now open for 'h:9' and is not allowing calls.")
REFUSED = ("The delivery failed.", "Connection refused (h:9)")


def failing(*attempts: tuple[str, ...], observer: str = "audit", namespace: str = "Default") -> FailedPartition:
    made = tuple(
        FailedAttempt(datetime(2026, 1, 1, 12, 0, number, tzinfo=UTC), number, messages)
        for number, messages in enumerate(attempts)
    )
    return FailedPartition(uuid4(), observer, namespace, "account-1", made)


def test_the_cause_of_an_open_circuit_is_that_of_the_last_real_attempt() -> None:
    assert failing(REFUSED, OPEN).reason() == f"The delivery failed. / Connection refused (h:9) ({UNTRIED})"
    assert failing(OPEN, REFUSED).reason() == "The delivery failed. / Connection refused (h:9)"
    assert failing().reason() == ""


def test_another_partition_of_the_same_observer_tells_it_as_well() -> None:
    untold = failing(OPEN)
    elsewhere = [failing(REFUSED, observer="other"), failing(REFUSED, namespace="Tenant-B")]
    assert untold.reason(causes_of([untold, *elsewhere])) == f"{' / '.join(OPEN)} ({UNTRIED} {ASK})"
    assert "Connection refused" in untold.reason(causes_of([untold, *elsewhere, failing(REFUSED)]))


def test_the_table_tells_it() -> None:
    frame = failed_partition_listing([failing(OPEN), failing(REFUSED)], where="here", origin=Origin("k:1")).to_frame()
    assert all("Connection refused" in message for message in frame.message)
    assert list(frame.columns)[-2:] == ["message", "quarantined"]


@pytest.fixture
def impatient() -> Iterator[Client]:
    """A kernel that never waits, so that it opens a circuit within a moment."""
    with (
        Sandbox(settle_delay=0.02, time_scale=0.001) as running,
        connect(running.connection_string, event_store="shop", name="impatient") as client,
    ):
        client.ensure_event_store()
        yield client


def test_a_described_webhook_whose_partitions_fail_is_not_caught_up(impatient: Client) -> None:
    client = impatient
    client.event_log.append("a-0", Ordered(1))
    client.webhooks.register("lost", "http://127.0.0.1:9/in", lambda b: b.with_event_type("Ordered"))
    client.event_log.append_many([(f"a-{number}", Ordered(number)) for number in range(5)])
    eventually(lambda: len(client.failed_partitions()) == 5)
    shown = repr(client.describe("lost"))
    assert "caught up" not in shown
    assert "active, 0 delivered, " in shown
    assert "5 partitions fail and their events wait" in shown
    assert "5 partitions in Default" in shown
    assert "client.retry_failed_partitions('lost')" in shown
    for message in client.failed_partitions().to_frame().message:
        assert "127.0.0.1:9" in message
