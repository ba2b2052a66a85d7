"""Another event store or namespace on the same connection, and what else the magics stand on."""

from __future__ import annotations

import pytest

import chronicle_notebook as cn
from chronicle_notebook.registration._plan import PlannedAction
from chronicle_notebook.session._client import Client


@pytest.fixture
def other(client: Client) -> Client:
    client.ensure_namespace("Tenant B")
    return client.at(namespace="Tenant B")


def test_a_client_can_be_at_another_namespace_of_the_same_connection(client: Client, other: Client) -> None:
    assert (other.name, other.event_store, other.namespace) == (client.name, client.event_store, "Tenant B")
    assert client.namespace == "Default"
    client.event_log.append("account-1", "AccountOpened", {})
    assert client.event_log.tail() == 0
    assert other.event_log.tail() is None
    assert other.shares_connection_with(client)


def test_a_store_or_a_namespace_that_is_not_there_is_refused_with_the_nearest(client: Client) -> None:
    with pytest.raises(cn.UnknownEventStoreError, match="Did you mean 'System'"):
        client.at(event_store="Systm")
    with pytest.raises(cn.InvalidInputError, match="Did you mean 'Default'"):
        client.at(namespace="Defalt")


def test_use_replaces_the_client_of_that_name_and_closing_either_lets_it_go(client: Client) -> None:
    mine = cn.connect(client.target, event_store=client.event_store, name="mine")
    moved = cn.use("mine", event_store="System")
    assert cn.client("mine") is moved
    assert cn.client() is moved
    mine.close()
    assert "mine" not in cn.clients()
    with pytest.raises(cn.ClientClosedError):
        moved.event_stores()


def test_use_without_a_name_is_about_the_current_client(client: Client) -> None:
    client.ensure_namespace("Tenant C")
    assert cn.use(namespace="Tenant C").namespace == "Tenant C"
    assert cn.use(namespace="Default").namespace == "Default"


def test_a_plan_and_code_come_from_the_service_too(client: Client) -> None:
    plan = client.webhooks.plan("hook", "https://example.com", lambda b: b.with_event_type("AccountOpened"))
    assert plan.action is PlannedAction.CREATE
    with pytest.raises(cn.UnknownEventTypeError):
        client.webhooks.plan("hook", "https://example.com", lambda b: b.with_event_type("AccountOpend"))
    client.webhooks.register(plan.definition)
    assert client.webhooks.plan(plan.definition).action is PlannedAction.UNCHANGED
    assert client.webhooks.ids() == ["hook"]
    assert client.webhooks.code("hook", "cell").startswith("%%webhook hook https://example.com\n")
    assert client.webhooks.code(plan.definition, "yaml").startswith("id: hook\n")
    assert client.describe("hook").definition == plan.definition


def test_a_status_takes_the_time_of_one_answer(client: Client) -> None:
    assert client.status().latency > 0
    assert client.server in repr(client.status())
