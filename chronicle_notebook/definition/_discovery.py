"""How to find the declared webhooks of a process: those in loaded modules and those of the notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from chronicle_notebook.base._declarations import full_name
from chronicle_notebook.base._errors import DuplicateWebhookError, InvalidInputError
from chronicle_notebook.definition._declaration import DeclaredWebhook, declare, declared_of, registry
from chronicle_notebook.model import EventType


def declared_webhooks(modules: Iterable[str] | None = None) -> list[type]:
    """The classes with ``@webhook`` that count, in the order of their latest definition.

    A class counts while its name in its module refers to it. A class that was defined again is replaced, even if
    instances of the old class still exist. A class that was deleted with ``del``, renamed, or defined again without the
    decorator does not count. A class that was made inside a function counts while it is alive.

    :param modules: the names of the modules to look in, ``__main__`` for the notebook; by default all loaded modules.
    """
    if isinstance(modules, str):
        raise InvalidInputError(
            "modules is a list of names of modules, not one text.", field="modules", hint="Write [name]."
        )
    wanted = None if modules is None else set(modules)
    return [cls for cls in registry.classes() if wanted is None or cls.__module__ in wanted]


def discover(
    classes: Iterable[type] | None = None, *, all_event_types: Callable[[], Sequence[EventType]] = tuple
) -> list[DeclaredWebhook]:
    """The webhooks that the declared classes describe: those of ``classes``, else of all classes that count.

    :param classes: classes with ``@webhook``; a repeated class counts once.
    :param all_event_types: returns the event types for a class that names none; called at most once.
    :raises InvalidDeclarationError: a class does not have ``@webhook``, or its ``define`` cannot be used.
    :raises InvalidDefinitionError: a definition cannot work.
    :raises DuplicateWebhookError: two classes declare the same id; the message names both.
    """
    found = list(dict.fromkeys(declared_webhooks() if classes is None else classes))
    _check_distinct(found)
    known = cache(all_event_types)
    return [declare(cls, all_event_types=known) for cls in found]


def overlooked_webhooks() -> list[str]:
    """The names of declared classes that :func:`discover` cannot find, because their namespace is no loaded module and
    no variable of the notebook refers to them."""
    return [full_name(cls) for cls in registry.overlooked()]


def _check_distinct(classes: Iterable[type]) -> None:
    seen: dict[str, type] = {}
    for cls in classes:
        webhook = declared_of(cls).id
        first = seen.setdefault(webhook, cls)
        if first is not cls:
            raise DuplicateWebhookError(
                f"{full_name(first)} and {full_name(cls)} both declare the webhook {webhook!r}.",
                field="id",
                hint="Give one of them another id, or remove the one that is out of date with del.",
            )
