"""How the deliveries of a webhook prove their origin: the three kinds that a kernel knows, none, and "undisclosed".

Each kind of credentials is one class, which describes its fields; all other modules use this description. A new kind
needs a class here and its message in ``contracts/_authorization.py``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum, StrEnum
from typing import Any, ClassVar, TypeVar

from chronicle_notebook.base._public import public
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import shown


@public
class AuthorizationKind(StrEnum):
    """The kind of an authorization. A kernel returns nothing else."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"
    OAUTH = "oauth"
    UNKNOWN = "unknown"
    """A kind that this version does not know, read back from a kernel. It cannot be registered."""


class Content(Enum):
    """The content of a field of credentials. The rules check a field by its content."""

    TEXT = "text"
    USER_NAME = "user name"
    URL = "url"
    SECRET = "secret"  # noqa: S105 - a kind of content
    TOKEN = "token"  # noqa: S105 - a kind of content


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One field of a kind of credentials."""

    name: str
    content: Content
    label: str
    """The name in a sentence, for example ``client id``."""

    @property
    def secret(self) -> bool:
        """Whether the value is a :class:`Secret`."""
        return self.content in {Content.SECRET, Content.TOKEN}


def holds(content: Content, label: str) -> dict[str, Any]:
    """The metadata of a dataclass field that is a field of credentials."""
    return {"content": content, "label": label}


class WebhookCredentials:
    """The base of all kinds of credentials: fields that describe themselves, exactly one of which is a secret."""

    __slots__ = ()

    kind: ClassVar[AuthorizationKind]
    number: ClassVar[int]
    """The number of the kind in the lists of a kernel."""
    title: ClassVar[str]
    """The name of the kind in the form."""
    step: ClassVar[str] = "with_authorization"
    """The method of ``DefinitionBuilder`` that takes the fields; ``with_authorization`` takes the whole value."""
    fetched: ClassVar[bool] = False
    """Whether the kernel fetches the token of each delivery from another server, so that nobody else can test it."""

    @classmethod
    def parts(cls) -> tuple[CredentialField, ...]:
        """The fields, in the order of the constructor."""
        return tuple(CredentialField(each.name, **each.metadata) for each in fields(cls))  # type: ignore[arg-type]

    @classmethod
    def secret_part(cls) -> CredentialField:
        """The field that is a secret."""
        return next(part for part in cls.parts() if part.secret)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> WebhookCredentials:
        """The credentials with these values, by the names of the fields."""
        return cls(**{part.name: values[part.name] for part in cls.parts()})

    def values(self) -> dict[str, Any]:
        """The values by the names of the fields. Credentials that were built by hand can contain anything."""
        return {part.name: getattr(self, part.name) for part in self.parts()}

    def summary(self) -> str:
        """The kind and the fields, with the origin of the secret in place of its value."""
        told = (f"{part.label} {_told(part, getattr(self, part.name))}" for part in self.parts())
        return ", ".join([self.kind.value, *told])

    def header(self) -> str | None:
        """The value of the ``Authorization`` header, with the secret in clear; None if only a kernel can make it."""
        return None

    def sent(self) -> Iterator[Callable[[], str]]:
        """Functions that return the texts which contain the secret in a registration or a delivery. Each call looks the
        secret up."""
        yield getattr(self, self.secret_part().name).reveal
        if not self.fetched:
            yield lambda: (self.header() or "").partition(" ")[2]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


def _told(part: CredentialField, value: object) -> str:
    if isinstance(value, Secret):
        return f"from {value.reference}" if value.reference is not None else "given as a literal"
    if part.content is Content.URL and isinstance(value, str):
        return shown(value)
    return "given as a literal" if part.secret else repr(value)


KINDS: dict[str, type[WebhookCredentials]] = {}
"""The kinds of credentials by their names."""


@public
@dataclass(frozen=True, slots=True)
class NoAuthorization:
    """Deliveries carry no ``Authorization`` header."""

    kind: ClassVar[AuthorizationKind] = AuthorizationKind.NONE

    def summary(self) -> str:
        """The kind."""
        return "none"


NO_AUTHORIZATION = NoAuthorization()


@public
@dataclass(frozen=True, slots=True)
class UndisclosedAuthorization:
    """An authorization that was read back: the kind is known, the credentials are not.

    Kernels never return credentials, or only their ciphertext. So a definition with this authorization can be shown and
    compared, but not registered, because that would lose the credentials.
    """

    kind: AuthorizationKind
    references: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """The fields of credentials that a file gives as references, some of which have no value here: the name of each
    field, and its text in the file. Empty for an authorization that was read back."""
    details: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """What a kernel lists beside the secret: the names and values of a user name, an authority and a client id. Only
    kernels up to 16.37 with in-memory storage list them (seen on 16.37.1)."""

    def __repr__(self) -> str:
        return f"UndisclosedAuthorization(kind={self.kind.value!r})"

    @property
    def credentials(self) -> type[WebhookCredentials] | None:
        """The class of the credentials that are not known; None for a kind that this version does not know."""
        return KINDS.get(self.kind.value)

    @property
    def listed(self) -> dict[str, str]:
        """``details`` without empty values: what nobody needs to be asked for again."""
        return {name: value for name, value in self.details if value}

    def summary(self) -> str:
        """The kind, and that nothing else is known."""
        if self.references:
            return f"{self.kind.value}, credentials not set here"
        if not self.details or self.credentials is None:
            return f"{self.kind.value}, credentials not returned by the kernel"
        parts = {part.name: part for part in self.credentials.parts()}
        told = [f"{parts[name].label} {_told(parts[name], value)}" for name, value in self.details]
        secret = self.credentials.secret_part().label
        return ", ".join([self.kind.value, *told, f"{secret} not returned by the kernel"])


_UNDISCLOSED: dict[int, NoAuthorization | UndisclosedAuthorization] = {0: NO_AUTHORIZATION}
_UNKNOWN = UndisclosedAuthorization(AuthorizationKind.UNKNOWN)
Kind = TypeVar("Kind", bound=type[WebhookCredentials])


def credentials(cls: Kind) -> Kind:
    """Add a class to the kinds.

    :raises TypeError: the class does not have exactly one secret: a form and a rotation replace "the secret".
    """
    if sum(part.secret for part in cls.parts()) != 1:
        raise TypeError(f"{cls.__qualname__} must have exactly one field that is a secret.")
    KINDS[cls.kind.value] = cls
    _UNDISCLOSED[cls.number] = UndisclosedAuthorization(cls.kind)
    return cls


@public
@credentials
@dataclass(frozen=True, slots=True)
class BasicAuthorization(WebhookCredentials):
    """``Authorization: Basic`` with a user name and a password."""

    kind: ClassVar[AuthorizationKind] = AuthorizationKind.BASIC
    number: ClassVar[int] = 1
    title: ClassVar[str] = "Basic"
    step: ClassVar[str] = "with_basic_auth"
    username: str = field(metadata=holds(Content.USER_NAME, "user name"))
    password: Secret = field(metadata=holds(Content.SECRET, "password"))

    def header(self) -> str:
        """The user name and the password in base64 (RFC 7617)."""
        return f"Basic {_base64(f'{self.username}:{self.password.reveal()}')}"


@public
@credentials
@dataclass(frozen=True, slots=True)
class BearerAuthorization(WebhookCredentials):
    """``Authorization: Bearer`` with a fixed token."""

    kind: ClassVar[AuthorizationKind] = AuthorizationKind.BEARER
    number: ClassVar[int] = 2
    title: ClassVar[str] = "Bearer"
    step: ClassVar[str] = "with_bearer_token"
    token: Secret = field(metadata=holds(Content.TOKEN, "token"))

    def header(self) -> str:
        """The token as it is (RFC 6750)."""
        return f"Bearer {self.token.reveal()}"


@public
@credentials
@dataclass(frozen=True, slots=True)
class OAuthAuthorization(WebhookCredentials):
    """``Authorization: Bearer`` with a token that the kernel fetches from ``authority`` (client credentials).

    The kernel finds the token endpoint in ``{authority}/.well-known/openid-configuration``.
    """

    kind: ClassVar[AuthorizationKind] = AuthorizationKind.OAUTH
    number: ClassVar[int] = 3
    title: ClassVar[str] = "OAuth"
    step: ClassVar[str] = "with_oauth"
    fetched: ClassVar[bool] = True
    authority: str = field(metadata=holds(Content.URL, "authority"))
    client_id: str = field(metadata=holds(Content.TEXT, "client id"))
    client_secret: Secret = field(metadata=holds(Content.SECRET, "client secret"))


WebhookAuthorization = NoAuthorization | WebhookCredentials | UndisclosedAuthorization
"""All types of :attr:`WebhookDefinition.authorization`."""


def class_of(authorization: WebhookAuthorization) -> type[WebhookCredentials] | None:
    """The class of the credentials, known or not; None without credentials and for an unknown kind."""
    if isinstance(authorization, UndisclosedAuthorization):
        return authorization.credentials
    return type(authorization) if isinstance(authorization, WebhookCredentials) else None


def is_fetched(authorization: WebhookAuthorization) -> bool:
    """Whether the kernel fetches a token for the deliveries, so that nobody else can test them."""
    kind = class_of(authorization)
    return kind is not None and kind.fetched


def secrets_of(authorization: object) -> list[tuple[CredentialField, Secret]]:
    """The secret of an authorization, with its field. An authorization that was built by hand may have none."""
    if not isinstance(authorization, WebhookCredentials):
        return []
    part = authorization.secret_part()
    value = getattr(authorization, part.name)
    return [(part, value)] if isinstance(value, Secret) else []


def kind_names() -> tuple[str, ...]:
    """The names of all kinds; "none" is the first."""
    return (AuthorizationKind.NONE.value, *KINDS)


def authorization_keys() -> tuple[str, ...]:
    """The keys of an authorization as text: its kind, and the fields of all kinds."""
    return tuple(dict.fromkeys(["kind", *(part.name for each in KINDS.values() for part in each.parts())]))


def secret_keys() -> frozenset[str]:
    """The keys whose values are secrets."""
    return frozenset(each.secret_part().name for each in KINDS.values())


def text_fields() -> list[CredentialField]:
    """The text fields of all kinds, each name once."""
    found = {part.name: part for each in KINDS.values() for part in each.parts() if not part.secret}
    return list(found.values())


def kinds() -> dict[str, AuthorizationKind]:
    """All kinds by their names; "none" is the first, "unknown" the last."""
    known = {name: each.kind for name, each in KINDS.items()}
    return {"none": AuthorizationKind.NONE, **known, "unknown": AuthorizationKind.UNKNOWN}


def kind_numbers() -> dict[str, int]:
    """The number of each kind in the lists of a kernel, by its name, in the order of the numbers."""
    numbers = {AuthorizationKind.NONE.value: 0} | {name: each.number for name, each in KINDS.items()}
    return dict(sorted(numbers.items(), key=lambda item: item[1]))


def undisclosed(number: int, details: Mapping[str, str] | None = None) -> WebhookAuthorization:
    """The authorization of a webhook that was read back: its kind, without secrets.

    An unknown kind is not none: the deliveries do carry credentials.

    :param details: the fields that the kernel lists, by their names; empty ones are left out.
    """
    found = _UNDISCLOSED.get(number, _UNKNOWN)
    known = tuple((name, value) for name, value in (details or {}).items() if value)
    return replace(found, details=known) if known and isinstance(found, UndisclosedAuthorization) else found
