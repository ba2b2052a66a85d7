"""How a client proves to a kernel who it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chronicle_notebook.base._errors import InvalidConnectionStringError
from chronicle_notebook.base._secrets import Secret

DEVELOPMENT_CLIENT_ID = "chronicle-dev-client"
"""The client of a pair that exists in development builds of the kernel only, and that clients use when nothing else is
given; its secret is no secret (source: C/DotNET/ChronicleClient.cs)."""


class AuthenticationMode(StrEnum):
    """Which proof goes with each call."""

    NONE = "none"
    """None at all."""
    CLIENT_CREDENTIALS = "client-credentials"
    """An id and a secret, which are exchanged for a token at the kernel's own token endpoint."""
    API_KEY = "api-key"
    """A token that is sent as it is. Kernels have no other notion of an api key: it must be an access token."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What to tell people of the credentials; it holds no secret.

    The exchange of an id and a secret for a token is in ``_tokens``.
    """

    mode: AuthenticationMode
    client_id: str | None = None
    """The id that is sent, with client credentials."""
    development: bool = False
    """Whether the development pair is used because nothing was given."""

    def describe(self) -> str:
        """In a few words, for example ``client credentials (id 'orders')``."""
        if self.mode is AuthenticationMode.NONE:
            return "none"
        if self.mode is AuthenticationMode.API_KEY:
            return "api key"
        return f"client credentials ({'development pair' if self.development else f'id {self.client_id!r}'})"


def choose(*, auth: str | None, username: str | None, password: Secret | None, api_key: Secret | None) -> Credentials:
    """Decide which credentials are meant (source: C/Connections/ChronicleConnectionString.cs).

    :raises InvalidConnectionStringError: when it is ambiguous, or a half is missing.
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
            "There are a user name with a password and an apiKey, and only one of them can be used.",
            field="apiKey",
            hint="Leave out one of them.",
        )
    if api_key is not None:
        return Credentials(AuthenticationMode.API_KEY)
    return Credentials(AuthenticationMode.CLIENT_CREDENTIALS, username or DEVELOPMENT_CLIENT_ID, not username)
