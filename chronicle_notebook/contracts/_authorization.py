"""The messages for each kind of credentials: one entry for each class of ``model``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from chronicle_notebook.base._errors import InvalidDefinitionError
from chronicle_notebook.contracts.wire import webhooks_pb2 as wire
from chronicle_notebook.model import (
    BasicAuthorization,
    BearerAuthorization,
    NoAuthorization,
    OAuthAuthorization,
    WebhookCredentials,
    WebhookDefinition,
)

_OneOf = wire.OneOf_BasicAuthorization_BearerTokenAuthorization_OAuthAuthorization


@dataclass(frozen=True, slots=True)
class WireEntry:
    """The message of one kind of credentials."""

    member: str
    """The member of the authorization that contains the message."""
    message: Callable[[Any], Message]
    """The message of given credentials, with the secret in clear."""


ENTRIES: dict[type[WebhookCredentials], WireEntry] = {
    BasicAuthorization: WireEntry(
        "Value0", lambda it: wire.BasicAuthorization(Username=it.username, Password=it.password.reveal())
    ),
    BearerAuthorization: WireEntry("Value1", lambda it: wire.BearerTokenAuthorization(Token=it.token.reveal())),
    OAuthAuthorization: WireEntry(
        "Value2",
        lambda it: wire.OAuthAuthorization(
            Authority=it.authority, ClientId=it.client_id, ClientSecret=it.client_secret.reveal()
        ),
    ),
}


def authorization_to_wire(definition: WebhookDefinition) -> _OneOf | None:
    """The authorization of a definition, with the secret in clear: keep it out of local variables.

    :raises InvalidDefinitionError: the credentials are not known.
    """
    if isinstance(definition.authorization, NoAuthorization):
        return None
    entry = ENTRIES.get(type(definition.authorization))  # type: ignore[arg-type]
    if entry is None:
        raise InvalidDefinitionError(
            f"Webhook {definition.id!r}: its credentials are not known, because the definition was read back.",
            field="authorization",
            webhook=definition.id,
            hint="Give the credentials again before you register it.",
        )
    return _OneOf(**{entry.member: entry.message(definition.authorization)})  # type: ignore[arg-type]


def kind_of_authorization(message: wire.WebhookDefinition) -> int:
    """The number of the kind of an authorization: the first value that is set decides."""
    authorization = message.Target.Authorization
    for kind, entry in ENTRIES.items():
        if authorization.HasField(entry.member):  # type: ignore[arg-type]
            return kind.number
    return 0


def details_of_authorization(message: wire.WebhookDefinition) -> dict[str, str]:
    """What a kernel lists of an authorization beside its secret: the user name, or the authority and the client id.

    A secret is never read. Kernels on SQL storage list nothing at all (seen on 16.37.1).
    """
    authorization = message.Target.Authorization
    if authorization.HasField("Value0"):
        return {"username": authorization.Value0.Username}
    if authorization.HasField("Value2"):
        return {"authority": authorization.Value2.Authority, "client_id": authorization.Value2.ClientId}
    return {}


def has_secret(message: wire.WebhookDefinition) -> bool:
    """Whether a webhook of a list has a secret. Its value goes nowhere."""
    authorization = message.Target.Authorization
    return any((authorization.Value0.Password, authorization.Value1.Token, authorization.Value2.ClientSecret))
