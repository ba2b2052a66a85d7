"""What a kernel lists of an authorization beside the secret is kept, shown, and written as code: never the secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import chronicle_notebook as cn
from chronicle_notebook.definition._code import Style
from chronicle_notebook.model import AuthorizationKind, EventType, RegisteredEventType

SECRET = "canary-51ae"
KIND = EventType("AccountOpened")
BASIC = cn.BasicAuthorization("desk", cn.Secret(SECRET))
OAUTH = cn.OAuthAuthorization("https://id.example.com/realms/shop", "webhooks", cn.Secret(SECRET))
BEARER = cn.BearerAuthorization(cn.Secret(SECRET))


@pytest.fixture(scope="module")
def client() -> Iterator[cn.Client]:
    with (
        cn.Sandbox(behaves_like="16.37-inmemory", settle_delay=0.0, time_scale=0.01) as sandbox,
        cn.connect(sandbox.connection_string, event_store="shop", name="details") as opened,
    ):
        opened.ensure_event_store()
        opened._kernel.register_event_types("shop", [RegisteredEventType(KIND)])
        for name, authorization in (("basic", BASIC), ("oauth", OAUTH), ("bearer", BEARER)):
            opened.webhooks.register(
                cn.WebhookDefinition(name, "http://127.0.0.1:9/in", (KIND,), authorization=authorization), wait=5
            )
        yield opened


def test_what_the_kernel_lists_is_shown_and_the_secret_is_not(client: cn.Client) -> None:
    hooks = client.webhooks.all()
    assert hooks["basic"].authorization.summary() == "basic, user name 'desk', password not returned by the kernel"
    told = hooks["oauth"].authorization.summary()
    assert told == (
        "oauth, authority https://id.example.com/realms/shop, client id 'webhooks', client secret not returned by the "
        "kernel"
    )
    assert hooks["bearer"].authorization.summary() == "bearer, credentials not returned by the kernel"
    shown = repr(hooks) + hooks._repr_html_() + "".join(client.webhooks.get(each)._repr_html_() for each in hooks.ids)
    assert "crk1" not in shown
    assert SECRET not in shown
    assert "desk" in client.webhooks.get("basic")._repr_html_()


@pytest.mark.parametrize("style", ["python", "cell", "yaml"])
def test_code_has_them_and_a_reference_for_the_secret(client: cn.Client, style: Style) -> None:
    basic, oauth = str(client.webhooks.code("basic", style)), str(client.webhooks.code("oauth", style))
    assert "desk" in basic
    assert "USERNAME" not in basic.upper().replace("USERNAME:", "").replace("USERNAME=", "")
    assert "https://id.example.com/realms/shop" in oauth
    assert "webhooks" in oauth
    for text in (basic, oauth):
        assert "env" in text
        assert "crk1" not in text
        assert SECRET not in text


def test_they_are_not_compared_and_not_kept_in_a_pickle(client: cn.Client) -> None:
    listed = client.webhooks.get("basic")
    assert listed == listed.changed(authorization=cn.UndisclosedAuthorization(AuthorizationKind.BASIC))
    assert "desk" not in listed.without_secrets().authorization.summary()
