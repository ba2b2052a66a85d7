"""A definition for people: of headers the names, of credentials the references, of a URL what is no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronicle_notebook._display import Card
from chronicle_notebook._secrets import Secret
from chronicle_notebook._url import shown
from chronicle_notebook.model._authorization import (
    BasicAuthorization,
    BearerAuthorization,
    OAuthAuthorization,
    UndisclosedAuthorization,
    WebhookAuthorization,
)

if TYPE_CHECKING:
    from chronicle_notebook.model._webhook import WebhookDefinition


def card(definition: WebhookDefinition) -> Card:
    """The whole definition, which may be registered or not."""
    return Card(heading=f"Webhook definition {definition.id!r}", facts=facts(definition))


def facts(definition: WebhookDefinition) -> list[tuple[str, str]]:
    """All fields but the id."""
    return [
        # Built by hand it can be anything.
        ("target", shown(definition.target_url) if isinstance(definition.target_url, str) else "not a text"),
        ("event types", ", ".join(map(str, definition.event_types)) or "none"),
        ("headers", ", ".join(sorted(map(str, definition.headers))) or "none"),
        ("authorization", _authorization(definition.authorization)),
        ("sequence", definition.event_sequence_id),
        ("replayable", "yes" if definition.replayable else "no"),
        ("active", "yes" if definition.active else "no"),
    ]


def _authorization(authorization: WebhookAuthorization) -> str:
    match authorization:
        case BasicAuthorization(username, password):
            return f"basic, user {username!r}, password {_where(password)}"
        case BearerAuthorization(token):
            return f"bearer, token {_where(token)}"
        case OAuthAuthorization(authority, client_id, client_secret):
            return f"oauth from {shown(authority)}, client {client_id!r}, secret {_where(client_secret)}"
        case UndisclosedAuthorization(kind):
            return f"{kind.value}, credentials not given back by the kernel"
        case _:
            return "none"


def _where(secret: Secret) -> str:
    return f"from {secret.reference}" if secret.reference is not None else "given as a literal"
