"""The fields of a class: their names, their types, and whether they may be left out."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, get_origin, get_type_hints

from chronicle_notebook.base._declarations import full_name
from chronicle_notebook.base._errors import InvalidDeclarationError


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a class, with its annotation resolved."""

    name: str
    annotation: Any
    optional: bool
    """Whether an instance may omit the field, because it has a default."""


def is_pydantic_model(cls: object) -> bool:
    """Whether a class is a model of pydantic 2. This does not import pydantic."""
    main = sys.modules.get("pydantic.main")
    return main is not None and isinstance(cls, type) and issubclass(cls, main.BaseModel) and cls is not main.BaseModel


def is_named_tuple(cls: object) -> bool:
    """Whether a class is a ``NamedTuple``."""
    return isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields")


def has_fields(cls: object) -> bool:
    """Whether a class describes its fields: a dataclass, or a user's class with annotations."""
    if not isinstance(cls, type) or cls.__module__ in {"builtins", "typing"}:
        return False
    return dataclasses.is_dataclass(cls) or any(map(inspect.get_annotations, _own_bases(cls)))


def fields_of(cls: type) -> list[Field]:
    """The fields of a dataclass (those that it stores) or of an annotated class (the public ones), in order.

    :raises InvalidDeclarationError: an annotation cannot be resolved. The error names class, field and annotation.
    """
    hints = dict(_hints(cls))
    if dataclasses.is_dataclass(cls):
        missing = dataclasses.MISSING
        return [
            Field(field.name, hints[field.name], field.default is not missing or field.default_factory is not missing)
            for field in dataclasses.fields(cls)
        ]
    return [
        Field(name, hint, _is_optional(cls, name, hint))
        for name, hint in hints.items()
        if not name.startswith("_") and get_origin(hint) is not ClassVar and hint is not ClassVar
    ]


def _is_optional(cls: type, name: str, hint: Any) -> bool:
    if get_origin(hint) in {typing.NotRequired, typing.Required}:
        # With postponed annotations a typed dictionary does not know this itself (source: typing.TypedDict).
        return get_origin(hint) is typing.NotRequired
    if name in getattr(cls, "_field_defaults", {}) or name in getattr(cls, "__optional_keys__", ()):
        return True
    return _has_default(cls, name)


def _has_default(cls: type, name: str) -> bool:
    # A slot, or a field of a named tuple, leaves a descriptor on the class. This is not a default.
    default = inspect.getattr_static(cls, name, None)
    return default is not None and not inspect.isdatadescriptor(default)


def _own_bases(cls: type) -> Iterator[type]:
    return (base for base in reversed(cls.__mro__) if base.__module__ not in {"builtins", "typing"})


def _hints(cls: type) -> Iterator[tuple[str, Any]]:
    for base in _own_bases(cls):
        for name, annotation in inspect.get_annotations(base).items():
            yield name, _resolved(cls, base, name, annotation)


def _resolved(cls: type, base: type, name: str, annotation: Any) -> Any:
    # One field at a time, so that an error can name it. The module of a class does not contain the name of a class that
    # was made inside a function, so its own name and the names of the classes inside it are added. Other attributes are
    # not, because a default may have the name of its type.
    module = sys.modules.get(base.__module__)
    inner = {key: value for key, value in vars(base).items() if isinstance(value, type)}
    local = {cls.__name__: cls, **inner, base.__name__: base}
    try:
        holder = type(cls.__name__, (), {"__annotations__": {name: annotation}})
        return get_type_hints(holder, vars(module) if module else {}, local, include_extras=True)[name]
    except NameError as error:
        reason = f"the name {error.name!r} is not defined where the class is"
    except (TypeError, SyntaxError, AttributeError, ValueError):
        reason = "it is not a type"
    shown = annotation if isinstance(annotation, str) else _shown(annotation)
    raise InvalidDeclarationError(
        f"The annotation {shown!r} of the field {name!r} of {full_name(cls)} cannot be resolved: {reason}.",
        field=name,
        hint="Define the class it names in a module or at the top of a cell, before it is used.",
    )


def _shown(annotation: Any) -> str:
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__qualname__
    return str(annotation).removeprefix("typing.")


def unsupported(cls: type, field: str, annotation: Any) -> InvalidDeclarationError:
    """The error for an annotation that a schema cannot express."""
    return InvalidDeclarationError(
        f"The annotation {_shown(annotation)!r} of the field {field!r} of {full_name(cls)} has no JSON schema.",
        field=field,
        hint="Use text, numbers, bool, date and time types, UUID, Decimal, an Enum, a dataclass, or list, dict and "
        "Optional of these.",
    )
