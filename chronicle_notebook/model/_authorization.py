"""How a webhook's deliveries prove who they are from: the three kinds a kernel knows, none, and "not told"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from chronicle_notebook.base._public import public
from chronicle_notebook.base._secrets import Secret


@public
class AuthorizationKind(StrEnum):
    """The kind alone, which is all that a kernel gives back."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"
    OAUTH = "oauth"
    UNKNOWN = "unknown"
    """Read back from a kernel that knows more kinds than this version. It cannot be registered."""


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

    The kernel looks the token endpoint up at ``{authority}/.well-known/openid-configuration``.
    """

    kind: ClassVar[AuthorizationKind] = AuthorizationKind.OAUTH
    authority: str
    client_id: str
    client_secret: Secret


@public
@dataclass(frozen=True, slots=True)
class UndisclosedAuthorization:
    """An authorization that was read back: its kind is known, its credentials are not.

    Kernels never give credentials back (or only their ciphertext), so a definition that holds this can be shown and
    compared, and cannot be registered: that would lose the credentials.
    """

    kind: AuthorizationKind

    def __repr__(self) -> str:
        return f"UndisclosedAuthorization(kind={self.kind.value!r})"


WebhookAuthorization = (
    NoAuthorization | BasicAuthorization | BearerAuthorization | OAuthAuthorization | UndisclosedAuthorization
)
"""Everything that can stand in :attr:`WebhookDefinition.authorization`."""
