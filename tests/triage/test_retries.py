"""Retries of failed partitions, followed to their end, on kernels that tell a quarantine and on those that do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import RegisteredEventType
from chronicle_notebook.runbook.recipes import _recovery
from chronicle_notebook.runbook.recipes._target_store import TargetVerdict
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.triage import _retries
from tests.waiting import eventually

OPENED = cn.EventType("AccountOpened")


@pytest.fixture(scope="module", params=["documented", "16.33", "16.38"])
def fast(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A kernel that gives up within a second or two: one that tells it, and two that do not."""
    with Sandbox(behaves_like=request.param, settle_delay=0.02, time_scale=0.001) as running:
        yield running


@pytest.fixture
def shop(fast: Sandbox, request: pytest.FixtureRequest) -> Iterator[Client]:
    store = "store-" + format(abs(hash(request.node.nodeid)), "x")
    with cn.connect(fast.connection_string, event_store=store, name=store) as opened:
        opened.ensure_event_store()
        opened._kernel.register_event_types(store, [cn.RegisteredEventType(OPENED, {"type": "object"})])
        yield opened


@pytest.fixture(autouse=True)
def circuits_close_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel's clock is quicker here, so is the time after which a circuit is tried again."""
    monkeypatch.setattr(_retries, "AGAIN", (0.05,) * 4)


@pytest.fixture
def target() -> Iterator[cn.Receiver]:
    with cn.Receiver() as running:
        yield running


def given_up(client: Client, webhook: str, target: cn.Receiver) -> None:
    """A webhook whose two partitions the kernel has given up. The target is unreachable, which every kernel counts."""
    target.misbehave(drop=True)
    client.webhooks.register(webhook, target.url, lambda b: b.with_event_type("AccountOpened"))
    client.event_log.append_many([cn.EventToAppend(f"{webhook}-{each}", OPENED, {}) for each in (1, 2)])
    eventually(lambda: client.triage()[webhook].given_up == 2)


def test_what_the_kernel_has_given_up_is_released_retried_and_followed_to_its_end(
    shop: Client, target: cn.Receiver
) -> None:
    given_up(shop, "brought-back", target)
    row = shop.triage()["brought-back"]
    told = row.told_quarantine == "quarantined"
    assert row.next_step.endswith("client.retry_failed_partitions('brought-back', release=True)")
    target.behave()
    if told:
        plain = shop.retry_failed_partitions("brought-back")
        assert plain.headline == "2 refused: quarantined"
        assert not plain.recovered
    seen: list[str] = []
    found = shop.retry_failed_partitions(
        "brought-back", release=True, on_progress=lambda so_far: seen.append(so_far.headline)
    )
    assert (found.headline, found.recovered, len(found.having("recovered"))) == ("2 recovered", True, 2)
    assert seen[-1] == "2 recovered"
    assert shop.triage()["brought-back"].condition == "healthy"
    assert len([event for delivery in target.deliveries if delivery.status == 200 for event in delivery.events]) == 2


@pytest.mark.parametrize("fast", ["documented"], indirect=True)  # the others have one circuit for both targets
def test_one_that_fails_again_is_told_with_its_cause_and_others_recover(shop: Client, target: cn.Receiver) -> None:
    given_up(shop, "mended", target)
    shop.webhooks.register("dead", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    shop.event_log.append("dead-1", OPENED, {})
    eventually(lambda: shop.triage()["dead"].given_up >= 1)
    target.behave()
    found = shop.retry_failed_partitions(["mended", "dead", "mended"], release=True)
    outcomes = {each.partition.observer_id: each.outcome for each in found}
    assert outcomes == {"mended": "recovered", "dead": "failed again"}
    assert "recovered, " in found.headline
    assert "failed again: " in found.headline
    again = shop.retry_failed_partitions(shop.triage().failing, release=True)
    assert {each.outcome for each in again} == {"failed again"}
    shop.webhooks.remove("dead")
    orphans = shop.retry_failed_partitions(release=True, wait=0)  # a removed webhook still has its failed partitions
    assert "dead" in {each.partition.observer_id for each in orphans}


def test_nothing_that_fails_is_nothing_to_retry(client: Client, target: cn.Receiver) -> None:
    client.webhooks.register("fine", target.url, lambda b: b.with_event_type("AccountOpened"))
    found = client.retry_failed_partitions()
    assert (len(found), found.recovered, found.headline) == (0, True, "Nothing was retried")
    assert "No partition of a webhook fails" in repr(found)
    assert client.retry_failed_partitions("fine") == []
    with pytest.raises(cn.UnknownWebhookError) as caught:
        client.retry_failed_partitions(["fine", "fin"])
    assert caught.value.hint == "Did you mean 'fine'?"
    with pytest.raises(cn.InvalidInputError) as wrong:
        client.retry_failed_partitions(["fine", 5])  # type: ignore[list-item]
    assert wrong.value.field == "webhooks"


@pytest.mark.parametrize("fast", ["documented"], indirect=True)
@pytest.mark.parametrize("stop", [KeyboardInterrupt(), cn.KernelUnreachableError("lost", hint="Look.")])
def test_a_call_that_ends_half_way_says_which_retries_were_sent(
    shop: Client, target: cn.Receiver, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    given_up(shop, "cut", target)
    real = shop._kernel.clear_partition_quarantine
    asked: list[str] = []

    def second_fails(*place: str) -> bool:
        asked.append(place[-1])
        if len(asked) > 1:
            raise stop
        return real(*place)

    monkeypatch.setattr(shop._kernel, "clear_partition_quarantine", second_fails)
    monkeypatch.setattr(_retries, "AT_ONCE", 1)
    shop.event_log.append("cut-3", OPENED, {})
    eventually(lambda: shop.triage()["cut"].given_up == 3)
    if isinstance(stop, KeyboardInterrupt):
        found = shop.retry_failed_partitions("cut", release=True)
        assert "Stopped by Ctrl-C" in repr(found)
    else:
        with pytest.raises(cn.KernelUnreachableError) as caught:
            shop.retry_failed_partitions("cut", release=True)
        found = vars(caught.value)["retries"]
        assert "can simply be repeated" in caught.value.hint
    assert [each.outcome for each in found] == ["not known yet", "not known yet", "not sent"]
    assert [each.started for each in found] == [True, None, None]
    assert not found.recovered
    assert "1 not sent" in found.headline


def test_waiting_until_a_webhook_has_handled_what_there_is(client: Client, target: cn.Receiver) -> None:
    client.ensure_namespace("Tenant-B")
    for space in ("Default", "Tenant-B"):
        client.at(namespace=space).event_log.append_many([cn.EventToAppend("one", OPENED, {})] * 20)
    client.webhooks.register("ledger", target.url, lambda b: b.with_event_types("AccountOpened", "FundsDeposited"))
    row = client.wait_until_handled("ledger")
    assert (row.webhook, row.condition, row.waiting) == ("ledger", "healthy", 0)
    assert sum(len(each.events) for each in target.deliveries) == 40


def test_waiting_goes_on_while_a_partition_fails_and_ends_with_its_cause(client: Client, target: cn.Receiver) -> None:
    target.misbehave(status=410)
    client.webhooks.register("ledger", target.url, lambda b: b.with_event_type("AccountOpened"))
    client.event_log.append("one", OPENED, {})
    eventually(lambda: client.failed_partitions("ledger"))
    with pytest.raises(cn.NotHandledError) as caught:
        client.wait_until_handled("ledger", timeout=0)
    assert str(caught.value).startswith("An event for webhook 'ledger' was not handled within 0 seconds: 1 partition")
    assert "HTTP 410" in str(caught.value)
    assert (caught.value.webhook, caught.value.failing) == ("ledger", 1)
    target.behave()
    assert client.wait_until_handled("ledger").condition == "healthy"


def test_an_inactive_or_unknown_webhook_is_not_waited_for(client: Client, target: cn.Receiver) -> None:
    client.webhooks.register("off", target.url, lambda b: b.with_event_type("AccountOpened").not_active())
    with pytest.raises(cn.InvalidInputError, match="is inactive"):
        client.wait_until_handled("off")
    with pytest.raises(cn.UnknownWebhookError):
        client.wait_until_handled("of")


def test_recover_says_that_nothing_more_is_tried_by_itself_after_a_retry_that_failed(
    shop: Client, target: cn.Receiver
) -> None:
    given_up(shop, "still-down", target)
    step = _recovery._recovered(shop, "still-down", 2.0, release=True)
    assert step.do is not None
    verdict = step.do()
    assert isinstance(verdict, TargetVerdict)
    assert not verdict.accepted
    assert "2 still fail" in verdict.told
    assert _recovery.GIVEN_UP in verdict.told


def test_a_retry_names_the_cause_that_a_triage_names_where_all_targets_share_a_circuit() -> None:
    with (
        Sandbox(behaves_like="16.33", settle_delay=0.02, time_scale=0.001) as kernel,
        cn.connect(kernel.connection_string, event_store="shop", name="shared") as client,
    ):
        client.ensure_event_store()
        client._kernel.register_event_types("shop", [RegisteredEventType(OPENED, {"type": "object"})])
        client.webhooks.register("a", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
        for number in range(3):
            client.event_log.append(f"account-{number}", OPENED, {})
        eventually(lambda: client.triage()["a"].given_up == 3)
        assert {each.key for each in client.triage()["a"].causes} == {"refused"}
        assert {each.cause and each.cause.key for each in client.retry_failed_partitions("a")} == {"refused"}
