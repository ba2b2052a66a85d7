"""The content of an event: the values of a declared class as JSON values, without loss."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence, Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.events._fields import fields_of, has_fields, is_named_tuple, is_pydantic_model

SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1


def content_of(instance: object) -> dict[str, Any]:
    """The fields of a dataclass, a pydantic model or a plain object, as JSON values.

    Times, UUIDs, decimals, enums and nested objects are converted: ``datetime`` to ISO 8601 with its offset,
    ``timedelta`` to ``[-][d.]hh:mm:ss[.ffffff]`` as .NET reads it, ``Decimal`` to a number, an ``Enum`` to its value. A
    pydantic model converts itself. A mapping is used as content as it is.

    :raises InvalidInputError: JSON cannot hold a value without loss. The error names the field and the type, and never
        the value.
    """
    if isinstance(instance, Mapping):
        return _mapping(instance, "", ())
    if isinstance(instance, type) or not _is_object(instance):
        raise InvalidInputError(
            f"The content of an event is an instance of a class with fields, not {_kind(instance)}.",
            field="content",
            hint="Give an instance of a class with @cn.event_type.",
        )
    return _object(instance, "", ())


def _kind(value: object) -> str:
    return f"the class {value.__qualname__}" if isinstance(value, type) else f"a {type(value).__name__}"


def _is_object(value: object) -> bool:
    if isinstance(value, str | bytes | int | float | Secret) or value is None:
        return False
    own = type(value).__module__ != "builtins" and hasattr(value, "__dict__")
    return own or has_fields(type(value)) or is_pydantic_model(type(value))


def _object(instance: object, field: str, path: tuple[int, ...]) -> dict[str, Any]:
    if id(instance) in path:
        raise _refused(field, "holds itself", "An event is a tree of values; give the id of the other object instead.")
    path = (*path, id(instance))
    if is_pydantic_model(type(instance)):
        written = _written_by_pydantic(instance, field)
        if not isinstance(written, Mapping):
            kind = type(instance).__name__
            raise _refused(
                field or kind, f"is written as a {type(written).__name__}", "An event is an object with fields."
            )
        return _mapping(written, field, path)
    return {name: _json(value, _inner(field, name), path) for name, value in _values(instance, field).items()}


def _written_by_pydantic(instance: Any, field: str) -> object:
    try:
        written: object = instance.model_dump(mode="json", by_alias=True)
    except Exception as error:
        raise _refused(
            field or type(instance).__name__,
            f"is not written by pydantic: {type(error).__name__}",
            f"Try {type(instance).__name__}.model_dump(mode='json') to see which field it is.",
        ) from error
    return written


def _values(instance: Any, field: str) -> dict[str, Any]:
    cls = type(instance)
    if dataclasses.is_dataclass(cls):
        return {each.name: _value(instance, each.name, field) for each in dataclasses.fields(cls)}
    values = {each.name: _value(instance, each.name, field) for each in fields_of(cls)} if has_fields(cls) else {}
    others = {name: value for name, value in getattr(instance, "__dict__", {}).items() if not name.startswith("_")}
    return values | others


def _value(instance: Any, name: str, field: str) -> Any:
    try:
        return getattr(instance, name)
    except AttributeError:
        kind = type(instance).__name__
        raise _refused(_inner(field, name), f"of {kind} has no value", f"Set it on the {kind}.") from None


def _inner(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _json(value: Any, field: str, path: tuple[int, ...]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _json(value.value, field, path)
    if isinstance(value, str):
        return _text(value, field)
    if isinstance(value, int | float | Decimal):
        return _number(value, field)
    if isinstance(value, datetime | date | time | timedelta | UUID):
        return _moment(value, field)
    return _nested(value, field, path)


def _nested(value: Any, field: str, path: tuple[int, ...]) -> Any:
    if isinstance(value, Mapping):
        return _mapping(value, field, path)
    if (
        isinstance(value, Sequence | AbstractSet)
        and not isinstance(value, bytes | bytearray)
        and not is_named_tuple(type(value))
    ):
        if id(value) in path:
            raise _refused(field, "holds itself", "An event is a tree of values.")
        return [_json(item, f"{field}[{index}]", (*path, id(value))) for index, item in enumerate(value)]
    if is_pydantic_model(type(value)):  # a model with a root need not be written as an object
        return _json(_written_by_pydantic(value, field), field, path)
    if has_fields(type(value)):
        return _object(value, field, path)
    hint = (
        "Leave the field out: an event must not contain a secret."
        if isinstance(value, Secret)
        else "Convert it yourself."
    )
    raise _refused(field, f"is a {type(value).__name__}, which has no JSON form", hint)


def _mapping(value: Mapping[Any, Any], field: str, path: tuple[int, ...]) -> dict[str, Any]:
    if id(value) in path:
        raise _refused(field, "holds itself", "An event is a tree of values.")
    converted: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise _refused(field or "content", f"has a key that is a {type(key).__name__}", "Use text for the keys.")
        converted[str(key)] = _json(item, _inner(field, key), (*path, id(value)))
    return converted


def _text(value: str, field: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refused(field, "holds half a character (a lone surrogate)", "Read the text again as UTF-8.") from None
    return str(value)


def _number(value: float | Decimal, field: str) -> int | float:
    if isinstance(value, int):
        if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
            raise _refused(field, "is a number beyond 64 bits, which a kernel cannot store", "Use text.")
        return int(value)
    if not math.isfinite(value):
        raise _refused(field, "is not a number that JSON knows (nan or infinity)", "Use None for no value.")
    if isinstance(value, Decimal):
        exact = int(value) if value == value.to_integral_value() and abs(value) <= LARGEST_INTEGER else float(value)
        if Decimal(repr(exact)) != value:
            raise _refused(field, "has more digits than a JSON number can have", "Use text.")
        return exact
    return float(value)


def _moment(value: datetime | date | time | timedelta | UUID, field: str) -> str:
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise _refused(
            field,
            "is a time without an offset, which a kernel would take for its own local time",
            "Use, for example, datetime.now(UTC).",
        )
    if isinstance(value, timedelta):
        return _duration(value)
    return str(value) if isinstance(value, UUID) else value.isoformat()


def _duration(value: timedelta) -> str:
    # The form in which .NET writes and reads a TimeSpan. A kernel means this form by "duration".
    positive = abs(value)
    hours, rest = divmod(positive.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    days = f"{positive.days}." if positive.days else ""
    fraction = f".{positive.microseconds:06d}" if positive.microseconds else ""
    return f"{'-' if value.days < 0 else ''}{days}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def _refused(field: str, reason: str, hint: str) -> InvalidInputError:
    return InvalidInputError(f"The field {field!r} {reason}.", field=field, hint=hint)
