"""The fields of a form, and the definition that they describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    EventType,
    UndisclosedAuthorization,
    WebhookAuthorization,
    WebhookCredentials,
    WebhookDefinition,
    registrable,
    secrets_of,
)
from chronicle_notebook.model._authorization import KINDS, Content, CredentialField, kinds, text_fields

ENV = "env:"
ENVIRONMENT, TYPED = "env", "typed"


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """One header. A value is a secret if it is, was or looks like a credential."""

    key: int
    """Identifies the row in its form."""
    name: str = ""
    value: str | Secret = ""

    @classmethod
    def of(cls, key: int, name: str, value: str | Secret) -> HeaderRow:
        """The row for a header of a definition. A header that was read back may have been given as a secret."""
        return cls(key, name, value if isinstance(value, Secret) or name.lower() in HARMLESS_HEADERS else Secret(value))

    @property
    def masked(self) -> bool:
        """Whether the value must not be shown."""
        return isinstance(self.value, Secret) and self.value.reference is None

    @property
    def shown(self) -> str:
        """The value as it may be shown: as it is, as its reference, or empty."""
        return (self.value.reference or "") if isinstance(self.value, Secret) else self.value

    def given(self, name: str | None, value: str | None) -> HeaderRow:
        """The row with the typed text. ``env:NAME`` becomes a reference; a typed credential becomes a secret."""
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
    """All fields of a form. They may have values that cannot work; the rules say what is wrong."""

    id: str = ""
    target_url: str = ""
    event_sequence_id: str = EVENT_LOG
    all_known: bool = False
    """Whether the webhook receives all event types that are known when it is registered, instead of the chosen ones."""
    event_types: tuple[str, ...] = ()
    """``Id`` or ``Id+generation``."""
    typed_type: str = ""
    """A typed text that is not an event type."""
    kind: AuthorizationKind = AuthorizationKind.NONE
    texts: Mapping[str, str] = field(default_factory=dict)
    """The fields of all credentials that are not secret, by their names. A change of the kind keeps them."""
    source: str = ENVIRONMENT
    """The source of the secret: ``env`` for an environment variable, ``typed`` for the form."""
    variable: str = ""
    """The environment variable."""
    secret: Secret | None = None
    """The typed secret; None if none was typed yet."""
    headers: tuple[HeaderRow, ...] = ()
    replayable: bool = True
    active: bool = True

    @classmethod
    def of(cls, definition: WebhookDefinition) -> Fields:
        """The fields of a definition. Of an authorization that was read back the kind is known, and what a kernel
        lists beside the secret."""
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
        for part, secret in secrets_of(authorization):
            values = authorization.values() if isinstance(authorization, WebhookCredentials) else {}
            texts = {name: value for name, value in values.items() if name != part.name}
            return replace(fields, texts=texts).with_secret(secret)
        return replace(
            fields, texts=authorization.listed if isinstance(authorization, UndisclosedAuthorization) else {}
        )

    def with_secret(self, secret: Secret | None) -> Fields:
        """The fields with this secret, as its environment variable or as typed text."""
        if secret is not None and (secret.reference or "").startswith(ENV):
            return replace(self, source=ENVIRONMENT, variable=(secret.reference or "").removeprefix(ENV))
        return replace(self, source=TYPED, secret=secret)

    @property
    def held(self) -> Secret | None:
        """The secret of the authorization; None if there is none yet."""
        if self.source != ENVIRONMENT:
            return self.secret
        try:
            return Secret.env(self.variable.removeprefix(ENV))
        except InvalidInputError:
            return None

    def definition(self, known: Iterable[EventType]) -> WebhookDefinition:
        """The definition, which may be incomplete. ``known`` are the event types for "all"."""
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

    @property
    def credentials(self) -> type[WebhookCredentials] | None:
        """The class of the chosen kind; None for none, and for a kind that is not known."""
        return KINDS.get(self.kind.value)

    def _authorization(self) -> WebhookAuthorization:
        kind = self.credentials
        if kind is None:
            # A kind that is not known is refused until another is chosen.
            return NO_AUTHORIZATION if self.kind is AuthorizationKind.NONE else UndisclosedAuthorization(self.kind)
        secret = self.held or Secret("")
        return kind.of({part.name: secret if part.secret else self._text(part) for part in kind.parts()})

    def _text(self, part: CredentialField) -> str:
        text = self.texts.get(part.name, "")
        return text.strip() if part.content is Content.URL else text


def suggested_variable(fields: Fields) -> str:
    """The environment variable that the form fills in until the user names another."""
    secret = VariableNames(fields.id.strip(), set()).secret(
        "" if fields.credentials is None else fields.credentials.secret_part().name
    )
    return (secret.reference or "").removeprefix(ENV)


TEXTS = ("typed_type", "id", "target_url", "event_sequence_id", "variable")
FLAGS = ("all_known", "replayable", "active")


def changed(fields: Fields, name: str, value: Any) -> Fields:
    """The fields with one changed field. A suggested variable follows the id and the kind of authorization.

    :raises InvalidInputError: there is no such field, or the field does not accept the value.
    """
    result = _set(fields, name, value)
    if name in {"id", "kind"} and result.credentials is not None:
        suggested = "" if fields.credentials is None else suggested_variable(fields)
        if fields.variable in {"", suggested}:
            return replace(result, variable=suggested_variable(result))
    return result


def _set(fields: Fields, name: str, value: Any) -> Fields:
    if (name in TEXTS and isinstance(value, str)) or (name in FLAGS and isinstance(value, bool)):
        one: dict[str, Any] = {name: value}
        return replace(fields, **one)
    if name == "event_types" and isinstance(value, (list, tuple)):
        return replace(fields, event_types=tuple(dict.fromkeys(map(str, value))), all_known=False)
    if any(name == part.name for part in text_fields()) and isinstance(value, str):
        return replace(fields, texts={**fields.texts, name: value})
    if name == "kind" and value in kinds():
        return replace(fields, kind=kinds()[value])
    if name == "source" and value in {ENVIRONMENT, TYPED}:
        return replace(fields, source=value)
    raise InvalidInputError(f"The form has no field {name!r} with such a value.", field=name)
