"""Replays by kernels of several releases: the number of events first, the end, and what a replay does not do."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from chronicle_notebook import InvalidInputError, NotSupportedError, ProtectedError, Receiver, UnknownWebhookError
from chronicle_notebook.model import EventType, RegisteredEventType, RunningState, WebhookDefinition
from chronicle_notebook.pausing import _replay
from chronicle_notebook.pausing._progress import DeliveryProgress
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from tests.waiting import eventually

OPENED, DEPOSITED = EventType("AccountOpened"), EventType("FundsDeposited")


class Opens(Protocol):
    def __call__(self, release: str, store: str = "shop") -> Client: ...


@pytest.fixture(scope="module")
def kernels() -> Iterator[Opens]:
    """Opens a client of a kernel of a release: one sandbox for all tests here."""
    with ExitStack() as stack:
        running: dict[str, Sandbox] = {}

        def opened(release: str, store: str = "shop") -> Client:
            if release not in running:
                running[release] = stack.enter_context(
                    Sandbox(behaves_like=release, settle_delay=0.02, time_scale=0.01)
                )
            name = f"{release}-{store}"
            client = connect(running[release].connection_string, event_store=store, name=name)
            stack.callback(client.close)
            client.ensure_event_store()
            kinds = [RegisteredEventType(kind, {"type": "object"}) for kind in (OPENED, DEPOSITED)]
            client._kernel.register_event_types(store, kinds)
            return client

        yield opened


def hook(webhook: str = "a", url: str = "http://127.0.0.1:9/in") -> WebhookDefinition:
    return WebhookDefinition(webhook, url, (OPENED,))


def delivered(client: Client, receiver: Receiver, sources: int = 3) -> None:
    """Register a webhook, and let it have two events of each source."""
    client.webhooks.register(hook(url=receiver.url))
    for number in range(2 * sources):
        client.event_log.append(f"account-{number % sources}", OPENED, {"n": number})
        client.event_log.append(f"account-{number % sources}", DEPOSITED, {"n": number})
    eventually(lambda: len(receiver.events) == 2 * sources)


def replayed(receiver: Receiver) -> list[int]:
    """The numbers of the events that came as replayed."""
    return sorted(
        event["context"]["sequenceNumber"] for event in receiver.events if event["context"]["observationState"] == 2
    )


@pytest.mark.parametrize("release", ["16.37", "16.38", "19.32"])
def test_a_replay_says_first_how_much_it_sends_and_then_sends_it(release: str, kernels: Opens) -> None:
    client = kernels(release, "whole")
    with Receiver() as receiver:
        delivered(client, receiver)
        plan = client.webhooks.replay("a")
        assert (plan.events, plan.exact) == (6, True)
        assert "6 events" in repr(plan)
        assert "Nothing was sent" in repr(plan)
        assert replayed(receiver) == []
        seen: list[DeliveryProgress] = []
        outcome = plan.apply(on_progress=seen.append)
        assert outcome
        assert outcome.ended
        assert "was replayed: 6 events" in outcome.summary
        assert replayed(receiver) == [0, 2, 4, 6, 8, 10]
        assert str(seen[-1]) == "6 of 6 events"
        assert "Kernels do not report the end" in repr(outcome)
        assert "<script" not in outcome._repr_html_() + plan._repr_html_()


def test_one_namespace_or_one_partition_is_replayed_alone(kernels: Opens) -> None:
    client = kernels("16.37", "parts")
    client.ensure_namespace("emea")
    with Receiver() as receiver:
        delivered(client, receiver)
        other = client.at(namespace="emea")
        other.event_log.append("account-9", OPENED, {})
        eventually(lambda: len(receiver.events) == 7)
        assert {each.namespace: each.events for each in client.webhooks.replay("a").places} == {"Default": 6, "emea": 1}
        assert client.webhooks.replay("a", namespace="emea").apply()
        assert replayed(receiver) == [0]
        plan = client.webhooks.replay("a", partition="account-1", namespace="Default")
        assert plan.events == 2
        outcome = plan.apply()
        assert outcome
        assert not outcome.ended
        assert "look at the log of the target" in repr(outcome)
        eventually(lambda: replayed(receiver) == [0, 2, 8])
    with pytest.raises(InvalidInputError, match="namespace 'emee'"):
        client.webhooks.replay("a", namespace="emee")
    with pytest.raises(InvalidInputError, match="account-11") as caught:
        client.webhooks.replay("a", partition="account-11", namespace="Default")
    assert "account-1" in caught.value.hint
    with pytest.raises(UnknownWebhookError):
        client.webhooks.replay("b")


@pytest.mark.parametrize("release", ["16.37-inmemory", "16.38-inmemory"])
def test_a_replay_in_memory_is_refused_because_it_hangs_there(release: str, kernels: Opens) -> None:
    client = kernels(release, "memory")
    with Receiver() as receiver:
        delivered(client, receiver)
        with pytest.raises(NotSupportedError, match="hangs it for good") as caught:
            client.webhooks.replay("a")
        assert "redeliver" in caught.value.hint
        with pytest.raises(NotSupportedError):
            client.webhooks.replay("a", storage="memory")
        with pytest.raises(InvalidInputError, match="storage"):
            client.webhooks.replay("a", storage="disk")  # type: ignore[arg-type]
        assert client.observers("a")[0].next_sequence_number > 0
        plan = client.webhooks.replay("a", storage="database")  # who says so wrongly is told what comes of it
        assert "You say that the kernel has a database" in repr(plan)
        outcome = plan.apply()
        assert not outcome
        assert "did not begin" in outcome.summary


def test_a_database_is_told_from_the_events(kernels: Opens) -> None:
    client = kernels("16.37", "hashed")
    with Receiver() as receiver:
        delivered(client, receiver, sources=1)
        assert "its events have a hash" in repr(client.webhooks.replay("a"))
        with pytest.raises(NotSupportedError, match="you say that it does"):
            client.webhooks.replay("a", storage="memory")


def test_what_fails_is_told_before_and_stays_so(kernels: Opens) -> None:
    client = kernels("16.37", "failing")
    client.webhooks.register(hook())
    client.event_log.append("account-1", OPENED, {})
    eventually(lambda: len(client.failed_partitions("a")) == 1)
    plan = client.webhooks.replay("a")
    assert plan.places[0].failing == 1
    assert "does not bring back a partition" in repr(plan)
    outcome = plan.apply()
    assert not outcome
    assert "is blocked by the failing partitions: 1 event" in outcome.summary
    assert "blocked by the failing partitions: 1 event, 1 partition fails" in repr(outcome)
    assert "retry_failed_partitions" in repr(outcome)
    assert len(client.failed_partitions("a")) == 1


def test_a_webhook_without_a_connected_observer_is_not_replayed(kernels: Opens) -> None:
    client = kernels("19.32", "idle")
    client.webhooks.register(WebhookDefinition("a", "http://127.0.0.1:9/in", (OPENED,), active=False))
    with pytest.raises(InvalidInputError, match="no observer that is connected"):
        client.webhooks.replay("a")


def test_ctrl_c_ends_the_wait_and_says_that_the_replay_goes_on(kernels: Opens) -> None:
    client = kernels("16.37", "interrupted")
    with Receiver() as receiver:
        delivered(client, receiver)

        def interrupt(_: DeliveryProgress) -> None:
            signal.raise_signal(signal.SIGINT)

        with pytest.raises(KeyboardInterrupt) as caught:
            client.webhooks.replay("a").apply(on_progress=interrupt)
        assert caught.value.__notes__ == ["The replay of 'a' goes on in the kernel. Only the wait was interrupted."]
        eventually(lambda: replayed(receiver) == [0, 2, 4, 6, 8, 10])


@pytest.mark.parametrize("release", ["16.37", "16.37-inmemory"])
def test_nothing_is_replayed_where_there_is_no_event(release: str, kernels: Opens) -> None:
    client = kernels(release, "empty")
    client.webhooks.register(hook())
    eventually(lambda: len(client.observers("a")) == 1)
    with pytest.raises(InvalidInputError, match="nothing to replay"):
        client.webhooks.replay("a")


def test_too_many_events_are_not_read_to_be_counted(kernels: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    client = kernels("16.37", "many")
    with Receiver() as receiver:
        delivered(client, receiver)
        monkeypatch.setattr(_replay, "COUNTED", 5)
        plan = client.webhooks.replay("a")
        assert (plan.events, plan.exact) == (12, False)
        assert "at most 12 events" in repr(plan)
        assert client.webhooks.replay("a", partition="account-0").exact


def test_a_protected_connection_asks_before_a_replay(kernels: Opens) -> None:
    open_client = kernels("16.37", "locked")
    with Receiver() as receiver:
        delivered(open_client, receiver)
        client = connect(open_client.target, event_store="locked", name="replay-locked", protected=True)
        with client:
            plan = client.webhooks.replay("a")
            assert "PROTECTED" in repr(plan)
            with pytest.raises(ProtectedError):
                plan.apply()
            with pytest.raises(ProtectedError):
                client.webhooks.replay("a", partition="account-0").apply()
            assert replayed(receiver) == []
            client.unlock("locked")
            assert plan.apply()
            assert open_client.observers("a")[0].running_state is RunningState.ACTIVE
