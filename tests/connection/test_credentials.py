from __future__ import annotations

import pytest

from chronicle_notebook.base._errors import InvalidConnectionStringError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.connection._credentials import AuthenticationMode, Credentials, choose

SECRET = Secret("s3cr3t")
KEY = Secret("k3y")


@pytest.mark.parametrize(
    ("auth", "username", "password", "api_key", "mode", "told"),
    [
        (None, None, None, None, "client-credentials", "client credentials (development pair)"),
        (None, "orders", SECRET, None, "client-credentials", "client credentials (id 'orders')"),
        (None, "orders", Secret.env("NOT_SET"), None, "client-credentials", "client credentials (id 'orders')"),
        (None, "it's\n", SECRET, None, "client-credentials", 'client credentials (id "it\'s\\n")'),
        (None, None, None, KEY, "api-key", "api key"),
        ("none", None, None, None, "none", "none"),
        ("none", "orders", SECRET, None, "none", "none"),
        ("none", "orders", None, None, "none", "none"),
        ("none", None, SECRET, None, "none", "none"),
        ("none", None, None, KEY, "none", "none"),
        ("none", "orders", SECRET, KEY, "none", "none"),
    ],
)
def test_what_is_given_decides_the_credentials(
    auth: str | None, username: str | None, password: Secret | None, api_key: Secret | None, mode: str, told: str
) -> None:
    chosen = choose(auth=auth, username=username, password=password, api_key=api_key)
    assert chosen.mode == AuthenticationMode(mode)
    assert chosen.describe() == told


@pytest.mark.parametrize(
    ("username", "password", "api_key", "field", "message"),
    [
        ("orders", None, None, "password", "There is a user name without a password."),
        ("orders", Secret(""), None, "password", "There is a user name without a password."),
        (None, SECRET, None, "username", "There is a password without a user name."),
        ("", SECRET, None, "username", "There is a password without a user name."),
        ("orders", None, KEY, "password", "There is a user name without a password."),
        (None, SECRET, KEY, "username", "There is a password without a user name."),
        (
            "orders",
            SECRET,
            KEY,
            "apiKey",
            "There is a user name with a password and also an apiKey, but only one of the two can be used.",
        ),
    ],
)
def test_a_half_or_too_much_is_refused(
    username: str | None, password: Secret | None, api_key: Secret | None, field: str, message: str
) -> None:
    with pytest.raises(InvalidConnectionStringError) as caught:
        choose(auth=None, username=username, password=password, api_key=api_key)
    assert (caught.value.field, caught.value.message) == (field, message)
    assert caught.value.hint


def test_the_development_pair_is_used_only_when_nothing_is_given() -> None:
    nothing = choose(auth=None, username=None, password=None, api_key=None)
    assert nothing == Credentials(AuthenticationMode.CLIENT_CREDENTIALS, "chronicle-dev-client", development=True)
    given = choose(auth=None, username="chronicle-dev-client", password=SECRET, api_key=None)
    assert not given.development
    assert given.client_id == "chronicle-dev-client"


def test_they_hold_no_secret() -> None:
    assert "s3cr3t" not in repr(choose(auth=None, username="orders", password=SECRET, api_key=None))
