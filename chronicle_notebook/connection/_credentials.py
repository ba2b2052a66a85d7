"""How a client proves its identity to a kernel."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from chronicle_notebook.base._errors import InvalidConnectionStringError
from chronicle_notebook.base._secrets import Secret

DEVELOPMENT_CLIENT_ID = "chronicle-dev-client"
"""The client id of a pair that exists only in development builds of the kernel. Clients use it if they have no other.
Its secret is public (source: C/DotNET/ChronicleClient.cs)."""


class AuthenticationMode(StrEnum):
    """The kind of proof that goes with each call."""

    NONE = "none"
    """No proof."""
    CLIENT_CREDENTIALS = "client-credentials"
    """An id and a secret. The kernel's token endpoint exchanges them for a token."""
    API_KEY = "api-key"
    """A token that is sent as it is. For a kernel an api key must be an access token; there is no other kind."""


class Credentials(NamedTuple):
    """The description of the credentials for people. It contains no secret.

    The module ``_tokens`` exchanges an id and a secret for a token.
    """

    mode: AuthenticationMode
    client_id: str | None = None
    """The id that is sent with client credentials."""
    development: bool = False
    """Whether the development pair is used because no credentials were given."""

    def describe(self) -> str:
        """A short text, for example ``client credentials (id 'orders')``."""
        if self.mode is AuthenticationMode.NONE:
            return "none"
        if self.mode is AuthenticationMode.API_KEY:
            return "api key"
        return f"client credentials ({'development pair' if self.development else f'id {self.client_id!r}'})"


def choose(*, auth: str | None, username: str | None, password: Secret | None, api_key: Secret | None) -> Credentials:
    """Choose the credentials (source: C/Connections/ChronicleConnectionString.cs).

    :raises InvalidConnectionStringError: the choice is ambiguous, or one half of a pair is missing.
    """
    if auth == "none":
        return Credentials(AuthenticationMode.NONE)
    if bool(username) != bool(password):
        absent, given = ("password", "a user name") if username else ("username", "a password")
        raise InvalidConnectionStringError(
            f"There is {given} without a {'password' if username else 'user name'}.",
            field=absent,
            hint="Write chronicle://id:secret@host, or auth=none to send no credentials.",
        )
    if username and api_key is not None:
        raise InvalidConnectionStringError(
            "There is a user name with a password and also an apiKey, but only one of the two can be used.",
            field="apiKey",
            hint="Leave out one of them.",
        )
    if api_key is not None:
        return Credentials(AuthenticationMode.API_KEY)
    return Credentials(AuthenticationMode.CLIENT_CREDENTIALS, username or DEVELOPMENT_CLIENT_ID, not username)
