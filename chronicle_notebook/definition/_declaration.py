"""``@webhook``: declares that a class describes a webhook."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chronicle_notebook.base._declarations import Declarations, full_name
from chronicle_notebook.base._errors import (
    ChronicleError,
    ChronicleWarning,
    InvalidDeclarationError,
    InvalidInputError,
)
from chronicle_notebook.base._warning import warn_user
from chronicle_notebook.definition._builder import DefinitionBuilder, returned_builder
from chronicle_notebook.definition._source_file import changed_arguments, modified_ns
from chronicle_notebook.definition.rules._check import about
from chronicle_notebook.model import EventType, WebhookDefinition

T = TypeVar("T")

_EXAMPLE = 'Write @cn.webhook(target_url="https://example.com/chronicle/webhooks").'


@dataclass(frozen=True, slots=True)
class Declared:
    """The arguments of ``@webhook``."""

    id: str
    target_url: str
    event_sequence_id: str | None
    modified_ns: int = 0
    """When the source file was last changed before the declaration; 0 without a file."""


@dataclass(frozen=True, slots=True)
class DeclaredWebhook:
    """The webhook that a declared class describes."""

    definition: WebhookDefinition
    event_type_classes: tuple[type, ...]
    """The event-type classes that ``define`` named. A kernel may not have their schemas yet."""
    source: str
    """``module.Class``, for messages."""
    remarks: tuple[str, ...] = ()
    """What was added to the definition, as sentences."""
    checked: bool = False
    """Whether the rules were already applied, except the check that the event types are known."""


registry: Declarations[Declared] = Declarations("__chronicle_webhook__", lambda declared: declared.id)


def webhook(
    *not_settled: Any,
    target_url: str | None = None,
    id: str | None = None,  # noqa: A002 - the settled name
    event_sequence_id: str | None = None,
) -> Callable[[type[T]], type[T]]:
    """Declare that a class is a webhook. Running the cell again replaces the earlier declaration.

    The class may have ``define(self, builder)``, which returns a builder with event types, headers and authorization.
    Without event types the webhook receives all event types that the client knows. To call ``define``, an instance is
    made without arguments.

    :param target_url: the URL to which the kernel POSTs the events: an absolute http or https URL.
    :param id: the id of the webhook; by default the name of the class.
    :param event_sequence_id: the sequence to observe. It counts more than what ``define`` names, as in Chronicle's
        client for Elixir (source: its module WebHooks). By default that of ``define``, or ``event-log``.
    :raises InvalidDeclarationError: the target URL is missing, an argument has a wrong type, or the decorated object is
        not a class. The content of the texts is checked when the definition is made.
    """
    if not_settled:
        first = not_settled[0]
        what = f"the class {full_name(first)}" if isinstance(first, type) else type(first).__name__
        message = f"@webhook takes its arguments by name, but got {what} without one."
        raise InvalidDeclarationError(message, field="target_url", hint=_EXAMPLE)
    texts: dict[str, object] = {"target_url": target_url, "id": id, "event_sequence_id": event_sequence_id}
    for name, value in texts.items():
        if not isinstance(value, str) and value is not None:
            message = f"The {name} of a webhook is a text, not {type(value).__name__}."
            raise InvalidDeclarationError(message, field=name, hint=_EXAMPLE)

    def decorate(cls: type[T]) -> type[T]:
        _mark(cls, target_url, id, event_sequence_id)
        return cls

    return decorate


def _mark(cls: object, target_url: str | None, given_id: str | None, event_sequence_id: str | None) -> None:
    if not isinstance(cls, type):
        message = f"@webhook stands above a class, not above a {type(cls).__name__}."
        raise InvalidDeclarationError(message, hint=_EXAMPLE)
    if target_url is None:
        message = f"The webhook {full_name(cls)} has no target URL."
        raise InvalidDeclarationError(message, field="target_url", hint=_EXAMPLE)
    try:
        given = cls.__name__ if given_id is None else given_id
        registry.declare(cls, Declared(given, target_url, event_sequence_id, modified_ns(cls)))
    except (TypeError, AttributeError):
        message = f"The class {full_name(cls)} cannot be marked as a webhook."
        raise InvalidDeclarationError(message, hint="Use an ordinary class.") from None


def is_webhook(candidate: object) -> bool:
    """Whether an object is a class with ``@webhook``."""
    return isinstance(candidate, type) and registry.value_of(candidate) is not None


def declared_of(candidate: object) -> Declared:
    """The arguments of ``@webhook`` on a class.

    :raises InvalidDeclarationError: the object is not a class, or is not declared. A subclass needs its own
        declaration.
    """
    if not isinstance(candidate, type):
        raise InvalidDeclarationError(
            f"A declared webhook is a class, not {type(candidate).__name__}.",
            hint="Give the class itself, without parentheses." if is_webhook(type(candidate)) else _EXAMPLE,
        )
    declared = registry.value_of(candidate)
    if declared is None:
        message = f"{full_name(candidate)} is not declared as a webhook."
        raise InvalidDeclarationError(message, hint=_EXAMPLE)
    return declared


def declare(cls: type, *, all_event_types: Callable[[], Sequence[EventType]] = tuple) -> DeclaredWebhook:
    """The definition that a declared class describes, after a check.

    :param all_event_types: returns the event types for a ``define`` that names none; called only then.
    :raises InvalidDeclarationError: the class is not declared, or its ``define`` cannot be used.
    :raises InvalidDefinitionError: the definition cannot work.
    """
    declared = declared_of(cls)
    _warn_if_old(cls, declared)
    builder = DefinitionBuilder()
    if hasattr(cls, "define"):
        with about(declared.id):
            builder = _defined(cls, builder)
    if declared.event_sequence_id is not None:
        builder = builder.on_event_sequence(declared.event_sequence_id)
    builder, remarks = with_all(builder, all_event_types)
    definition = builder.build(declared.id, declared.target_url)
    return DeclaredWebhook(definition, builder.event_type_classes, full_name(cls), remarks, checked=True)


def _warn_if_old(cls: type, declared: Declared) -> None:
    """Warn if the source file was changed and the class still has the declaration that the file had before."""
    if not declared.modified_ns or modified_ns(cls) == declared.modified_ns:
        return
    now = {"id": declared.id, "target_url": declared.target_url, "event_sequence_id": declared.event_sequence_id}
    fields = changed_arguments(cls, now)
    if fields:
        warn_user(
            f"{full_name(cls)} still has the declaration that its file had before it was changed: the file has another "
            f"{', '.join(fields)}. Run importlib.reload on {cls.__module__}: %autoreload 2 does not take in a changed "
            "decorator, %autoreload 3 does.",
            ChronicleWarning,
        )


def with_all(
    builder: DefinitionBuilder, all_event_types: Callable[[], Sequence[EventType]]
) -> tuple[DefinitionBuilder, tuple[str, ...]]:
    """The builder. If it names no event types, it gets all of them, and a remark says so."""
    if builder.event_types:
        return builder, ()
    kinds = all_event_types()
    if not kinds:
        return builder, ()
    many = "the only event type" if len(kinds) == 1 else f"all {len(kinds):,} event types"
    remark = f"No event type was named, so it gets {many} known now, and none that are registered later."
    return builder.with_event_types(*kinds), (remark,)


def _defined(cls: type, builder: DefinitionBuilder) -> DefinitionBuilder:
    define = getattr(_instance(cls), "define")  # noqa: B009 - the class is of no type that is known to have it
    if not callable(define) or not _takes(define, builder):
        raise InvalidDeclarationError(
            f"The define of {full_name(cls)} is not a method that takes a builder.",
            field="define",
            hint="Write: def define(self, builder): return builder.with_event_type(...).",
        )
    result = _called(define, builder, what=f"The define of {full_name(cls)}")
    try:
        return returned_builder(result, by=f"The define of {full_name(cls)}", field="define")
    except InvalidInputError as error:
        raise InvalidDeclarationError(error.message, field="define", hint=error.hint) from None


def _instance(cls: type) -> object:
    if inspect.isabstract(cls) or not _takes(cls):
        raise InvalidDeclarationError(
            f"{full_name(cls)} cannot be created without arguments, which is needed to call its define.",
            field="define",
            hint="Give each argument of its constructor a default.",
        )
    return _called(cls, what=f"The constructor of {full_name(cls)}")


def _called(function: Callable[..., object], *arguments: object, what: str) -> object:
    """The result of a function of the declared class. An error of the function is described by its type, because its
    text may contain a secret."""
    try:
        return function(*arguments)
    except ChronicleError:
        raise
    except Exception as error:
        raise InvalidDeclarationError(
            f"{what} raised {type(error).__name__}.",
            field="define",
            hint="Create an object of the class and call its define with cn.DefinitionBuilder() to see where.",
        ) from error


def _takes(function: Callable[..., Any], *arguments: object) -> bool:
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # the function has no signature
        return True
    return True
