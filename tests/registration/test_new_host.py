"""Credentials that a kernel keeps do not go to another host without a word."""

from __future__ import annotations

import pytest

import chronicle_notebook as cn
from chronicle_notebook.session._client import Client
from tests.waiting import eventually

CANARY = "qx9canary7"


def configured(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return builder.with_event_type("AccountOpened")


@pytest.fixture
def keeping(client: Client) -> Client:
    """A client whose event store has a webhook with a token."""
    with_token = configured(cn.DefinitionBuilder()).with_bearer_token(cn.Secret(CANARY))
    assert client.webhooks.register("crm", "http://127.0.0.1:9/in", lambda _: with_token)
    return client


def test_the_new_host_is_refused_and_named(keeping: Client) -> None:
    with pytest.raises(cn.InvalidDefinitionError) as caught:
        keeping.webhooks.register("crm", "http://127.0.0.1:8/in", configured)
    assert caught.value.field == "target_url"
    assert caught.value.webhook == "crm"
    assert "from 127.0.0.1:9 to 127.0.0.1:8" in caught.value.message
    assert "bearer" in caught.value.message
    assert 'confirm_host="127.0.0.1:8"' in caught.value.hint
    assert keeping.webhooks.get("crm").target_url == "http://127.0.0.1:9/in"


def test_a_list_is_refused_as_a_whole(keeping: Client) -> None:
    moved = configured(cn.DefinitionBuilder()).build("crm", "http://127.0.0.1:8/in")
    other = configured(cn.DefinitionBuilder()).build("new", "http://127.0.0.1:8/in")
    with pytest.raises(cn.InvalidDefinitionError, match="'crm'"):
        keeping.webhooks.register([other, moved])
    assert keeping.webhooks.ids() == ["crm"]


def test_a_plan_says_so(keeping: Client) -> None:
    plan = keeping.webhooks.plan("crm", "http://127.0.0.1:8/in", configured)
    assert "would send the stored bearer credentials there" in repr(plan)
    assert CANARY not in repr(plan)
    (change,) = [each for each in plan.changes if each.field == "target_url"]
    assert "from 127.0.0.1:9 to 127.0.0.1:8" in change.reason
    assert "confirm the new host" in change.remedy


def test_the_form_says_so_while_it_is_filled_in(keeping: Client) -> None:
    form = cn.widgets.WebhookForm(keeping, configured(cn.DefinitionBuilder()).build("crm", "http://127.0.0.1:8/in"))
    try:
        eventually(lambda: form.model.plan)
        assert form.model.plan is not None
        assert "would send the stored bearer credentials there" in " ".join(
            each.reason for each in form.model.plan.changes
        )
    finally:
        form.close()


def test_a_confirmed_host_gets_them(keeping: Client) -> None:
    with pytest.raises(cn.InvalidDefinitionError):
        keeping.webhooks.register("crm", "http://127.0.0.1:8/in", configured, confirm_host="127.0.0.1:7")
    assert keeping.webhooks.register("crm", "http://127.0.0.1:8/in", configured, confirm_host="127.0.0.1:8").accepted
    assert keeping.webhooks.get("crm").target_url == "http://127.0.0.1:8/in"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/elsewhere", "http://127.0.0.1:9/in?a=b"])
def test_another_path_of_the_same_host_needs_no_word(keeping: Client, url: str) -> None:
    keeping.webhooks.register("crm", url, configured)
    assert keeping.webhooks.get("crm").target_url == url


def test_credentials_that_are_given_again_need_none_either(keeping: Client) -> None:
    outcome = keeping.webhooks.register(
        "crm", "http://127.0.0.1:8/in", lambda b: configured(b).with_bearer_token(cn.Secret("another"))
    )
    assert outcome.accepted
    assert keeping.webhooks.get("crm").target_url == "http://127.0.0.1:8/in"
