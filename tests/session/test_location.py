"""Event stores, namespaces and observers by name: one that is not there is refused, and never "all is well"."""

from __future__ import annotations

from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from tests.waiting import eventually


@pytest.fixture
def watched(client: Client) -> Client:
    """A client of an event store with one webhook, whose observer is known."""
    client.webhooks.register("billing", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    eventually(lambda: "billing" in {each.id for each in client.observers()})
    return client


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.failed_partitions("biling"),
        lambda client: client.failed_partitions("biling", namespace="Default"),
        lambda client: client.observers("biling"),
        lambda client: client.observers("biling", namespace="Default"),
    ],
)
def test_an_id_that_no_webhook_and_no_observer_has_is_refused_with_the_nearest(watched: Client, ask: Any) -> None:
    with pytest.raises(cn.UnknownWebhookError, match="has no webhook 'biling'") as caught:
        ask(watched)
    assert caught.value.hint == "Did you mean 'billing'?"


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.failed_partitions(namespace="Defalt"),
        lambda client: client.failed_partitions("billing", namespace="Defalt"),
        lambda client: client.observers(namespace="Defalt"),
        lambda client: client.observers("billing", namespace="Defalt"),
    ],
)
def test_a_namespace_that_is_not_there_is_refused_with_the_nearest(watched: Client, ask: Any) -> None:
    with pytest.raises(cn.InvalidInputError, match="has no namespace 'Defalt'") as caught:
        ask(watched)
    assert caught.value.field == "namespace"
    assert caught.value.hint == "Did you mean 'Default'?"


def test_observers_and_failed_partitions_are_asked_for_in_the_same_way(watched: Client) -> None:
    watched.ensure_namespace("Tenant-B")
    assert {each.id for each in watched.observers("billing")} == {"billing"}
    assert {each.namespace for each in watched.observers("billing", namespace="Default")} == {"Default"}
    assert "webhook 'billing' in event store" in repr(watched.observers("billing"))
    assert "webhook 'billing' in event store" in repr(watched.failed_partitions("billing"))
    assert "namespace 'Default'" in repr(watched.failed_partitions(namespace="Default"))


def test_a_namespace_in_the_place_of_an_id_still_means_that_namespace(watched: Client) -> None:
    watched.ensure_namespace("Tenant-B")
    assert {each.namespace for each in watched.observers("Default")} == {"Default"}
    assert watched.observers("Default") == watched.observers(namespace="Default")


def test_a_registered_webhook_without_an_observer_has_none_and_is_not_unknown(client: Client) -> None:
    client.webhooks.register("idle", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened").not_active())
    assert len(client.failed_partitions("idle")) == 0
    assert client.observers("idle") == [each for each in client.observers() if each.id == "idle"]


@pytest.mark.parametrize("ask", ["observers", "failed_partitions"])
@pytest.mark.parametrize("id_", [5, "", EventType("billing")])
def test_an_id_is_a_text(client: Client, ask: str, id_: Any) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        getattr(client, ask)(id_)
    assert caught.value.field == "webhook"


@pytest.fixture
def ghost(client: Client, shared_sandbox: Sandbox) -> Any:
    with cn.connect(
        shared_sandbox.connection_string, event_store=client.event_store, namespace="ghost", name="ghost"
    ) as opened:
        yield opened


@pytest.mark.parametrize(
    "use",
    [
        lambda client: client.event_log,
        lambda client: client.event_sequence("event-log"),
        lambda client: client.event_sequences(),
        lambda client: client.event_log.append("a", "AccountOpened", {}),
    ],
)
def test_the_namespace_of_a_connection_is_looked_for_before_a_call_could_create_it(
    client: Client, ghost: Client, use: Any
) -> None:
    with pytest.raises(cn.InvalidInputError, match="has no namespace 'ghost'") as caught:
        use(ghost)
    assert caught.value.field == "namespace"
    assert (
        caught.value.hint
        == "It has Default: choose one with namespace=. Create one with client.ensure_namespace('ghost')."
    )
    assert list(client.namespaces()) == ["Default"]


def test_a_namespace_that_was_created_is_used_from_then_on(ghost: Client) -> None:
    assert [each.id for each in ghost.event_types() if each.owner == "client"]  # these belong to the event store
    assert ghost.webhooks.ids() == []
    ghost.ensure_namespace()
    assert ghost.event_log.append("a", "AccountOpened", {}).sequence_number == 0


def test_a_namespace_that_is_kept_at_another_event_store_is_looked_for_when_it_is_needed(client: Client) -> None:
    client.ensure_namespace("Tenant-B")
    moved = client.at(namespace="Tenant-B").at(event_store="System")
    assert (moved.event_store, moved.namespace) == ("System", "Tenant-B")
    assert moved.webhooks.ids() == [], "webhooks belong to the event store"
    with pytest.raises(cn.InvalidInputError, match=r"Event store 'System' on .* has no namespace 'Tenant-B'"):
        moved.event_log.append("a", "AccountOpened", {})
    assert list(moved.namespaces()) == ["Default"]
    with pytest.raises(cn.InvalidInputError):
        moved.at(namespace="Tenant-B")
    assert moved.at(namespace="Default").event_sequences()


def test_hints_name_what_was_asked_for_and_work_as_they_stand(client: Client) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        client.at(namespace="nope")
    assert "client.ensure_namespace('nope')" in caught.value.hint
    client.ensure_namespace("nope")
    assert client.at(namespace="nope").namespace == "nope"

    other = f"{client.event_store}-2"
    with pytest.raises(cn.UnknownEventStoreError) as absent:
        cn.client(client.name).at(event_store="qq-" + "z" * 40)
    assert "client.ensure_event_store('qq-" in absent.value.hint
    client.ensure_event_store(other)
    assert client.at(event_store=other).event_store == other

    with pytest.raises(cn.InvalidInputError) as both:
        client.at(event_store=other, namespace="nope")
    created = f"client.at(event_store={other!r}, namespace='Default').ensure_namespace('nope')"
    assert created in both.value.hint
    eval(created, {"client": client})
    assert client.at(event_store=other, namespace="nope").namespace == "nope"


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda client: client.at(event_store=5), "event_store"),
        (lambda client: client.at(namespace=" "), "namespace"),
        (lambda client: client.ensure_namespace(5), "name"),
        (lambda client: client.ensure_namespace(""), "name"),
        (lambda client: client.ensure_event_store(5), "name"),
        (lambda client: client.ensure_event_store("  "), "name"),
        (lambda client: client.event_sequence(None), "sequence"),
        (lambda client: client.event_sequence(""), "sequence"),
        (lambda client: client.doctor(namespace=5), "namespace"),
        (lambda client: client.observers(namespace=5), "namespace"),
        (lambda client: client.retry_failed_partitions(5), "webhooks"),
    ],
)
def test_a_name_is_a_text_that_is_not_blank(client: Client, call: Any, field: str) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        call(client)
    assert caught.value.field == field
    assert caught.value.hint


def test_what_only_shows_itself_asks_the_kernel_nothing(shared_sandbox: Sandbox) -> None:
    with cn.connect(shared_sandbox.connection_string, event_store="absent", name="absent") as opened:
        assert "event store 'absent'" in repr(opened.webhooks)
        assert "absent" in repr(opened)
    assert "absent" in repr(opened.webhooks), "nor when it was closed"


def test_the_card_of_a_client_says_what_is_missing_until_it_is_there(shared_sandbox: Sandbox) -> None:
    with cn.connect(shared_sandbox.connection_string, event_store="newcome", name="newcome") as client:
        told = "! The kernel"
        for text in (repr(client), client._repr_html_(), repr(client.status())):
            assert told in text
            assert "newcome" in text
        client.ensure_event_store()
        for text in (repr(client), client._repr_html_(), repr(client.status())):
            assert told not in text
        assert "has no namespace 'Tenant-Q'" in repr(
            cn.connect(shared_sandbox.connection_string, event_store="newcome", namespace="Tenant-Q", name="newcome")
        )
        cn.client("newcome").ensure_namespace()
        assert "has no namespace" not in repr(cn.client("newcome"))
        cn.client("newcome").close()
