"""Registering, listing and removing webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import sequences_pb2, webhooks_pb2 as wire
from chronicle_notebook.sandbox import Behaviour, Sandbox
from tests.sandbox.conftest import STORE, Client, accepted, hook
from tests.waiting import eventually

URL = "http://127.0.0.1:9/hook"


def system_events(client: Client) -> list[tuple[str, str]]:
    request = sequences_pb2.AppendedEventsRequest(EventStore=STORE, Namespace="Default", EventSequenceId="system")
    answer = accepted(client.call(methods.APPENDED_EVENTS, request))
    return [(event.Context.EventSourceId, event.Context.EventType.Id) for event in answer.Data]


def remove(client: Client, *ids: str) -> None:
    accepted(client.call(methods.REMOVE_WEBHOOKS, wire.RemoveWebhooksRequest(EventStore=STORE, Webhooks=ids)))


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Client]:
    """A client of a sandbox in which settling takes long enough to be seen."""
    with Sandbox(data=tmp_path / "slow", settle_delay=0.25) as sandbox:
        caller = Client(sandbox.port)
        caller.ensure_store()
        yield caller
        caller.close()


def test_a_definition_is_read_back_without_credentials(client: Client) -> None:
    client.settle(hook("a", URL, "T", headers={"x-a": "1"}, active=False, replayable=False, basic=("user", "pass")))
    row = client.webhooks()["a"]
    assert (row.Id, row.Identifier, row.Url, row.EventSequenceId) == ("a", "a", URL, "event-log")
    assert [(kind.Id, kind.Generation) for kind in row.EventTypes] == [("T", 1)]
    assert dict(row.Headers) == {"x-a": "1"}
    assert row.AuthorizationType == wire.Basic
    assert not row.IsActive
    assert not row.IsReplayable


def test_absent_flags_mean_true(client: Client) -> None:
    client.settle(hook("a", URL))
    assert client.webhooks()["a"].IsActive
    assert client.webhooks()["a"].IsReplayable


@pytest.mark.parametrize(
    ("request_", "messages"),
    [
        (wire.AddWebhooksRequest(), ["Event store is required.", "At least one webhook is required."]),
        (
            wire.AddWebhooksRequest(EventStore=STORE, Webhooks=[wire.WebhookDefinition()]),
            ["Webhook identifier is required.", "Event sequence is required."],
        ),
    ],
)
def test_what_the_kernel_checks_is_refused(
    client: Client, request_: wire.AddWebhooksRequest, messages: list[str]
) -> None:
    answer = client.call(methods.ADD_WEBHOOKS, request_)
    assert [problem.Message for problem in answer.ValidationResults] == messages


def test_nothing_else_is_checked(client: Client) -> None:
    client.settle(hook("odd", "not a url", "NobodyKnows", headers={"bad name": "x"}))
    assert client.webhooks()["odd"].Url == "not a url"


def test_a_registration_settles_later_and_its_authorization_after_it(slow: Client) -> None:
    stream = slow.follow(methods.OBSERVE_WEBHOOKS, wire.ObserveWebhooksRequest(EventStore=STORE))
    assert list(accepted(next(stream)).Data) == []
    accepted(slow.add(hook("a", URL, "T", bearer=("token",))))
    assert slow.webhooks() == {}
    assert [row.AuthorizationType for row in accepted(next(stream)).Data] == [getattr(wire, "None")]
    assert [row.AuthorizationType for row in accepted(next(stream)).Data] == [wire.Bearer]
    stream.cancel()
    assert system_events(slow) == [("a", "WebhookAdded"), ("a", "BearerTokenAuthorizationSetForWebhook")]


def test_registering_again_updates_url_headers_event_types_and_authorization(client: Client) -> None:
    client.settle(hook("a", URL, "One", "Two"))
    accepted(client.add(hook("a", URL + "2", "Two", "One", headers={"x": "y"}, oauth=("http://a", "id", "secret"))))
    eventually(lambda: client.webhooks()["a"].AuthorizationType == wire.OAuth)
    row = client.webhooks()["a"]
    assert row.Url == URL + "2"
    assert [kind.Id for kind in row.EventTypes] == ["Two", "One"]
    assert dict(row.Headers) == {"x": "y"}
    assert system_events(client)[1:] == [
        ("a", "EventTypesSetForWebhook"),
        ("a", "TargetUrlSetForWebhook"),
        ("a", "TargetHeadersSetForWebhook"),
        ("a", "OAuthAuthorizationSetForWebhook"),
    ]


def test_changes_that_the_kernel_does_not_write_are_ignored(client: Client) -> None:
    client.settle(hook("a", URL, "T", basic=("user", "pass")))
    before = system_events(client)
    other = hook("a", URL, "T", active=False, replayable=False)
    other.EventSequenceId = "outbox"
    accepted(client.add(other))
    assert system_events(client) == before
    row = client.webhooks()["a"]
    assert row.IsActive
    assert row.IsReplayable
    assert row.EventSequenceId == "event-log"
    assert row.AuthorizationType == wire.Basic


def test_a_webhook_with_a_secret_always_looks_changed_and_one_without_does_not(client: Client) -> None:
    plain, secret = hook("plain", URL, "T"), hook("secret", URL, "T", bearer=("same",))
    client.settle(plain, secret)
    before = len(system_events(client))
    accepted(client.add(plain, secret))
    assert system_events(client)[before:] == [("secret", "BearerTokenAuthorizationSetForWebhook")]


def test_of_several_authorizations_the_first_wins(client: Client) -> None:
    both = hook("a", URL, bearer=("token",))
    both.Target.Authorization.Value0.Username = "user"
    client.settle(both)
    assert client.webhooks()["a"].AuthorizationType == wire.Basic


def test_a_secret_over_190_bytes_fails_and_what_came_before_it_is_registered(client: Client) -> None:
    client.settle(hook("fits", URL, bearer=("x" * 190,)))
    answer = client.add(hook("before", URL), hook("too-long", URL, bearer=("ä" * 96,)), hook("after", URL))
    assert list(answer.ExceptionMessages) == ["error:0200006E:rsa routines::data too large for key size"]
    eventually(lambda: "before" in client.webhooks())
    assert sorted(client.webhooks()) == ["before", "fits"]


def test_removed_webhooks_disappear_and_unknown_ones_are_accepted(client: Client) -> None:
    client.settle(hook("a", URL), hook("b", URL), hook("c", URL))
    remove(client, "a", "unknown")
    accepted(client.call(methods.REMOVE_WEBHOOK, wire.RemoveWebhookRequest(EventStore=STORE, WebhookId="b")))
    eventually(lambda: list(client.webhooks()) == ["c"])
    refused = client.call(methods.REMOVE_WEBHOOK, wire.RemoveWebhookRequest())
    assert [problem.Message for problem in refused.ValidationResults] == [
        "Event store is required.",
        "Webhook identifier is required.",
    ]


def test_adding_while_a_removal_waits_adds_the_webhook_anew(slow: Client) -> None:
    slow.settle(hook("a", URL))
    remove(slow, "a")
    accepted(slow.add(hook("a", f"{URL}/new")))
    eventually(lambda: (row := slow.webhooks().get("a")) and row.Url == f"{URL}/new")
    assert system_events(slow) == [("a", "WebhookAdded"), ("a", "WebhookRemoved"), ("a", "WebhookAdded")]


def test_listing_a_store_that_does_not_exist_creates_it(client: Client) -> None:
    assert client.webhooks("new-store") == {}
    client.settle(hook("a", URL), store="new-store")
    assert list(client.webhooks("new-store")) == ["a"]


def test_the_flat_form_registers_one_webhook_whose_absent_flags_mean_false(client: Client) -> None:
    request = wire.AddWebhookRequest(
        EventStore=STORE, Name="flat", Url=URL, AuthorizationType=wire.Basic, BasicUsername="u", BasicPassword="p"
    )
    accepted(client.call(methods.ADD_WEBHOOK, request))
    eventually(lambda: "flat" in client.webhooks())
    assert not client.webhooks()["flat"].IsActive
    again = client.call(methods.ADD_WEBHOOK, request)
    assert [problem.Message for problem in again.ValidationResults] == ["A webhook named 'flat' already exists."]
    incomplete = wire.AddWebhookRequest(EventStore=STORE, Name="o", Url=URL, AuthorizationType=wire.OAuth)
    refused = client.call(methods.ADD_WEBHOOK, incomplete)
    assert len(refused.ValidationResults) == 3


def test_ten_thousand_webhooks_are_registered_in_one_call_and_listed_back(client: Client) -> None:
    ids = [f"hook-{number:05d}" for number in range(10_000)]
    accepted(client.add(*[hook(id_, f"{URL}/{id_}", "T", active=False) for id_ in ids]))
    eventually(lambda: len(client.webhooks()) == len(ids))
    assert list(client.webhooks()) == ids
    assert client.webhooks()[ids[-1]].Url == f"{URL}/{ids[-1]}"


def test_no_secret_is_in_any_file(client: Client, sandbox: Sandbox) -> None:
    canary = "canary-4711-secret"
    client.settle(
        hook("a", URL, basic=("u", canary + "-basic")),
        hook("b", URL, bearer=(canary + "-bearer",)),
        hook("c", URL, oauth=("http://a", "id", canary + "-oauth")),
    )
    files = [path for path in sandbox.data.rglob("*") if path.is_file()]
    assert any(b"crk1:" in path.read_bytes() for path in files)
    assert [path.name for path in files if canary.encode() in path.read_bytes()] == []
    assert (sandbox.data / "encryption.pem").stat().st_mode & 0o777 == 0o600


def test_older_kernels_lose_authorization_outside_the_system_store(tmp_path: Path) -> None:
    with Sandbox(data=tmp_path / "old", settle_delay=0, behaviour=Behaviour(authorization_lost=True)) as sandbox:
        caller = Client(sandbox.port)
        for store in (STORE, "System"):
            accepted(caller.add(hook("a", URL, bearer=("t",)), store=store))
        eventually(lambda: caller.webhooks("System").get("a") and caller.webhooks("System")["a"].AuthorizationType)
        assert caller.webhooks()["a"].AuthorizationType == getattr(wire, "None")
        assert system_events(caller) == [("a", "WebhookAdded")]
        caller.close()


def test_some_kernels_list_an_inactive_webhook_as_active(tmp_path: Path) -> None:
    with Sandbox(data=tmp_path / "old", settle_delay=0, behaviour=Behaviour(inactive_lost=True)) as sandbox:
        caller = Client(sandbox.port)
        caller.settle(hook("a", URL, active=False))
        assert caller.webhooks()["a"].IsActive
        caller.close()
