"""What is there before a registration: failed partitions of the same id, and events of the same types."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts._kernel_defects import by_key
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.registration._beforehand import notes_beforehand
from tests.waiting import LONG, eventually

KIND = EventType("AccountOpened")


@pytest.fixture(params=["16.37", "documented"])
def client(request: pytest.FixtureRequest) -> Iterator[cn.Client]:
    with (
        cn.Sandbox(behaves_like=request.param, settle_delay=0.0, time_scale=0.05) as sandbox,
        cn.connect(sandbox.connection_string, event_store="shop", name="left-failing") as opened,
    ):
        opened.ensure_event_store()
        opened._kernel.register_event_types("shop", [RegisteredEventType(KIND)])
        yield opened


def test_what_an_id_has_left_behind_is_told_with_the_way_back(client: cn.Client) -> None:
    hook = cn.WebhookDefinition("audit", "http://127.0.0.1:9/gone", (KIND,))
    first = client.webhooks.register(hook)
    assert not any("left behind" in note for note in first.notes), "nothing fails yet"
    for account in range(6):
        client.event_log.append(f"account-{account}", "AccountOpened", {})
    eventually(lambda: len(client.failed_partitions("audit")) == 6)
    has = "retry-is-the-only-way-back" in {each.key for each in client.known_defects}

    client.webhooks.remove("audit", wait=LONG)
    told = client.webhooks.register(hook)
    _told(told, expected=has)
    _told(client.webhooks.replace(hook), expected=has)
    client.webhooks.remove("audit", wait=LONG)
    others = [cn.WebhookDefinition(f"other-{each}", "http://127.0.0.1:9/in", (KIND,)) for each in range(9)]
    outcomes = client.webhooks.register([*others, hook])
    _told(outcomes["audit"], expected=has)
    assert not any("left behind" in note for each in outcomes[:9] for note in each.notes)


def _told(outcome: cn.Outcome, *, expected: bool) -> None:
    notes = [note for note in outcome.notes if "left behind" in note]
    assert len(notes) == expected
    if expected:
        assert outcome, "it is registered all the same"
        assert notes[0].startswith("6 failed partitions left behind under this id before this registration: account-0")
        assert "and 2 more" in notes[0]
        assert "client.retry_failed_partitions(" in notes[0]
        assert "left behind" in repr(outcome)


@pytest.mark.parametrize("client", ["16.37"], indirect=True)
def test_a_resumption_tells_one_number_of_failing_partitions(client: cn.Client) -> None:
    client.ensure_namespace("Other")
    client.webhooks.register(cn.WebhookDefinition("w", "http://127.0.0.1:9/gone", (KIND,)))
    for space in ("Default", "Other"):
        client.at(namespace=space).event_log.append("a", "AccountOpened", {})
    eventually(lambda: len(client.failed_partitions("w")) == 2)
    paused = " ".join(client.webhooks.pause("w").notes)
    told = " ".join(client.webhooks.resume("w").notes)
    assert "2 failed partitions left behind under this id before this registration: a in Default, a in Other" in told
    assert "2 partitions of it fail: client.retry_failed_partitions('w') sends what waits there." in told
    assert "client.retry_failed_partitions('w') after the pause" in paused
    assert "after the pause" not in told
    assert "memory" not in paused


def test_a_kernel_that_does_not_say_what_fails_is_no_hindrance(
    client: cn.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_arguments: object) -> object:
        raise cn.KernelFaultError("An item with the same key has already been added.")

    monkeypatch.setattr(client._kernel, "failed_partitions", failing)
    assert client.webhooks.register("audit", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    hook = cn.WebhookDefinition("audit", "http://127.0.0.1:9/in", (KIND,))
    assert notes_beforehand(client._kernel, "shop", [hook], by_key(client.known_defects)) == {}


@pytest.mark.parametrize("client", ["16.37", "16.37-inmemory", "documented"], indirect=True)
def test_events_that_were_there_before_are_told_where_a_kernel_may_not_deliver_them(client: cn.Client) -> None:
    url, other = "http://127.0.0.1:9/in", EventType("AccountClosed")
    client._kernel.register_event_types("shop", [RegisteredEventType(other)])
    client.event_log.append("account-1", "AccountOpened", {})
    late = client.webhooks.register(cn.WebhookDefinition("late", url, (other, KIND)))
    early = client.webhooks.register(cn.WebhookDefinition("early", url, (other,)))
    has = "memory-no-catch-up" in {each.key for each in client.known_defects}
    told = [note for note in late.notes if "There are events of its types already." in note]
    assert len(told) == has
    assert all("that keeps its data in memory delivers none of them" in note for note in told)
    assert not any("There are events" in note for note in early.notes)
    updated = client.webhooks.register(cn.WebhookDefinition("late", f"{url}/new", (other, KIND)), wait=0)
    assert not any("There are events" in note for note in updated.notes), "only a new webhook comes late"
