"""Re-deliveries from this process: equal to a kernel's replay but for one header, bounded, stopped at any moment."""

from __future__ import annotations

import json
import lzma
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chronicle_notebook import Delivery, InvalidInputError, ProtectedError, Receiver, Secret, SecretUnavailableError
from chronicle_notebook.model import (
    BasicAuthorization,
    BearerAuthorization,
    EventAuthor,
    EventCause,
    EventType,
    NoAuthorization,
    OAuthAuthorization,
    RegisteredEventType,
    StoredEvent,
    WebhookAuthorization,
    WebhookDefinition,
)
from chronicle_notebook.pausing import _selection
from chronicle_notebook.pausing._body import body
from chronicle_notebook.pausing._progress import DeliveryProgress
from chronicle_notebook.pausing._redelivery_outcome import RequestState
from chronicle_notebook.pausing._sending import MARK
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from tests.tracked import ROOT
from tests.waiting import LONG, eventually

CANARY = "qx9canary7"
OPENED, DEPOSITED = EventType("AccountOpened"), EventType("FundsDeposited")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


RUNNING: dict[str, Sandbox] = {}


def like(stack: ExitStack, release: str, store: str) -> Client:
    """A client of a kernel of a release, of an event store of its own."""
    if release not in RUNNING:
        RUNNING[release] = stack.enter_context(Sandbox(behaves_like=release, settle_delay=0.02, time_scale=0.01))
        stack.callback(RUNNING.clear)
    client = connect(RUNNING[release].connection_string, event_store=store, name=f"{release}-{store}")
    stack.callback(client.close)
    client.ensure_event_store()
    kinds = [RegisteredEventType(kind, {"type": "object"}) for kind in (OPENED, DEPOSITED)]
    client._kernel.register_event_types(store, kinds)
    return client


def fed(client: Client, receiver: Receiver, *, count: int = 6, sources: int = 3, **more: object) -> Client:
    """Register a webhook, and let it have events of several sources; others are in between."""
    client.webhooks.register(WebhookDefinition("a", receiver.url, (OPENED,), **more))  # type: ignore[arg-type]
    for number in range(count):
        client.event_log.append(f"account-{number % sources}", OPENED, {"n": number, "text": "Ärger <+>"})
        client.event_log.append(f"account-{number % sources}", DEPOSITED, {"n": number})
    eventually(lambda: len(receiver.events) == count)
    eventually(lambda: client.observers("a")[0].next_sequence_number >= 2 * count - 1)
    receiver.clear()
    return client


def bodies(receiver: Receiver) -> dict[str | None, tuple[int, str]]:
    """The size of each body in bytes, and its events with their keys in order, by partition."""
    return {each.partition: (each.body_size, json.dumps(each.events)) for each in receiver.deliveries}


@pytest.mark.parametrize("release", ["16.33", "16.37", "16.38", "19.32"])
def test_the_bodies_are_those_of_a_replay_by_the_kernel(release: str, stack: ExitStack, receiver: Receiver) -> None:
    client = fed(like(stack, release, "bytes"), receiver)
    assert client.webhooks.replay("a").apply()
    expected = bodies(receiver)
    assert len(expected) == 3
    receiver.clear()
    outcome = client.webhooks.redeliver("a", from_sequence_number=0).apply()
    assert outcome
    assert bodies(receiver) == expected
    for each in receiver.deliveries:
        assert each.headers[MARK] == outcome.mark
        assert each.headers["content-type"] == "application/json; charset=utf-8"
        assert each.headers["traceparent"].startswith("00-")


def test_a_body_is_that_of_a_kernel_on_sqlite() -> None:
    with lzma.open(ROOT / "tests/recordings/16.37.1-sqlite-night.jsonl.xz", "rt") as lines:
        recorded = [json.loads(line).get("body") or "" for line in lines]
    replays = [text for text in recorded if '"observationState":2' in text]
    assert len(replays) >= 5
    for text in replays:
        told = json.loads(text)
        events = [stored(each) for each in told["events"]]
        context = told["events"][0]["context"]
        made = body(told["partition"], events, event_store=context["eventStore"], namespace=context["namespace"])
        assert made.decode() == text


def stored(event: dict[str, Any]) -> StoredEvent:
    """An event of a recorded body, as a kernel gives it to those who read events: without its subject."""
    context, author = event["context"], event["context"]["causedBy"]
    return StoredEvent(
        context["sequenceNumber"],
        EventType(**context["eventType"]),
        context["eventSourceId"],
        json.dumps(event["content"], separators=(",", ":"), ensure_ascii=False),
        event_source_type=context["eventSourceType"],
        event_stream_type=context["eventStreamType"],
        event_stream_id=context["eventStreamId"],
        occurred=context["occurred"].replace("+00:00", "0+00:00"),
        correlation_id=context["correlationId"],
        causation=tuple(
            EventCause(each["occurred"], each["type"], each["properties"]) for each in context["causation"]
        ),
        caused_by=EventAuthor(author["subject"], author["name"], author["userName"]),
        tags=tuple(context["tags"]),
        hash=context["hash"],
        generations={int(name): each for name, each in event["generationalContent"].items()},
    )


@pytest.mark.parametrize("release", ["16.37-inmemory", "16.38-inmemory"])
def test_it_works_in_memory_where_a_replay_would_hang(release: str, stack: ExitStack, receiver: Receiver) -> None:
    client = fed(like(stack, release, "memory"), receiver)
    outcome = client.webhooks.redeliver("a", from_sequence_number=4).apply()
    assert outcome
    assert outcome.delivered == (4, 6, 8, 10)
    assert client.observers("a")[0].next_sequence_number == 11, "the kernel knows nothing of it"
    assert "The kernel does not know of these requests" in repr(outcome)


def test_the_plan_sends_nothing_and_says_what_it_would_send(client: Client, receiver: Receiver) -> None:
    fed(client, receiver)
    plan = client.webhooks.redeliver("a", from_sequence_number=2, to_sequence_number=9)
    assert plan.sequence_numbers == (2, 4, 6, 8)
    assert [each.sequence_numbers for each in plan.requests] == [(2, 8), (4,), (6,)]
    assert {each.state for each in plan.requests} == {RequestState.NOT_SENT}
    shown = repr(plan)
    assert "4 events in 3 requests" in shown
    assert "Nothing was sent" in shown
    assert MARK in shown
    assert "<script" not in plan._repr_html_() + plan.listing()._repr_html_()
    assert len(receiver.deliveries) == 0
    seen: list[DeliveryProgress] = []
    outcome = plan.apply(on_progress=seen.append)
    assert [each.done for each in seen] == [2, 3, 4]
    assert list(outcome.to_frame()["status"]) == [200, 200, 200]
    assert client.webhooks.redeliver("a", from_sequence_number=0, partition="account-1").sequence_numbers == (2, 8)


def test_a_time_is_found_from_the_end_backwards(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed(client, receiver, count=3)
    time.sleep(0.01)  # the clock of the events has milliseconds at least
    between = datetime.now(UTC)
    time.sleep(0.01)
    client.event_log.append("account-9", OPENED, {})
    eventually(lambda: client.observers("a")[0].next_sequence_number == 7)
    for window in (1, 2, 1_000):
        monkeypatch.setattr(_selection, "WINDOW", window)
        assert client.webhooks.redeliver("a", since=between).sequence_numbers == (6,)
        assert client.webhooks.redeliver("a", since=between - timedelta(hours=1)).sequence_numbers == (0, 2, 4, 6)
        plan = client.webhooks.redeliver("a", since=between + timedelta(hours=1))
        assert plan.events == 0
        assert plan.apply()


def test_a_limit_says_where_to_go_on(client: Client, receiver: Receiver) -> None:
    fed(client, receiver)
    plan = client.webhooks.redeliver("a", from_sequence_number=0, limit=2)
    assert plan.sequence_numbers == (0, 2)
    assert "4 events more after the first 2: go on with from_sequence_number=4" in repr(plan)


def test_events_that_the_kernel_still_delivers_are_left_out(client: Client, receiver: Receiver) -> None:
    fed(client, receiver, count=3)
    receiver.misbehave(status=500)
    client.event_log.append("account-1", OPENED, {})
    eventually(lambda: len(client.failed_partitions("a")) == 1)
    plan = client.webhooks.redeliver("a", from_sequence_number=0)
    assert plan.sequence_numbers == (0, 2, 4)
    assert "1 event left out" in repr(plan)
    assert client.webhooks.redeliver("a", from_sequence_number=0, include_waiting=True).sequence_numbers[-1] == 6
    none = client.webhooks.redeliver("a", from_sequence_number=6)
    assert "Re-delivery of 0 events" in repr(none)
    assert "plan.apply()" not in repr(none)


def test_after_a_failure_the_later_events_of_this_source_are_not_sent(client: Client, receiver: Receiver) -> None:
    fed(client, receiver, count=210, sources=2)
    receiver.misbehave(status=500, times=1)
    outcome = client.webhooks.redeliver("a", from_sequence_number=0, rate=1_000.0).apply()
    assert not outcome
    first, second, *rest = outcome.requests
    assert (first.state, first.status, first.partition) == (RequestState.REFUSED, 500, "account-0")
    assert (second.state, second.detail) == (
        RequestState.NOT_SENT,
        "an earlier event of this event source was not delivered",
    )
    assert {each.state for each in rest} == {RequestState.DELIVERED}
    assert len(outcome.delivered) == 105
    assert len(outcome.not_delivered) == 105
    assert f"from_sequence_number={outcome.not_delivered[0]}" in repr(outcome)
    assert "HTTP 500" in repr(outcome)
    assert outcome.to_frame()["state"].iloc[0] == "refused"


def test_a_target_that_does_not_work_is_left_alone_after_three_failures(client: Client, receiver: Receiver) -> None:
    fed(client, receiver, count=8, sources=8)
    receiver.misbehave(status=503)
    outcome = client.webhooks.redeliver("a", from_sequence_number=0, rate=1_000.0).apply()
    assert [each.state for each in outcome.requests] == [RequestState.REFUSED] * 3 + [RequestState.NOT_SENT] * 5
    assert "stopped after 3 failures in a row" in outcome.summary
    assert len(receiver.deliveries) == 3, "nothing was tried again"


def test_a_target_that_does_not_answer_may_have_the_events(client: Client, receiver: Receiver) -> None:
    fed(client, receiver, count=1)
    receiver.misbehave(delay=LONG)
    outcome = client.webhooks.redeliver("a", from_sequence_number=0, timeout=0.2).apply()
    assert outcome.requests[0].state is RequestState.UNKNOWN
    assert "no complete answer came within 0.2 s" in repr(outcome)


def test_it_is_stopped_by_an_event_before_the_next_request(client: Client, receiver: Receiver) -> None:
    fed(client, receiver, count=5, sources=5)
    cancel = threading.Event()
    outcome = client.webhooks.redeliver("a", from_sequence_number=0).apply(
        cancel=cancel, on_progress=lambda progress: cancel.set() if progress.done == 2 else None
    )
    assert outcome.delivered == (0, 2)
    assert outcome.not_delivered == (4, 6, 8)
    assert "stopped by its caller" in outcome.summary


def test_ctrl_c_stops_it_and_the_outcome_says_what_was_sent(client: Client, receiver: Receiver) -> None:
    fed(client, receiver, count=5, sources=5)

    def interrupt(progress: DeliveryProgress) -> None:
        if progress.done == 2:
            signal.raise_signal(signal.SIGINT)

    outcome = client.webhooks.redeliver("a", from_sequence_number=0).apply(on_progress=interrupt)
    assert not outcome
    assert outcome.delivered == (0, 2)
    assert [each.state for each in outcome.requests[2:]] == [RequestState.NOT_SENT] * 3
    assert "stopped by Ctrl-C" in outcome.summary


def test_ctrl_c_during_a_request_leaves_this_one_unknown(client: Client, receiver: Receiver) -> None:
    fed(client, receiver, count=2, sources=2)
    main = threading.main_thread().ident
    assert main is not None

    def interrupt(_: Delivery) -> bool:
        signal.pthread_kill(main, signal.SIGINT)
        return True

    receiver.misbehave(delay=LONG, when=interrupt)
    outcome = client.webhooks.redeliver("a", from_sequence_number=0).apply()
    assert [each.state for each in outcome.requests] == [RequestState.UNKNOWN, RequestState.NOT_SENT]
    assert outcome.requests[0].detail == "interrupted before the answer"


class Patient(threading.Event):
    """Notes how long somebody would wait, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return False


def test_no_more_requests_are_sent_in_a_second_than_allowed(client: Client, receiver: Receiver) -> None:
    fed(client, receiver, count=3)
    cancel = Patient()
    assert client.webhooks.redeliver("a", from_sequence_number=0, rate=0.001).apply(cancel=cancel)
    assert len(cancel.waits) == 2
    assert all(500.0 < each <= 1_000.0 for each in cancel.waits)


@pytest.mark.parametrize(
    ("given", "header"),
    [
        (BearerAuthorization(Secret.env("A_TOKEN")), f"Bearer {CANARY}"),
        (BasicAuthorization("user", Secret.env("A_TOKEN")), "Basic dXNlcjpxeDljYW5hcnk3"),
        (NoAuthorization(), None),
    ],
    ids=["bearer", "basic", "none"],
)
def test_credentials_come_from_the_caller_and_are_never_shown(
    given: WebhookAuthorization,
    header: str | None,
    client: Client,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fed(client, receiver, count=1, authorization=BearerAuthorization(Secret(CANARY)))
    with pytest.raises(InvalidInputError, match="kernels do not return them") as caught:
        client.webhooks.redeliver("a", from_sequence_number=0)
    assert "A_TOKEN" in caught.value.hint
    monkeypatch.delenv("A_TOKEN", raising=False)
    plan = client.webhooks.redeliver("a", from_sequence_number=0, authorization=given)
    if header is not None:
        with pytest.raises(SecretUnavailableError):
            plan.apply()
        assert len(receiver.deliveries) == 0
    monkeypatch.setenv("A_TOKEN", CANARY)
    outcome = plan.apply()
    assert outcome
    assert receiver.deliveries[0].headers.get("authorization") is None or header is not None
    if isinstance(given, BearerAuthorization):
        receiver.expect(bearer=CANARY)
    assert CANARY not in repr(plan) + plan._repr_html_() + repr(outcome) + outcome._repr_html_()


def test_wrong_values_are_refused_before_anything_is_read(client: Client, receiver: Receiver) -> None:
    fed(client, receiver, count=1)
    call = client.webhooks.redeliver
    with pytest.raises(InvalidInputError, match="where the re-delivery begins"):
        call("a")
    with pytest.raises(InvalidInputError, match="where the re-delivery begins"):
        call("a", from_sequence_number=1, since=datetime.now(UTC))
    with pytest.raises(InvalidInputError, match="zone"):
        call("a", since=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(InvalidInputError, match="rate"):
        call("a", from_sequence_number=0, rate=0)
    with pytest.raises(InvalidInputError, match="limit"):
        call("a", from_sequence_number=0, limit=0)
    with pytest.raises(InvalidInputError, match="namespace"):
        call("a", from_sequence_number=0, namespace="nowhere")
    with pytest.raises(InvalidInputError, match="authority"):
        call(
            "a",
            from_sequence_number=0,
            authorization=OAuthAuthorization("https://id.example.com", "me", Secret.env("X")),
        )


def test_a_protected_connection_asks_before_the_first_request(client: Client, receiver: Receiver) -> None:
    fed(client, receiver, count=1)
    with connect(client.target, event_store=client.event_store, name="redeliver-locked", protected=True) as locked:
        plan = locked.webhooks.redeliver("a", from_sequence_number=0)
        with pytest.raises(ProtectedError):
            plan.apply()
        assert len(receiver.deliveries) == 0
        locked.unlock(client.event_store)
        assert plan.apply()
