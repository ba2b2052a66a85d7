"""The JSON schema of an event type's class, in the dialect that kernels read.

Kernels read ``type``, ``properties``, ``required``, ``items``, ``anyOf``, ``$ref``, ``additionalProperties``,
``format`` and ``enum``. The format decides how a value is stored, and a trailing ``?`` on it says that null is allowed
(source: I/Schemas/TypeFormats.cs). An integer without a format is read as 32 bits, and larger numbers fail (source:
I/Json/ExpandoObjectConverter.cs). So every integer gets a format.

Nested classes are written where they are used. A class that contains itself is a reference to ``$defs``.
"""

from __future__ import annotations

import types
import typing
from collections import abc
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from chronicle_notebook.base._declarations import full_name
from chronicle_notebook.base._errors import InvalidDeclarationError
from chronicle_notebook.events._dialect import NULL, Schema, allows_null, any_of, enum_schema, nullable, types_of
from chronicle_notebook.events._fields import fields_of, has_fields, is_pydantic_model, unsupported
from chronicle_notebook.events._pydantic_schema import pydantic_schema

SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "format": "int64"},
    float: {"type": "number", "format": "double"},
    Decimal: {"type": "number", "format": "decimal"},
    datetime: {"type": "string", "format": "date-time-offset"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    timedelta: {"type": "string", "format": "duration"},
    UUID: {"type": "string", "format": "guid"},
}

LISTS = (list, tuple, set, frozenset, abc.Sequence, abc.Collection, abc.Iterable, abc.Set)
MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)


def schema_of(cls: type) -> Schema:
    """The JSON schema of a dataclass, a pydantic model or an annotated class.

    A field is required unless it has a default or may be None.

    :raises InvalidDeclarationError: a schema cannot express an annotation. The error names class, field and annotation.
    """
    return _Writer().root(cls)


class _Writer:
    """Writes one schema, and knows which classes contain themselves."""

    def __init__(self) -> None:
        self._references: dict[type, str] = {}
        self._definitions: Schema = {}

    def root(self, cls: type) -> Schema:
        schema = self._class(cls, ())
        if "object" not in types_of(schema):
            raise InvalidDeclarationError(
                f"{full_name(cls)} is not written as an object, and the content of an event is one.",
                hint="Use a class with fields.",
            )
        written: set[type] = set()
        while pending := [recursive for recursive in self._references if recursive not in written]:
            for recursive in pending:
                written.add(recursive)
                self._definitions[self._references[recursive]] = self._class(recursive, ())
        return {**schema, "$defs": self._definitions} if self._definitions else schema

    def _class(self, cls: type, path: tuple[type, ...]) -> Schema:
        if is_pydantic_model(cls):
            schema, definitions = pydantic_schema(cls, prefix="" if not path else f"{cls.__name__}.")
            self._definitions.update(definitions)
            return schema
        properties: Schema = {}
        required: list[str] = []
        for field in fields_of(cls):
            written = self._annotation(field.annotation, cls, field.name, (*path, cls))
            properties[field.name] = written
            if not field.optional and not allows_null(written):
                required.append(field.name)
        schema = {"type": "object", "properties": properties}
        return {**schema, "required": required} if required else schema

    def _annotation(self, annotation: Any, cls: type, field: str, path: tuple[type, ...]) -> Schema:
        annotation = _bare(annotation)
        if annotation is None or annotation is type(None):
            return dict(NULL)
        if annotation is Any or annotation is object:
            return {}
        if annotation in SCALARS:
            return dict(SCALARS[annotation])
        origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
        if origin in {Union, types.UnionType}:
            return self._union(arguments, cls, field, path)
        schema = self._container(origin, arguments, cls, field, path)
        if schema is None:
            schema = self._values(origin, arguments) or self._nested(origin, path)
        if schema is None:
            raise unsupported(cls, field, annotation)
        return schema

    def _union(self, members: tuple[Any, ...], cls: type, field: str, path: tuple[type, ...]) -> Schema:
        return any_of(self._annotation(member, cls, field, path) for member in members)

    def _container(
        self, origin: Any, arguments: tuple[Any, ...], cls: type, field: str, path: tuple[type, ...]
    ) -> Schema | None:
        if origin in LISTS:
            members = tuple(argument for argument in arguments if argument is not ...)
            items = self._union(members, cls, field, path) if members and members != ((),) else {}
            return {"type": "array", "items": items} if items else {"type": "array"}
        if origin in MAPPINGS:
            key, value = arguments or (str, Any)
            if _bare(key) is not str:
                raise unsupported(cls, field, typing.cast("Any", origin)[arguments])
            inner = self._annotation(value, cls, field, path)
            return {"type": "object", "additionalProperties": inner or True}
        return None

    def _values(self, origin: Any, arguments: tuple[Any, ...]) -> Schema | None:
        if origin is Literal:
            given = [argument.value if isinstance(argument, Enum) else argument for argument in arguments]
            schema = enum_schema(value for value in given if value is not None)
            return nullable(schema) if schema and None in given else schema
        if isinstance(origin, type) and issubclass(origin, Enum):
            return enum_schema(member.value for member in origin)
        return None

    def _nested(self, origin: Any, path: tuple[type, ...]) -> Schema | None:
        if origin in path:
            names = self._references
            if origin not in names:
                taken = sum(1 for other in names if other.__name__ == origin.__name__)
                names[origin] = f"{origin.__name__}{taken + 1 if taken else ''}"
            return {"$ref": f"#/$defs/{names[origin]}"}
        return self._class(origin, path) if is_pydantic_model(origin) or has_fields(origin) else None


def _bare(annotation: Any) -> Any:
    """The annotation without the parts that do not change the schema: ``Annotated``, ``Final``, ``NewType`` and similar
    ones."""
    while True:
        if get_origin(annotation) in {Annotated, typing.Final, typing.Required, typing.NotRequired}:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation
