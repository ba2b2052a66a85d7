"""The triage of a kernel: one pass of reads over every namespace of an event store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.triage import _assess
from tests.waiting import LONG, eventually

OPENED, DEPOSITED = cn.EventType("AccountOpened"), cn.EventType("FundsDeposited")


def test_what_fails_in_two_namespaces_is_one_row_with_all_that_waits(client: Client) -> None:
    client.ensure_namespace("Tenant-B")
    client.webhooks.register("pay", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    for space in ("Default", "Tenant-B"):
        log = client.at(namespace=space).event_log
        log.append_many([cn.EventToAppend("one", OPENED, {}), cn.EventToAppend("two", OPENED, {})])
        log.append_many([cn.EventToAppend("one", DEPOSITED, {}), cn.EventToAppend("one", OPENED, {})])
    eventually(lambda: len(client.failed_partitions("pay")) == 4)
    found = client.triage()
    row = found["pay"]
    assert found[0] is row
    assert row.fails
    assert (set(row.namespaces), len(row.failed)) == ({"Default", "Tenant-B"}, 4)
    assert row.waiting == 6
    assert row.cause is not None
    assert row.cause.key == "refused"
    client.webhooks.remove("pay")
    gone = client.triage()["pay"]
    assert (gone.definition, len(gone.failed), gone.waiting) == (None, 4, 6)


def test_only_events_of_its_own_types_count_as_waiting(client: Client) -> None:
    with cn.Receiver() as target:
        client.webhooks.register("quiet", target.url, lambda b: b.with_event_type("AccountOpened"))
        client.event_log.append("one", DEPOSITED, {})
        row = client.triage()["quiet"]
        assert (row.condition, row.waiting) == ("healthy", 0)


def test_an_event_store_without_webhooks(client: Client) -> None:
    found = client.triage()
    assert (len(found), found.webhooks) == (0, 0)
    assert repr(found).startswith("No webhook fails")


@pytest.fixture(scope="module", params=["16.33", "16.38", "16.37-inmemory"])
def real(request: pytest.FixtureRequest) -> Iterator[Client]:
    with (
        Sandbox(behaves_like=request.param, settle_delay=0.02, time_scale=0.001) as running,
        cn.connect(running.connection_string, event_store="shop", name=f"triage-{request.param}") as opened,
    ):
        opened.ensure_event_store()
        opened.register_event_types(Opened)
        yield opened


@cn.event_type(id="AccountOpened")
class Opened:
    """An event."""


def test_each_form_of_kernel_is_read_and_never_told_to_have_quarantined(real: Client) -> None:
    hooks = [("one", "http://127.0.0.1:9/a"), ("two", "http://127.0.0.1:9/b")]
    for webhook, url in hooks:
        real.webhooks.register(webhook, url, lambda b: b.with_event_type("AccountOpened"))
    real.event_log.append("account-1", OPENED, {})
    eventually(lambda: len(real.triage().failing) == 2)
    found = real.triage()
    assert {each.webhook: each.waiting for each in found.failing} == {"one": 1, "two": 1}
    assert list(found.by_cause()) == ["refused"]
    eventually(lambda: real.triage()["one"].told_quarantine == "probable")
    assert found.remarks == ()


def test_a_hanging_target_is_stalled_and_not_healthy(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_assess, "STALLED_AFTER", 0.0)
    with cn.Receiver() as target:
        target.misbehave(delay=LONG)
        client.webhooks.register("slow", target.url, lambda b: b.with_event_type("AccountOpened"))
        for source in ("one", "two"):
            client.event_log.append(source, OPENED, {})
        client.event_log.append("one", DEPOSITED, {})
        eventually(lambda: client.triage()["slow"].condition == "stalled")
        row = client.triage()["slow"]
        assert (row.severity, row.waiting) == ("medium", 2)
        assert row.since is not None
        assert row.next_step == "client.webhooks.test('slow')"
        target.behave()
        client.webhooks.remove("slow")


def test_an_event_from_before_its_webhook_waits_since_the_webhook_was_registered() -> None:
    started = datetime.now(UTC)
    with (
        cn.Sandbox(seed=True) as box,
        cn.connect(box.connection_string, event_store="banking", name="mirrored") as client,
    ):
        since = eventually(lambda: client.triage()["ledger-mirror"].since)
        assert since is not None
        assert since >= started, "the events of the example are of an earlier month"
