"""From one environment to another: hosts are mapped, and what may differ stays as it is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, RegisteredEventType


@pytest.fixture
def production(shared_sandbox: cn.Sandbox, client: cn.Client) -> Iterator[cn.Client]:
    name = f"{client.event_store}-production"
    with cn.connect(shared_sandbox.connection_string, event_store=name, name=name) as opened:
        opened.ensure_event_store()
        kinds = [
            RegisteredEventType(EventType(each), {"type": "object"}) for each in ("AccountOpened", "FundsDeposited")
        ]
        opened._kernel.register_event_types(name, kinds)
        yield opened


def hook(host: str, env: str, name: str = "ledger") -> cn.WebhookDefinition:
    builder = cn.DefinitionBuilder().with_event_type("AccountOpened").with_headers({"x-env": env, "x-source": "bank"})
    return builder.build(name, f"https://{host}/ledger")


HOSTS = {"hooks.staging.example.com": "hooks.example.com", "*.test.example.com": "*.example.com"}


def test_staging_is_promoted_to_production(client: cn.Client, production: cn.Client) -> None:
    client.webhooks.register(
        [
            hook("hooks.staging.example.com", "staging"),
            hook("a.b.test.example.com:8443", "staging", "second"),
            hook("elsewhere.example.org", "staging", "third"),
        ]
    )
    production.webhooks.register(hook("hooks.example.com", "production"))
    state = cn.DesiredState.of(client).mapped(HOSTS, event_store=production.event_store)
    plan = state.plan(production, ignore_headers=["X-Env"])
    assert {each.id: each.action.value for each in plan} == {
        "ledger": "unchanged",
        "second": "create",
        "third": "create",
    }
    assert plan.apply()
    assert production.webhooks.get("ledger").headers == {"x-env": "production", "x-source": "bank"}
    assert production.webhooks.get("second").target_url == "https://a.b.example.com:8443/ledger"
    assert production.webhooks.get("second").headers == {"x-source": "bank"}
    assert not state.plan(production, ignore_headers=["x-env"]).differs(strict=True)
    assert [each.field for each in state.plan(production)["ledger"].fields] == ["headers"]
    assert not state.plan(production, ignore=["headers"]).differs()


def test_credentials_are_the_references_that_the_rule_gives(
    client: cn.Client, production: cn.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    secured = hook("hooks.staging.example.com", "x").changed(
        authorization=cn.BearerAuthorization(cn.Secret("canary-1"))
    )
    client.webhooks.register(secured)
    state = cn.DesiredState.of(client).mapped(HOSTS, event_store=production.event_store)
    with pytest.raises(cn.SecretUnavailableError, match="'LEDGER_TOKEN' is not set"):
        state.plan(production).apply()
    monkeypatch.setenv("LEDGER_TOKEN", "canary-2")
    assert state.plan(production).apply()
    assert production.webhooks.get("ledger").authorization.kind is cn.AuthorizationKind.BEARER


def test_a_state_for_another_event_store_is_not_planned(client: cn.Client, production: cn.Client) -> None:
    with pytest.raises(cn.InvalidInputError, match="The state is for event store") as caught:
        cn.DesiredState.of(client).plan(production)
    assert caught.value.field == "event_store"


@pytest.mark.parametrize("hosts", [{"a/b": "c"}, {"*.a": "b"}, {"a": "https://b"}, {"": "b"}], ids=str)
def test_what_is_no_host_is_refused(hosts: dict[str, str]) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        cn.DesiredState(()).mapped(hosts)
    assert caught.value.field == "hosts"


def test_what_is_no_field_is_refused(client: cn.Client) -> None:
    with pytest.raises(cn.InvalidInputError, match=r"no field 'activ' to ignore\. Did you mean 'active'"):
        cn.DesiredState(()).plan(client, ignore=["activ"])
    with pytest.raises(cn.InvalidInputError, match="ignore_headers is a list of names"):
        cn.DesiredState(()).plan(client, ignore_headers="x-env")
