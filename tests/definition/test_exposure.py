"""Credentials that go over a network in clear: a caution, a warning, and a word in the form."""

from __future__ import annotations

import pytest

import chronicle_notebook as cn
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.definition.rules._check import cautions
from chronicle_notebook.session._client import Client

START = DefinitionBuilder().with_event_type("AccountOpened")
BEARER = START.with_bearer_token(cn.Secret("s"))


def told(builder: DefinitionBuilder, url: str) -> list[tuple[str, type[cn.ChronicleWarning]]]:
    return [(each.field, each.warning) for each in cautions(builder.build("h", url))]


@pytest.mark.parametrize(
    "builder",
    [BEARER, START.with_basic_auth("ada", cn.Secret("s")), START.with_oauth("https://id.example.com", "me", "s")],
)
@pytest.mark.parametrize("url", ["http://hooks.example.com/x", "HTTP://hooks.example.com:8080", "http://10.0.0.1/x"])
def test_credentials_to_a_target_without_tls_are_a_caution(builder: DefinitionBuilder, url: str) -> None:
    (caution,) = cautions(builder.build("h", url))
    assert (caution.field, caution.warning) == ("target_url", cn.CredentialUrlWarning)
    assert "http, so the credentials go over the network in clear" in caution.message
    assert "https" in caution.hint
    assert "hooks" not in caution.message


def test_an_authority_without_tls_is_a_caution_of_its_own() -> None:
    builder = START.with_oauth("http://id.example.com/realm", "me", cn.Secret("s"))
    assert told(builder, "https://hooks.example.com") == [("authority", cn.CredentialUrlWarning)]
    assert len(told(builder, "http://hooks.example.com")) == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/x",
        "http://localhost:8080/x",
        "http://127.0.0.1/x",
        "http://127.9.9.9/x",
        "http://[::1]:9/x",
        "http://orders.localhost/x",
    ],
)
def test_nothing_is_said_of_tls_or_of_this_machine(url: str) -> None:
    assert told(BEARER, url) == []
    assert told(START.with_oauth(url, "me", cn.Secret("s")), url) == []


def test_nothing_is_said_where_there_is_no_credential() -> None:
    assert told(START, "http://hooks.example.com/x") == []
    assert told(START.with_header("x-source", "a"), "http://hooks.example.com/x") == []


def test_a_header_and_a_query_are_cautions_already_and_one_is_enough() -> None:
    assert len(told(START.with_header("X-Api-Key", "k"), "http://hooks.example.com/x")) == 1
    assert len(told(START, "http://hooks.example.com/x?sig=k")) == 1


def test_registering_and_planning_warn_of_it(client: Client) -> None:
    with pytest.warns(cn.CredentialUrlWarning, match="in clear"):
        client.webhooks.plan("h", "http://hooks.example.com/x", lambda _: BEARER)
    with pytest.warns(cn.CredentialUrlWarning, match="in clear"):
        client.webhooks.register("h", "http://hooks.example.com/x", lambda _: BEARER.not_active())


def test_a_form_says_it_beside_the_field(client: Client) -> None:
    form = cn.widgets.WebhookForm(client, BEARER.build("h", "http://hooks.example.com/x"))
    try:
        assert "in clear" in form.model.remarks.doubtful["target_url"]
    finally:
        form.close()
