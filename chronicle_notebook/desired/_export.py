"""Which registered webhooks a file can have."""

from __future__ import annotations

from collections.abc import Iterable

from chronicle_notebook.definition.rules._check import problems
from chronicle_notebook.model import AuthorizationKind, UndisclosedAuthorization, WebhookDefinition, registrable


def exported(definitions: Iterable[WebhookDefinition]) -> tuple[list[WebhookDefinition], list[WebhookDefinition]]:
    """The webhooks that a file can have, and the others, which other clients registered."""
    kept: list[WebhookDefinition] = []
    left: list[WebhookDefinition] = []
    for each in definitions:
        (kept if _fits(each) else left).append(each)
    return kept, left


def _fits(definition: WebhookDefinition) -> bool:
    """Whether a webhook can be registered from a file, once its secrets are given."""
    authorization = definition.authorization
    if authorization.kind is AuthorizationKind.UNKNOWN:
        return False
    types = tuple(dict.fromkeys(map(registrable, definition.event_types)))
    undisclosed = isinstance(authorization, UndisclosedAuthorization)
    found = problems(definition.changed(event_types=types))
    return all(undisclosed and each.field == "authorization" for each in found)


def literal(webhook: str) -> str:
    """The pattern that only this id has."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in webhook)
