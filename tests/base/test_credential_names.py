"""Which names tell of a credential: one list, for what is masked, warned of and left out of code."""

from __future__ import annotations

import pytest

from chronicle_notebook.base._credential_names import (
    HARMLESS_HEADERS,
    looks_like_credential,
    parameter_looks_like_credential,
)
from chronicle_notebook.definition.rules._header import header_caution
from chronicle_notebook.receiver import RequestHeaders

CREDENTIALS = (
    *("Api-Key", "Authorization", "Cookie", "Ocp-Apim-Subscription-Key", "Proxy-Authorization", "X-API-Key"),
    *("X-Access-Key-Id", "X-Auth", "X-Auth-User", "X-Auth0", "X-Authentication", "X-CLIENT-SECRET", "X-Credential"),
    *("X-Functions-Key", "X-Hub-Signature-256", "X-JWT", "X-Passphrase", "X-Password", "X-Session-Id", "X-Shared-Key"),
    *("X-Sig", "X-Signature", "X-Token", "X-Webhook-Key", "apikey", "authentication", "client_secret", "x-oauth"),
)
OTHERS = (
    *("Accept", "Idempotency-Key", "Partition-Key", "X-Author", "X-Authors", "X-Correlation-Id", "X-Key-Figures"),
    *("X-Keyword", "X-Pinned", "X-Routing-Key", "X-Sigma", "X-Source", "x-idempotency-key"),
)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_receiver_masks_and_a_registration_warns_of_the_same_headers(name: str) -> None:
    assert looks_like_credential(name)
    assert header_caution(name, "canary") is not None
    assert "canary" not in repr(RequestHeaders([(name, "canary")]))


@pytest.mark.parametrize("name", OTHERS)
def test_neither_minds_a_header_that_tells_of_no_credential(name: str) -> None:
    assert not looks_like_credential(name)
    assert header_caution(name, "canary") is None
    assert "canary" in repr(RequestHeaders([(name, "canary")]))


@pytest.mark.parametrize("name", ["code", "Code", "sig", "pwd", "pass", "access_token", "accessToken", "key", "sv-key"])
def test_a_parameter_has_short_names_too(name: str) -> None:
    assert parameter_looks_like_credential(name)


@pytest.mark.parametrize("name", ["country_code", "keyword", "page", "x", "version"])
def test_a_parameter_of_another_name_is_none(name: str) -> None:
    assert not parameter_looks_like_credential(name)


def test_no_header_is_both_harmless_and_a_credential() -> None:
    assert not [name for name in HARMLESS_HEADERS if looks_like_credential(name)]
    assert all(name == name.lower() for name in HARMLESS_HEADERS)
