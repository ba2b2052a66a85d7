"""What stands in the fields of a form, and the definition that it amounts to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from chronicle_notebook.base._credential_names import HARMLESS_HEADERS
from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition._references import VariableNames
from chronicle_notebook.definition.rules._header import header_caution
from chronicle_notebook.model import (
    EVENT_LOG,
    NO_AUTHORIZATION,
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    OAuthAuthorization,
    UndisclosedAuthorization,
    WebhookAuthorization,
    WebhookDefinition,
    registrable,
)

ENV = "env:"
ENVIRONMENT, TYPED = "env", "typed"

SECRET_FIELDS = {
    AuthorizationKind.BASIC: "password",
    AuthorizationKind.BEARER: "token",
    AuthorizationKind.OAUTH: "client_secret",
}
"""What the secret of each kind of authorization is called."""


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """One header. A value that is, was or looks like a credential is held as a secret."""

    key: int
    """Tells the rows of a form apart."""
    name: str = ""
    value: str | Secret = ""

    @classmethod
    def of(cls, key: int, name: str, value: str | Secret) -> HeaderRow:
        """The row of a header of a definition. One that was read back may have been given as a secret."""
        return cls(key, name, value if isinstance(value, Secret) or name.lower() in HARMLESS_HEADERS else Secret(value))

    @property
    def masked(self) -> bool:
        """Whether the value must not be shown."""
        return isinstance(self.value, Secret) and self.value.reference is None

    @property
    def shown(self) -> str:
        """The value as it may be shown: as it is, as its reference, or nothing."""
        return (self.value.reference or "") if isinstance(self.value, Secret) else self.value

    def given(self, name: str | None, value: str | None) -> HeaderRow:
        """With what was typed. ``env:NAME`` becomes a reference; a credential that is typed becomes a secret."""
        row = self if name is None else replace(self, name=name)
        if value is not None:
            row = replace(row, value=_header_value(value))
        if isinstance(row.value, str) and row.value and header_caution(row.name, row.value):
            row = replace(row, value=Secret(row.value))
        return row


def _header_value(text: str) -> str | Secret:
    if not text.startswith(ENV):
        return text
    try:
        return Secret.parse(text)
    except InvalidInputError:
        return text


@dataclass(frozen=True, slots=True)
class Fields:
    """Everything that is filled in. Values that cannot work are possible here; the rules tell what is wrong."""

    id: str = ""
    target_url: str = ""
    event_sequence_id: str = EVENT_LOG
    all_known: bool = False
    """All event types that are known when it is registered, instead of those chosen."""
    event_types: tuple[str, ...] = ()
    """``Id`` or ``Id+generation``."""
    typed_type: str = ""
    """What was typed to be one and is none."""
    kind: AuthorizationKind = AuthorizationKind.NONE
    username: str = ""
    authority: str = ""
    client_id: str = ""
    source: str = ENVIRONMENT
    """Where the secret comes from: ``env`` for an environment variable, ``typed`` for the form."""
    variable: str = ""
    """The environment variable."""
    secret: Secret | None = None
    """What was typed."""
    headers: tuple[HeaderRow, ...] = ()
    replayable: bool = True
    active: bool = True

    @classmethod
    def of(cls, definition: WebhookDefinition) -> Fields:
        """The fields of a definition. Of an authorization that was read back only the kind is known."""
        authorization = definition.authorization
        fields = cls(
            id=definition.id,
            target_url=definition.target_url,
            event_sequence_id=definition.event_sequence_id,
            event_types=tuple(dict.fromkeys(str(registrable(kind)) for kind in definition.event_types)),
            kind=authorization.kind,
            headers=tuple(
                HeaderRow.of(key, name, value) for key, (name, value) in enumerate(definition.headers.items(), start=1)
            ),
            replayable=definition.replayable,
            active=definition.active,
        )
        match authorization:
            case BasicAuthorization(username, secret):
                return replace(fields, username=username).with_secret(secret)
            case BearerAuthorization(secret):
                return fields.with_secret(secret)
            case OAuthAuthorization(authority, client_id, secret):
                return replace(fields, authority=authority, client_id=client_id).with_secret(secret)
            case _:
                return fields

    def with_secret(self, secret: Secret | None) -> Fields:
        """With this secret, as the variable that it refers to or as one that was typed."""
        if secret is not None and (secret.reference or "").startswith(ENV):
            return replace(self, source=ENVIRONMENT, variable=(secret.reference or "").removeprefix(ENV))
        return replace(self, source=TYPED, secret=secret)

    @property
    def held(self) -> Secret | None:
        """The secret of the authorization, if there is one yet."""
        if self.source != ENVIRONMENT:
            return self.secret
        try:
            return Secret.env(self.variable.removeprefix(ENV))
        except InvalidInputError:
            return None

    def definition(self, known: Iterable[EventType]) -> WebhookDefinition:
        """The definition, as far as it goes; ``known`` are the event types that "all" means."""
        chosen = tuple(known) if self.all_known else tuple(EventType.parse(text) for text in self.event_types)
        return WebhookDefinition(
            id=self.id.strip(),
            target_url=self.target_url.strip(),
            event_types=chosen,
            authorization=self._authorization(),
            headers={row.name: row.value for row in self.headers if row.name or row.shown or row.masked},
            event_sequence_id=self.event_sequence_id,
            replayable=self.replayable,
            active=self.active,
        )

    def _authorization(self) -> WebhookAuthorization:
        secret = self.held or Secret("")
        if self.kind is AuthorizationKind.BASIC:
            return BasicAuthorization(self.username, secret)
        if self.kind is AuthorizationKind.BEARER:
            return BearerAuthorization(secret)
        if self.kind is AuthorizationKind.OAUTH:
            return OAuthAuthorization(self.authority.strip(), self.client_id, secret)
        if self.kind is AuthorizationKind.UNKNOWN:
            return UndisclosedAuthorization(self.kind)  # which is refused until another is chosen
        return NO_AUTHORIZATION


def suggested_variable(fields: Fields) -> str:
    """The environment variable that the code beside the form names until one is filled in."""
    secret = VariableNames(fields.id.strip(), set()).secret(SECRET_FIELDS.get(fields.kind, ""))
    return (secret.reference or "").removeprefix(ENV)


TEXTS = ("typed_type", "id", "target_url", "event_sequence_id", "username", "authority", "client_id", "variable")
FLAGS = ("all_known", "replayable", "active")


def changed(fields: Fields, name: str, value: Any) -> Fields:
    """With one field as it was filled in.

    :raises InvalidInputError: there is no such field, or it does not take such a value.
    """
    if (name in TEXTS and isinstance(value, str)) or (name in FLAGS and isinstance(value, bool)):
        one: dict[str, Any] = {name: value}
        return replace(fields, **one)
    if name == "event_types" and isinstance(value, (list, tuple)):
        return replace(fields, event_types=tuple(dict.fromkeys(map(str, value))), all_known=False)
    if name == "kind" and value in list(AuthorizationKind):
        return replace(fields, kind=AuthorizationKind(value))
    if name == "source" and value in {ENVIRONMENT, TYPED}:
        return replace(fields, source=value)
    raise InvalidInputError(f"The form has no field {name!r} of such a value.", field=name)
