"""Two event stores side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronicle_notebook import InvalidInputError, RunbookError, Secret, client as current_client, use
from chronicle_notebook.model import EventType, RegisteredEventType, WebhookDefinition
from chronicle_notebook.runbook import compare, other_side, promotion
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from tests.runbook.books import Desk

HOOK = WebhookDefinition("both", "http://127.0.0.1:9/in", (EventType("AccountOpened"),), active=False)


@pytest.fixture
def other(client: Client) -> Client:
    store = client.event_store + "-other"
    client.ensure_event_store(store)
    client._kernel.register_event_types(store, [RegisteredEventType(EventType("AccountOpened"), {"type": "object"})])
    return client.at(event_store=store)


def test_what_only_one_has_and_what_differs(client: Client, other: Client) -> None:
    client.webhooks.register(HOOK.changed(headers={"x-key-a": "canary-one"}))
    client.webhooks.register(HOOK.changed(id="left"))
    other.webhooks.register(HOOK.changed(target_url="http://127.0.0.1:8/in", headers={"x-key-a": "canary-two"}))
    found = [(each.webhook, each.field, each.left, each.right) for each in compare(client, other)]
    assert found == [
        ("both", "target_url", "http://127.0.0.1:9/in", "http://127.0.0.1:8/in"),
        ("both", "headers", "x-key-a", "x-key-a (another value)"),
        ("left", "", "yes", "no"),
    ]
    assert [each.field for each in compare(client, other, ignore=["target_url", "headers"])] == [""]
    assert "canary" not in repr(compare(client, other)) + compare(client, other)._repr_html_()


def test_hosts_are_mapped_and_headers_ignored_and_a_plan_promotes(desk: Desk, client: Client, other: Client) -> None:
    client.webhooks.register(
        [
            HOOK.changed(target_url="https://hooks.staging.example.com/in", headers={"x-env": "staging"}),
            HOOK.changed(id="new", target_url="https://hooks.staging.example.com/new", headers={"x-env": "staging"}),
        ]
    )
    other.webhooks.register(HOOK.changed(target_url="https://hooks.example.com/in", headers={"x-env": "production"}))
    hosts = ["hooks.staging.example.com=hooks.example.com"]
    assert [each.field for each in compare(client, other)] == ["target_url", "headers", ""]
    found = compare(client, other, hosts=hosts, ignore_headers=["X-Env"])
    assert [(each.webhook, each.field) for each in found] == [("new", "")]
    plan = promotion(client, other, hosts=hosts, ignore_headers=["x-env"])
    assert {each.id: each.action.value for each in plan} == {"both": "unchanged", "new": "create"}
    ran = desk.run(
        "compare-environments",
        event_store=client.event_store,
        other_event_store=other.event_store,
        ignore=[],
        hosts=hosts,
        promote=True,
    )
    assert ran.error is None
    assert ran.outcome is not None
    assert [each["field"] for each in ran.outcome.findings] == ["headers", ""]
    assert plan.apply()
    assert other.webhooks.get("new").target_url == "https://hooks.example.com/new"
    assert not compare(client, other, hosts=hosts, ignore_headers=["x-env"])
    for wrong in ("hooks.example.com", "a=https://b", "=b"):
        with pytest.raises(InvalidInputError) as caught:
            compare(client, other, hosts=[wrong])
        assert caught.value.field == "hosts"


def test_equal_ones_have_no_differences(client: Client, other: Client) -> None:
    client.webhooks.register(HOOK)
    other.webhooks.register(HOOK)
    assert list(compare(client, other)) == []


def test_the_other_side_is_the_same_kernel_unless_told(client: Client) -> None:
    assert other_side(client).event_store == client.event_store
    with pytest.raises(InvalidInputError, match="is not set"):
        other_side(client, connection=Secret.env("NOT_SET_ANYWHERE"))


@pytest.mark.parametrize("way", ["a connection", "a profile"])
def test_the_current_client_is_not_that_of_the_other_side(
    client: Client, shared_sandbox: Sandbox, way: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRODUCTION", shared_sandbox.connection_string)
    (tmp_path / "config.toml").write_text('[profiles.production]\nconnection = "env:PRODUCTION"\n')
    use(client.name)
    if way == "a profile":
        other = other_side(client, profile="production")
    else:
        other = other_side(client, connection=Secret.env("PRODUCTION"), event_store="elsewhere")
    assert other.name != client.name
    assert other.version == client.version
    assert current_client() is client


def test_a_field_to_ignore_that_there_is_not_is_refused(client: Client, other: Client) -> None:
    with pytest.raises(InvalidInputError) as caught:
        compare(client, other, ignore=["targeturl", "foo"])
    assert caught.value.field == "ignore"
    assert caught.value.hint == "Did you mean 'target_url'?"
    with pytest.raises(InvalidInputError) as caught:
        compare(client, other, ignore=["zzz"])
    assert "event_types" in caught.value.hint


def test_the_same_store_on_both_sides_is_refused_when_it_was_named(
    client: Client, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODUCTION", shared_sandbox.connection_string)
    with pytest.raises(InvalidInputError, match="both sides"):
        other_side(client, connection=Secret.env("PRODUCTION"))
    with pytest.raises(InvalidInputError, match="both sides"):
        other_side(client, event_store=client.event_store)


def test_a_store_does_not_match_itself(desk: Desk, client: Client) -> None:
    """That would be true of any, and be taken for good news."""
    ran = desk.run("compare-environments", event_store=client.event_store)
    assert ran.error is None
    assert ran.outcome is not None
    assert "itself" in ran.outcome.summary
    ran = desk.run("compare-environments", event_store=client.event_store, must_match=True)
    assert isinstance(ran.error, RunbookError)
    assert "itself" in str(ran.error)
