"""A definition without secrets, from which each style of code and each file is written.

A reference stays this reference. Any other secret becomes a reference to a new variable, made of the webhook's id and
the purpose. No secret is looked up for this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeGuard, cast

from chronicle_notebook.base._credential_names import HARMLESS_HEADERS
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._text import escaped, one_line
from chronicle_notebook.base._url import ReferencedText, shown
from chronicle_notebook.definition._references import VariableNames, looks_like_reference
from chronicle_notebook.definition.rules._header import header_caution
from chronicle_notebook.definition.rules._url import holds_credential
from chronicle_notebook.model import (
    AuthorizationKind,
    UndisclosedAuthorization,
    WebhookAuthorization,
    WebhookCredentials,
    WebhookDefinition,
    class_of,
    registrable,
)

Written = str | Secret
"""A text, or a reference to a value that the code does not contain."""

UNDISCLOSED = "The kernel does not return credentials: set these variables before you run this."
LEFT_OUT = "Values that may be secret are left out: set these variables before you run this."
UNKNOWN_KIND = (
    "This version does not know the kind of its authorization: without an authorization it is not the same webhook."
)
NO_GENERATION = "Generation 0 is written as 1: a kernel matches events only by the id of their type."
ALL_EVENT_TYPES = "Without event types it gets all event types that are known."


@dataclass(frozen=True, slots=True)
class Draft:
    """A definition without secrets, from which each style is written."""

    definition: WebhookDefinition
    url: Written
    kind: str
    authorization: dict[str, Written]
    headers: dict[str, Written]
    comments: tuple[str, ...]
    names: VariableNames
    """The variables that are taken, for whoever needs another one."""


def drafted(
    definition: WebhookDefinition, *, kinds: Collection[str] | None = None, only_credentials: bool = False
) -> Draft:
    """The draft of a definition.

    :param kinds: the kinds of references that may stay, for example ``env``; None for any.
    :param only_credentials: True if only headers and URLs that look like a credential become references.
    """
    given = [*_authorization_values(definition.authorization).values(), *definition.headers.values()]
    given.append(definition.target_url)
    references = (each.reference for each in given if isinstance(each, Secret | ReferencedText))
    taken = {reference.removeprefix("env:") for reference in references if reference}
    names = VariableNames(definition.id, taken)
    comments: list[str] = []

    def reference(value: str | Secret | None, purpose: str, new: Callable[[str], Secret]) -> Secret:
        if isinstance(value, Secret) and value.reference is not None:
            if kinds is None or value.reference.partition(":")[0] in kinds:
                return value
            comments.append(f"{purpose} was {json.dumps(value.reference)}; a cell accepts only env: and var:.")
        if isinstance(value, ReferencedText):
            return reference(Secret.parse(value.reference), purpose, new)
        return new(purpose)

    values = _authorization_values(definition.authorization)
    authorization: dict[str, Written] = {
        field: value if _is_plain(value) else reference(value, field, names.secret) for field, value in values.items()
    }
    headers: dict[str, Written] = {
        name: value
        if isinstance(value, str) and _harmless(name, value, only_credentials)
        else reference(value, name, names.header)
        for name, value in definition.headers.items()
    }
    # Last, so that it does not take a variable name from a secret.
    target, url = definition.target_url, cast("Written", definition.target_url)
    if isinstance(target, ReferencedText):
        url = reference(target, "target url", names.secret)
    elif holds_credential(target) if only_credentials else shown(target) != target:
        url = names.secret("target url")
        name = (url.reference or "").removeprefix("env:")
        comments.append(f"{name} is the whole of {one_line(shown(target), most=200)}")
    kept = url is definition.target_url and all(headers[name] is value for name, value in definition.headers.items())
    if not kept:
        had = f" webhooks.get({json.dumps(definition.id)}) has them while it is registered."
        comments.insert(0, LEFT_OUT + ("" if only_credentials else had))
    comments[:0] = _about_credentials(definition.authorization)
    if any(kind.generation == 0 for kind in definition.event_types):
        comments.append(NO_GENERATION)
        told = tuple(dict.fromkeys(map(registrable, definition.event_types)))
        definition = definition.changed(event_types=told)
    if not definition.event_types:
        comments.append(ALL_EVENT_TYPES)
    kind = definition.authorization.kind.value
    return Draft(definition, url, kind, authorization, headers, tuple(map(escaped, comments)), names)


def _harmless(name: str, value: str, only_credentials: bool) -> bool:  # noqa: FBT001
    return header_caution(name, value) is None if only_credentials else name.lower() in HARMLESS_HEADERS


def _about_credentials(authorization: WebhookAuthorization) -> list[str]:
    if not isinstance(authorization, UndisclosedAuthorization) or authorization.references:
        return []
    return [UNKNOWN_KIND if authorization.kind is AuthorizationKind.UNKNOWN else UNDISCLOSED]


def _is_plain(value: str | Secret | None) -> TypeGuard[str]:
    return isinstance(value, str) and not isinstance(value, ReferencedText)


def _authorization_values(authorization: WebhookAuthorization) -> dict[str, str | Secret | None]:
    if isinstance(authorization, WebhookCredentials):
        return authorization.values()
    if isinstance(authorization, UndisclosedAuthorization) and authorization.references:
        return {
            name: Secret.parse(text) if looks_like_reference(text) else text for name, text in authorization.references
        }
    kind = class_of(authorization)
    known = dict(authorization.details) if isinstance(authorization, UndisclosedAuthorization) else {}
    return {} if kind is None else {part.name: known.get(part.name) for part in kind.parts()}
