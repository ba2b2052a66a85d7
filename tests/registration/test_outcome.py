"""Outcomes when the kernel does not do what it accepted, or when the connection is lost on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import (
    event_stores_pb2,
    event_types_pb2,
    host_pb2,
    webhooks_pb2,
)
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.registration._outcome import Action, Outcome
from chronicle_notebook.registration._send import ANSWERED_LATE, RECOVERED
from chronicle_notebook.sandbox import Behaviour
from chronicle_notebook.session._client import Client
from tests.scripted import ScriptedKernel, enveloped
from tests.waiting import LONG

URL = "http://127.0.0.1:9/webhooks"
WEBHOOKS = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse


def opened(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return builder.with_event_type("AccountOpened")


def sandboxed(behaviour: Behaviour) -> Iterator[Client]:
    with cn.Sandbox(settle_delay=0.02, behaviour=behaviour) as kernel:
        client = cn.connect(kernel.connection_string, event_store="shop", name="behaving")
        client.ensure_event_store()
        client._kernel.register_event_types("shop", [RegisteredEventType(EventType("AccountOpened"))])
        with client:
            yield client


@pytest.mark.usefixtures("settled")
def test_credentials_that_the_kernel_drops_are_reported() -> None:
    for client in sandboxed(Behaviour(authorization_lost=True)):
        outcome = client.webhooks.register("h", URL, lambda b: opened(b).with_bearer_token("swordfish"), wait=0.3)
        assert not outcome
        assert outcome.visible
        (item,) = outcome.ineffective
        assert (item.field, item.requested, item.found) == ("authorization", "bearer", "none")
        assert "no Authorization header" in item.reason
        assert "swordfish" not in repr(outcome)


@pytest.mark.usefixtures("settled")
def test_an_inactive_webhook_that_the_kernel_shows_as_active_is_reported() -> None:
    for client in sandboxed(Behaviour(inactive_lost=True)):
        outcome = client.webhooks.register("h", URL, lambda b: opened(b).not_active(), wait=0.3)
        (item,) = outcome.ineffective
        assert (item.field, item.requested, item.found) == ("active", "no", "yes")
        assert "restart" in item.reason


@pytest.fixture
def scripted_client(kernel: ScriptedKernel) -> Iterator[Client]:
    """A client of a kernel that knows a store and an event type, lists no webhook, and accepts everything."""
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.29.4"))
    kernel.on(
        methods.ALL_EVENT_STORES,
        lambda *_: enveloped(
            event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse,
            [event_stores_pb2.EventStoreNamesResponse(Name="shop", Id="shop")],
        ),
    )
    kernel.on(
        methods.ALL_EVENT_TYPES,
        lambda *_: enveloped(
            event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse,
            [
                event_types_pb2.EventTypeDetailsResponse(
                    Type=event_types_pb2.EventType(Id="AccountOpened", Generation=1)
                )
            ],
        ),
    )
    kernel.on(methods.GET_WEBHOOKS, lambda *_: enveloped(WEBHOOKS, []))
    kernel.on(methods.ADD_WEBHOOKS, lambda *_: enveloped(webhooks_pb2.CommandResult))
    kernel.on(methods.REMOVE_WEBHOOKS, lambda *_: enveloped(webhooks_pb2.CommandResult))
    with cn.connect(kernel.connection_string, event_store="shop", name="scripted") as client:
        yield client


def details(webhook: str) -> webhooks_pb2.WebhookDetailsResponse:
    return webhooks_pb2.WebhookDetailsResponse(
        Identifier=webhook,
        Id=webhook,
        Url=URL,
        EventSequenceId="event-log",
        EventTypes=[webhooks_pb2.EventType(Id="AccountOpened", Generation=1)],
        IsActive=True,
        IsReplayable=True,
    )


def test_a_webhook_that_never_shows_is_accepted_but_not_visible(scripted_client: Client) -> None:
    started = time.monotonic()
    outcome = scripted_client.webhooks.register("h", URL, opened, wait=0.4)
    assert time.monotonic() - started >= 0.4
    assert (bool(outcome), outcome.accepted, outcome.visible) == (False, True, False)
    assert "is not visible yet" in outcome.summary


def test_a_removal_that_does_not_show_is_told(kernel: ScriptedKernel, scripted_client: Client) -> None:
    kernel.on(methods.GET_WEBHOOKS, lambda *_: enveloped(WEBHOOKS, [details("h")]))
    outcome = scripted_client.webhooks.remove("h", wait=0.3)
    assert (bool(outcome), outcome.visible) == (False, False)
    assert "is still there" in outcome.summary


def test_a_registration_that_shows_late_is_waited_for(kernel: ScriptedKernel, scripted_client: Client) -> None:
    looks = 0

    def listed(*_: Any) -> Any:
        nonlocal looks
        looks += kernel.count(methods.ADD_WEBHOOKS)
        return enveloped(WEBHOOKS, [details("h")] if looks > 3 else [])

    kernel.on(methods.GET_WEBHOOKS, listed)
    outcome = scripted_client.webhooks.register("h", URL, opened, wait=LONG)
    assert outcome
    assert looks == 4
    assert outcome.waited > 0


def test_a_write_that_lost_its_answer_is_read_back_and_never_repeated(
    kernel: ScriptedKernel, scripted_client: Client
) -> None:
    done = []

    def add(_request: Any, context: grpc.ServicerContext) -> Any:
        done.append(True)
        context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset")

    kernel.on(methods.ADD_WEBHOOKS, add)
    kernel.on(methods.GET_WEBHOOKS, lambda *_: enveloped(WEBHOOKS, [details("h")] if done else []))
    outcome = scripted_client.webhooks.register("h", URL, opened)
    assert outcome
    assert RECOVERED in outcome.notes
    assert kernel.count(methods.ADD_WEBHOOKS) == 1


def test_a_write_that_was_lost_altogether_is_an_error_that_says_to_read_back(
    kernel: ScriptedKernel, scripted_client: Client
) -> None:
    kernel.fail(methods.ADD_WEBHOOKS, grpc.StatusCode.UNAVAILABLE, "connection reset")
    with pytest.raises(cn.KernelUnreachableError) as caught:
        scripted_client.webhooks.register("h", URL, opened, wait=0.3)
    assert "read it back" in caught.value.hint
    assert kernel.count(methods.ADD_WEBHOOKS) == 1


def test_a_removal_that_lost_its_answer_is_read_back(kernel: ScriptedKernel, scripted_client: Client) -> None:
    done = threading.Event()
    pause = 0.2

    def remove(_request: Any, context: grpc.ServicerContext) -> Any:
        done.wait(pause)  # the call takes longer than the read-back
        done.set()
        context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "too slow")

    kernel.on(methods.REMOVE_WEBHOOKS, remove)
    kernel.on(methods.GET_WEBHOOKS, lambda *_: enveloped(WEBHOOKS, [] if done.is_set() else [details("h")]))
    outcome = scripted_client.webhooks.remove("h")
    assert outcome
    assert outcome.notes == (ANSWERED_LATE,), "no connection was lost"
    assert outcome.waited >= pause, "counted from the moment of sending"


@pytest.mark.parametrize(
    ("code", "note"),
    [
        (grpc.StatusCode.DEADLINE_EXCEEDED, "did not answer in time"),
        (grpc.StatusCode.UNAVAILABLE, "connection was lost"),
    ],
)
def test_a_registration_without_an_answer_says_what_happened_and_how_long_it_took(
    kernel: ScriptedKernel, scripted_client: Client, code: grpc.StatusCode, note: str
) -> None:
    done = threading.Event()
    pause = 0.3

    def add(_request: Any, context: grpc.ServicerContext) -> Any:
        done.wait(pause)  # the call takes longer than the read-back
        done.set()
        context.abort(code, "gone")

    kernel.on(methods.ADD_WEBHOOKS, add)
    kernel.on(methods.GET_WEBHOOKS, lambda *_: enveloped(WEBHOOKS, [details("h")] if done.is_set() else []))
    outcome = scripted_client.webhooks.register("h", URL, opened)
    assert outcome
    assert note in outcome.notes[-1]
    assert outcome.waited >= pause, "counted from the moment of sending"


@pytest.mark.parametrize("status", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED])
def test_a_change_that_was_accepted_before_the_connection_was_lost_is_an_outcome(
    kernel: ScriptedKernel, scripted_client: Client, status: grpc.StatusCode
) -> None:
    there = [details("old")]
    gone = []

    def write(_request: Any, _context: Any) -> Any:
        gone.append(True)
        return enveloped(webhooks_pb2.CommandResult)

    def read(_request: Any, context: grpc.ServicerContext) -> Any:
        if gone:
            context.abort(status, "connection reset")
        return enveloped(WEBHOOKS, there)

    kernel.on(methods.ADD_WEBHOOKS, write)
    kernel.on(methods.REMOVE_WEBHOOKS, write)
    kernel.on(methods.GET_WEBHOOKS, read)
    added = scripted_client.webhooks.register("h", URL, opened)
    gone.clear()
    removed = scripted_client.webhooks.remove("old")
    for outcome, action in ((added, "created"), (removed, "removed")):
        assert not outcome
        assert (outcome.accepted, outcome.visible, outcome.action) == (True, False, action)
        assert outcome.unread
        assert "accepted, and then not seen" in outcome.summary
        assert "when the kernel answers again" in outcome.summary
    assert kernel.count(methods.ADD_WEBHOOKS) == kernel.count(methods.REMOVE_WEBHOOKS) == 1


def test_a_refusal_of_the_kernel_carries_its_own_words(kernel: ScriptedKernel, scripted_client: Client) -> None:
    refusal = enveloped(
        webhooks_pb2.CommandResult,
        ValidationResults=[webhooks_pb2.ValidationResult(Message="Webhooks cannot be added today.")],
    )
    kernel.on(methods.ADD_WEBHOOKS, refusal)
    with pytest.raises(cn.RequestRefusedError) as caught:
        scripted_client.webhooks.register("h", URL, opened)
    assert caught.value.reasons == ("Webhooks cannot be added today.",)


def test_a_kernel_of_the_other_generation_is_named_as_such(kernel: ScriptedKernel, scripted_client: Client) -> None:
    kernel.fail(methods.ADD_WEBHOOKS, grpc.StatusCode.UNIMPLEMENTED)
    with pytest.raises(cn.MethodNotImplementedError) as caught:
        scripted_client.webhooks.register("h", URL, opened)
    assert "generation" in caught.value.hint


def test_several_outcomes_are_found_by_position_and_by_id() -> None:
    made = [
        Outcome(webhook=each, action=Action.CREATED, accepted=True, visible=True, waited=0.1, origin=Origin("k", "s"))
        for each in ("account-events", "audit")
    ]
    outcomes = cn.Outcomes(made, caption="2 webhooks in event store 's'")
    assert outcomes["audit"] is outcomes[1] is made[1]
    asked: list[Any] = ["audit", made[0], "nope"]
    assert [each in outcomes for each in asked] == [True, True, False]
    with pytest.raises(cn.UnknownWebhookError) as caught:
        outcomes["acount-events"]
    assert caught.value.hint == "Did you mean 'account-events'?"
    assert repr(outcomes).startswith("2 webhooks in event store 's'")
    assert repr(outcomes[:2][:1]).startswith("1 of 2 webhooks in event store 's'")
    assert list(outcomes[1:]) == [made[1]]
