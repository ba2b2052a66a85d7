"""The names of the environment variables for a webhook's credentials: no two webhooks have one in common."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, strategies as st

from chronicle_notebook import runbook
from chronicle_notebook.definition._code import render
from chronicle_notebook.definition._references import VariableNames, variable_prefix
from chronicle_notebook.model import (
    AuthorizationKind,
    EventType,
    UndisclosedAuthorization,
    WebhookDefinition,
)
from chronicle_notebook.widgets._form_fields import Fields, suggested_variable

FIELDS = ("username", "password", "token", "authority", "client_id", "client_secret", "target url")
ALIKE = (
    *(
        "orders-eu",
        "orders_eu",
        "OrdersEu",
        "ordersEu",
        "orders.eu",
        "orders eu",
        "ORDERS-EU",
        "orders--eu",
        "orders-eu-",
    ),
    *("заказы", "支払い", "παραγγελίες", "commandes-é", "commandes-è", "zu\u0308rich", "zürich", "😀", "\u200b", " "),
    *("2nd-line", "webhook-2nd-line", "webhook", "webhook-2", "x", "a-x", "a", "a-client", "a-target", "a-x-api", "é"),
    *("a-x-4ebf9ca66727", "orders-eu-4ebf9ca66727", "n" * 200, "n" * 201, "n" * 200 + "-"),
)
HEADERS = (
    "x-api-key",
    "api-key",
    "key",
    "id",
    "url",
    "secret",
    "client-id",
    "x-token",
    "token",
    "x-4EBF9CA66727-token",
)


def name(webhook: str, purpose: str) -> str:
    names = VariableNames(webhook, set())
    found = names.secret(purpose) if purpose in FIELDS else names.header(purpose)
    return (found.reference or "").removeprefix("env:")


def test_no_two_webhooks_have_a_variable_in_common() -> None:
    owners: dict[str, str] = {}
    for webhook, purpose in itertools.product(ALIKE, (*FIELDS, *HEADERS)):
        told = name(webhook, purpose)
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", told)
        assert owners.setdefault(told, webhook) == webhook, told


parts = st.sampled_from(
    ["a", "x", "api", "key", "client", "id", "target", "url", "token", "secret", "é", "-", "_", "A", "2"]
)
texts = st.lists(parts, min_size=1, max_size=6).map("".join)


@given(texts, texts, st.sampled_from(FIELDS) | texts, st.sampled_from(FIELDS) | texts)
def test_no_two_webhooks_of_any_ids_and_headers_have_one(one: str, other: str, purpose: str, another: str) -> None:
    assert one == other or name(one, purpose) != name(other, another)


@pytest.mark.parametrize(
    ("webhook", "prefix"),
    [
        ("fraud-watch", "FRAUD_WATCH"),
        ("v2-orders", "V2_ORDERS"),
        ("orders_eu", "ORDERS_EU_4EBF9CA66727"),
        ("2nd-line", "WEBHOOK_2ND_LINE_6322960B40E0"),
        ("заказы", "WEBHOOK_C359203E8DB3"),
        ("", "WEBHOOK"),
    ],
)
def test_a_name_depends_on_the_id_alone(webhook: str, prefix: str) -> None:
    """The names are written down here: a run on another machine, or next year, gives the same."""
    assert variable_prefix(webhook) == prefix


@pytest.mark.parametrize("webhook", ["fraud-watch", "fraud_watch", "заказы"])
def test_runbooks_code_and_the_form_give_the_same_name(webhook: str) -> None:
    authorization = UndisclosedAuthorization(AuthorizationKind.BEARER)
    definition = WebhookDefinition(webhook, "https://example.com/in", (EventType("A"),), authorization=authorization)
    (told,) = runbook.required_variables(definition)
    assert told == name(webhook, "token")
    assert f'cn.Secret.env("{told}")' in render(definition, "python")
    assert f"token: env:{told}\n" in render(definition, "yaml")
    assert suggested_variable(Fields(id=webhook, kind=AuthorizationKind.BEARER)) == told
