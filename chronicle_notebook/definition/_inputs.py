"""The arguments of a call: a declared class, a definition, an id with a target URL, or a list of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.definition._builder import DefinitionBuilder, configured
from chronicle_notebook.definition._declaration import DeclaredWebhook, declare, declared_of, with_all
from chronicle_notebook.definition.rules._check import about
from chronicle_notebook.model import EventType, WebhookDefinition

Configure = Callable[[DefinitionBuilder], DefinitionBuilder]
Known = Callable[[], Sequence[EventType]]
"""A function that returns the event types for a webhook that names none; called only then."""


def several(given: object) -> list[object] | None:
    """The elements of a list of webhooks, or of any other iterable; None for one webhook."""
    if isinstance(given, str | bytes | type | WebhookDefinition | Mapping) or not isinstance(given, Iterable):
        return None
    return list(given)


def declaration(
    webhook: object, target_url: str | None, configure: Configure | None, *, known: Known, call: str, takes: str = ""
) -> DeclaredWebhook:
    """One webhook to register.

    :param call: the method that was called, for the message.
    :param takes: the other arguments of the method, for the message.
    """
    if isinstance(webhook, str) and target_url is not None:
        with about(webhook):
            builder = configured(configure) if configure is not None else DefinitionBuilder()
        builder, remarks = with_all(builder, known)
        definition = builder.build(webhook, target_url)
        return DeclaredWebhook(definition, builder.event_type_classes, f"a call of {call}()", remarks, checked=True)
    found = _declared(webhook, known)
    if found is None:
        raise InvalidInputError(
            f"{call}() takes a declared class, a definition, or an id with a target URL{takes}.",
            field="webhook",
            hint=f'Write {call}("account-events", "https://...", lambda b: b.with_event_type("AccountOpened")).',
        )
    check_alone(webhook, target_url, configure)
    return found


def one_declared(webhook: object, takes: str, *, known: Known) -> DeclaredWebhook:
    """A declared class or a definition.

    :param takes: what the method takes, for the message.
    """
    found = _declared(webhook, known)
    if found is None:
        message = f"{takes}, not {type(webhook).__name__}."
        raise InvalidInputError(message, field="webhook", hint="List the ids with client.webhooks.ids().")
    return found


def declarations(webhooks: Iterable[object], *, known: Known, call: str) -> list[DeclaredWebhook]:
    """Several webhooks to register."""
    known = cache(known)
    found = []
    for number, webhook in enumerate(webhooks, 1):
        declared = _declared(webhook, known)
        if declared is None:
            raise _misplaced(call, "declared classes and definitions", number, webhook, "register([AccountEvents])")
        found.append(declared)
    return found


def ids(webhooks: Iterable[object], *, call: str) -> list[str]:
    """The ids of several webhooks, from ids or declared classes; a repeated one counts once."""
    found: dict[str, None] = {}
    for number, webhook in enumerate(webhooks, 1):
        if not isinstance(webhook, str | type):
            raise _misplaced(call, "ids and declared classes", number, webhook, "remove(hooks.ids)")
        found[id_of(webhook)] = None
    return list(found)


def id_of(webhook: str | type) -> str:
    """The id of a webhook, from an id or a declared class."""
    return webhook if isinstance(webhook, str) else declared_of(webhook).id


def check_alone(webhook: object, target_url: object, configure: object) -> None:
    """Refuse a target URL and a configure function for an argument that has its own: they would be ignored."""
    if target_url is None and configure is None:
        return
    kinds = {"a declared class": type, "a definition": WebhookDefinition}
    what = next((name for name, kind in kinds.items() if isinstance(webhook, kind)), type(webhook).__name__)
    raise InvalidInputError(
        f"A target URL and a function for the builder go with an id, not with {what}.",
        field="target_url" if target_url is not None else "configure",
        hint='Leave them out, or change a definition with definition.changed(target_url="https://...").',
    )


def _declared(webhook: object, known: Known) -> DeclaredWebhook | None:
    if isinstance(webhook, WebhookDefinition):
        return DeclaredWebhook(webhook, (), "a definition")
    return declare(webhook, all_event_types=known) if isinstance(webhook, type) else None


def _misplaced(call: str, kinds: str, number: int, item: object, example: str) -> InvalidInputError:
    return InvalidInputError(
        f"A list given to {call}() has {kinds}, and number {number} is {type(item).__name__}.",
        field="webhook",
        hint=f"Write, for example, client.webhooks.{example}.",
    )
