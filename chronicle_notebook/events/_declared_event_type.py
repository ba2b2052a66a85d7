"""``@event_type``: declares that a class is an event type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, overload

from chronicle_notebook.base._declarations import Declarations, full_name
from chronicle_notebook.base._errors import InvalidDeclarationError
from chronicle_notebook.events._schema import schema_of
from chronicle_notebook.model import EventType, RegisteredEventType

T = TypeVar("T")

LARGEST_GENERATION = 2**32 - 1
"""The largest generation: on the wire it is an unsigned 32-bit number (source: K/Contracts/Events/EventType.cs)."""

_registry: Declarations[EventType] = Declarations(
    "__chronicle_event_type__", lambda declared: (declared.id, declared.generation)
)


@overload
def event_type(id: type[T], /) -> type[T]: ...
@overload
def event_type(
    id: str | None = None,
    *,
    generation: int = 1,
    tombstone: bool = False,
) -> Callable[[type[T]], type[T]]: ...
def event_type(
    id: type[T] | str | None = None,  # noqa: A002 - the settled name
    *,
    generation: int = 1,
    tombstone: bool = False,
) -> type[T] | Callable[[type[T]], type[T]]:
    """Declare that a dataclass, a pydantic model or a plain annotated class is an event type.

    It may be above or below ``@dataclass``. Running the cell again replaces the earlier declaration.

    :param id: the id of the event type; by default the name of the class.
    :param generation: the generation of the schema that the class describes; 1 is the first.
    :param tombstone: whether such an event marks the end of its event source.
    :raises InvalidDeclarationError: an argument has a wrong type, or the decorated object is not a class.

    >>> @event_type("AccountOpened")
    ... class Opened:
    ...     owner: str
    >>> event_type_of(Opened)
    EventType(id='AccountOpened', generation=1, tombstone=False)
    """
    if isinstance(id, type):
        return _declare(id, None, generation, tombstone=tombstone)
    _check_arguments(id, generation, tombstone)

    def decorate(cls: type[T]) -> type[T]:
        return _declare(cls, id, generation, tombstone=tombstone)

    return decorate


def _check_arguments(id: object, generation: object, tombstone: object) -> None:  # noqa: A002 - the settled name
    if id is not None and not isinstance(id, str):
        raise _wrong(
            "id", f"The id of an event type is a text, not {type(id).__name__}.", '@cn.event_type("AccountOpened")'
        )
    if isinstance(id, str) and (not id.strip() or id != id.strip() or not id.isprintable()):
        state = "is empty" if not id.strip() else "begins or ends with white space, or contains a control character"
        raise _wrong("id", f"The id of an event type {state}.", '@cn.event_type("AccountOpened")')
    if isinstance(id, str) and "+" in id:
        message = "The id of an event type contains '+', which kernels put between an id and its generation."
        raise _wrong("id", message, '@cn.event_type("AccountOpened", generation=2)')
    if isinstance(generation, bool) or not isinstance(generation, int) or not 1 <= generation <= LARGEST_GENERATION:
        message = f"The generation of an event type is a whole number from 1 to {LARGEST_GENERATION}."
        raise _wrong("generation", message, "@cn.event_type(generation=2)")
    if not isinstance(tombstone, bool):
        message = f"tombstone is True or False, not {type(tombstone).__name__}."
        raise _wrong("tombstone", message, "@cn.event_type(tombstone=True)")


def _wrong(field: str, message: str, example: str) -> InvalidDeclarationError:
    return InvalidDeclarationError(message, field=field, hint=f"Write, for example, {example}.")


def _declare(cls: type[T], given_id: str | None, generation: int, *, tombstone: bool) -> type[T]:
    if not isinstance(cls, type):
        raise InvalidDeclarationError(
            f"@event_type stands above a class, not above a {type(cls).__name__}.",
            hint="Put it on a dataclass, a pydantic model or a class with annotations.",
        )
    value = EventType(cls.__name__ if given_id is None else given_id, generation, tombstone)
    try:
        _registry.declare(cls, value)
    except (TypeError, AttributeError):
        raise InvalidDeclarationError(
            f"The class {full_name(cls)} cannot be marked as an event type.",
            hint="Use a dataclass, a pydantic model or a class with annotations.",
        ) from None
    return cls


def declared_event_types() -> list[type]:
    """The classes with ``@event_type`` that count, in the order of their definition.

    A class that was defined again, deleted with ``del`` or renamed does not count.

    :raises InvalidDeclarationError: two classes have the same id and generation; the message names both.
    """
    classes = _registry.classes()
    seen: dict[tuple[str, int], type] = {}
    for cls in classes:
        declared = event_type_of(cls)
        other = seen.setdefault((declared.id, declared.generation), cls)
        if other is not cls:
            raise InvalidDeclarationError(
                f"{full_name(other)} and {full_name(cls)} are both declared as the event type {str(declared)!r}.",
                field="id",
                hint="Give one of them another id or generation, or remove the one that is out of date with del.",
            )
    return classes


def is_event_type(candidate: object) -> bool:
    """Whether an object is a class with ``@event_type``."""
    return isinstance(candidate, type) and _registry.value_of(candidate) is not None


def event_type_of(class_or_instance: object) -> EventType:
    """The event type that a class, or the class of an instance, declares.

    :raises InvalidDeclarationError: the class declares none. A subclass needs its own declaration.
    """
    cls = class_or_instance if isinstance(class_or_instance, type) else type(class_or_instance)
    declared = _registry.value_of(cls)
    if declared is None:
        raise InvalidDeclarationError(
            f"{full_name(cls)} is not declared as an event type.", hint="Put @cn.event_type above the class."
        )
    return declared


def registration_of(cls: type) -> RegisteredEventType:
    """The declared event type with the JSON schema of its class, ready to be registered.

    :raises InvalidDeclarationError: the class is not declared, or a schema cannot express an annotation.
    """
    return RegisteredEventType(type=event_type_of(cls), schema=schema_of(cls))
