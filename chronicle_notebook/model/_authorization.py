"""How the deliveries of a webhook prove their origin: the three kinds that a kernel knows, none, and "undisclosed"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from chronicle_notebook.base._public import public
from chronicle_notebook.base._secrets import Secret


@public
class AuthorizationKind(StrEnum):
    """The kind of an authorization. A kernel returns nothing else."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"
    OAUTH = "oauth"
    UNKNOWN = "unknown"
    """A kind that this version does not know, read back from a kernel. It cannot be registered."""


@public
@dataclass(frozen=True, slots=True)
class NoAuthorization:
    """Deliveries carry no ``Authorization`` header."""

    kind: ClassVar[AuthorizationKind] = AuthorizationKind.NONE


NO_AUTHORIZATION = NoAuthorization()


@public
@dataclass(frozen=True, slots=True)
class BasicAuthorization:
    """``Authorization: Basic`` with a user name and a password."""

    kind: ClassVar[AuthorizationKind] = AuthorizationKind.BASIC
    username: str
    password: Secret


@public
@dataclass(frozen=True, slots=True)
class BearerAuthorization:
    """``Authorization: Bearer`` with a fixed token."""

    kind: ClassVar[AuthorizationKind] = AuthorizationKind.BEARER
    token: Secret


@public
@dataclass(frozen=True, slots=True)
class OAuthAuthorization:
    """``Authorization: Bearer`` with a token that the kernel fetches from ``authority`` (client credentials).

    The kernel finds the token endpoint in ``{authority}/.well-known/openid-configuration``.
    """

    kind: ClassVar[AuthorizationKind] = AuthorizationKind.OAUTH
    authority: str
    client_id: str
    client_secret: Secret


@public
@dataclass(frozen=True, slots=True)
class UndisclosedAuthorization:
    """An authorization that was read back: the kind is known, the credentials are not.

    Kernels never return credentials, or only their ciphertext. So a definition with this authorization can be shown and
    compared, but not registered, because that would lose the credentials.
    """

    kind: AuthorizationKind

    def __repr__(self) -> str:
        return f"UndisclosedAuthorization(kind={self.kind.value!r})"


WebhookAuthorization = (
    NoAuthorization | BasicAuthorization | BearerAuthorization | OAuthAuthorization | UndisclosedAuthorization
)
"""All types of :attr:`WebhookDefinition.authorization`."""
