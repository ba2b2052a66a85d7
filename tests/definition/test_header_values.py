"""Values that .NET refuses for the headers that it parses: told before a registration, as no delivery would be sent."""

from __future__ import annotations

import warnings

import pytest

import chronicle_notebook as cn
from chronicle_notebook.definition.rules._header import value_caution
from chronicle_notebook.sandbox.delivery._failure import DeliveryError
from chronicle_notebook.sandbox.delivery._headers import merged
from chronicle_notebook.session._client import Client

REFUSED = [
    ("user-agent", "com.example.app/1.2.34(App; android 16) Build/1234"),
    ("User-Agent", "acme/webhooks@1.0"),
    ("user-agent", "chronicle (webhook"),
    ("accept", "json"),
    ("accept-language", "de DE"),
    ("Accept-Encoding", "gzip deflate"),
    ("date", "2024-01-01"),
    ("from", "nobody"),
    ("if-match", "abc"),
    ("range", "all"),
    ("max-forwards", "many"),
    ("cache-control", "max age=0"),
]
TAKEN = [
    ("user-agent", "acme-webhooks/1.0 (+https://example.com)"),
    ("accept", "application/json, text/*;q=0.5"),
    ("accept-language", "de-DE, en;q=0.8"),
    ("accept-encoding", "gzip, deflate"),
    ("date", "Mon, 01 Jan 2024 10:00:00 GMT"),
    ("from", "ops@example.com"),
    ("if-match", '"abc"'),
    ("range", "bytes=0-99"),
    ("max-forwards", "10"),
    ("cache-control", "max-age=0, no-store"),
    ("x-anything", "de DE, all (of it"),
    ("x-source", ""),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_value_that_no_kernel_can_send_is_told_before_anything_is_sent(client: Client, name: str, value: str) -> None:
    hook = cn.WebhookDefinition("h", "http://127.0.0.1:9/in", (cn.EventType("AccountOpened"),), headers={name: value})
    for call in (client.webhooks.plan, client.webhooks.register):
        with pytest.warns(cn.ChronicleWarning, match=r"has a value that \.NET does not accept") as told:
            call(hook)
        assert [each.filename for each in told] == [__file__]
        assert value not in str(told[0].message)
        assert name in str(told[0].message)
    with pytest.raises(DeliveryError, match="format of value"):
        merged([(name, value)], None)


@pytest.mark.parametrize(("name", "value"), TAKEN)
def test_what_a_kernel_can_send_gets_no_warning(name: str, value: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert value_caution(name, value) is None
    assert merged([(name, value)], None) == [(name, value)]


def test_a_literal_secret_is_looked_at_and_a_reference_is_not() -> None:
    assert value_caution("accept", cn.Secret("json")) is not None
    assert value_caution("accept", cn.Secret.env("NOT_SET")) is None
    assert value_caution("accept", 1) is None
