"""Checking an event's content with the schema of its type, and writing it as a kernel writes it.

Seen on kernels of 16.37.1; the type for each format is from I/Schemas/TypeFormats.cs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chronicle_notebook.base._dotnet_json import dumps
from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._exceptions import InvalidOperationException, JsonException, NullReferenceException
from chronicle_notebook.sandbox._json_text import DuplicateError, Number, double, read, single

_INTEGERS = {
    "byte": ("Byte", 0, 2**8 - 1),
    "uint8": ("Byte", 0, 2**8 - 1),
    "int16": ("Int16", -(2**15), 2**15 - 1),
    "uint16": ("UInt16", 0, 2**16 - 1),
    "int32": ("Int32", -(2**31), 2**31 - 1),
    "uint32": ("UInt32", 0, 2**32 - 1),
    "int64": ("Int64", -(2**63), 2**63 - 1),
    "uint64": ("UInt64", 0, 2**64 - 1),
}
"""The type of .NET for the format of an integer, and its bounds. Without a format it is 32 bits."""
_ABSENT = {
    "guid": "00000000-0000-0000-0000-000000000000",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "date-time": "0001-01-01T00:00:00+00:00",
    "date-time-offset": "0001-01-01T00:00:00+00:00",
    "date": "0001-01-01",
    "time": "00:00:00",
    "duration": "00:00:00",
}
"""What is written for a missing text, by its format; without a format nothing is written."""
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Violation:
    """A place in the content that the schema does not allow."""

    path: str
    kind: str
    """``PropertyRequired`` or ``WrongPropertyType``."""
    expected: str = ""
    got: str = ""

    @property
    def message(self) -> str:
        """A sentence about it."""
        if self.kind == "PropertyRequired":
            return f"Property '{self.path}' is required."
        return f"Property '{self.path}' expected {self.expected} but got {self.got}."


class ConversionError(Exception):
    """The schema allows a value that cannot be converted to the type of its property."""


def parsed(text: str) -> dict[str, Any]:
    """The content in a text, with numbers as they are written.

    Raises ConversionError for a repeated name, and the error of a kernel's call for anything but an object.
    """
    try:
        value = read(text)
    except DuplicateError as error:
        raise ConversionError(str(error)) from error
    except (ValueError, RecursionError):
        raise JsonException("The content is not valid JSON.") from None
    if value is None:
        raise NullReferenceException
    if not isinstance(value, dict):
        raise InvalidOperationException("The node must be of type 'JsonObject'.")
    return value


def violations(content: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Violation]:
    """Missing top-level properties (their names are compared with case), and wrong types (compared without case).

    Items of lists are checked. Ranges, patterns, formats, enumerations and additional properties are not (source:
    I/Schemas/JsonSchema.cs).
    """
    by_name = {name.lower(): value for name, value in content.items()}
    properties = _properties(schema)
    for name in schema.get("required", ()):
        if name not in content and not _nullable(properties.get(name, {})):
            yield Violation(name, "PropertyRequired")
    for name, described in properties.items():
        if name.lower() in by_name:
            yield from _unfit(name, by_name[name.lower()], _resolved(described, schema), schema)


def conformed(content: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The JSON text that is stored and delivered.

    Unknown properties are dropped, also in nested objects and in items of lists; names take the schema's casing, and a
    name of a map gets quotation marks. Null properties are left out. A missing property that is not nullable gets the
    default of its type; texts without a format, objects, lists and maps have none. Numbers, moments and guids are
    rewritten. A schema without properties keeps everything except nulls at the top.

    Raises ConversionError for a value that cannot be converted.
    """
    return _object(content, schema, 0)


def _object(content: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> str:
    properties = _properties(schema)
    if not properties:
        fields = [(name, _free(value, depth + 1)) for name, value in content.items() if value is not None]
    else:
        by_name = {name.lower(): value for name, value in content.items()}
        fields = []
        for name, described in properties.items():
            resolved = _resolved(described, schema)
            value = by_name.get(name.lower())
            if value is not None:
                fields.append((name, _typed(value, resolved, schema, depth + 1)))
            elif name.lower() not in by_name and not _nullable(resolved):
                default = _default(resolved)
                if default is not None:
                    fields.append((name, default))
    return f"{{{','.join(f'{dumps(name)}:{text}' for name, text in fields)}}}"


def _typed(value: Any, described: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> str:
    """A value as the description of its property wants it."""
    if depth > _DEEPEST:
        raise ConversionError("The content is too deep.")
    if value is None:
        raise ConversionError(str(NullReferenceException()))
    inner = {**described, "$root": _root(schema)}
    if isinstance(value, dict):
        return _dictionary(value, described, inner, depth)
    if isinstance(value, list):
        items = _resolved(described.get("items"), schema)
        return f"[{','.join(_typed(item, items, inner, depth + 1) for item in value)}]"
    form = str(described.get("format", "")).rstrip("?")
    if isinstance(value, Number):
        return _number(value, form, _types(described))
    if isinstance(value, str) and form:
        return _formatted(value, form)
    return dumps(value)


def _dictionary(value: dict[str, Any], described: Mapping[str, Any], inner: Mapping[str, Any], depth: int) -> str:
    if _properties(described):
        return _object(value, inner, depth)
    if isinstance(described.get("additionalProperties"), dict):
        # A kernel writes the name of an entry with the quotation marks of its JSON text.
        entry = _resolved(described["additionalProperties"], inner)
        texts = ((dumps(f'"{name}"'), _typed(item, entry, inner, depth + 1)) for name, item in value.items())
        return f"{{{','.join(f'{name}:{text}' for name, text in texts)}}}"
    return _free(value, depth)


def _free(value: Any, depth: int) -> str:
    """A value without a description in a schema."""
    if depth > _DEEPEST:
        raise ConversionError("The content is too deep.")
    if value is None:
        raise ConversionError(str(NullReferenceException()))
    if isinstance(value, dict):
        return f"{{{','.join(f'{dumps(name)}:{_free(item, depth + 1)}' for name, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{','.join(_free(item, depth + 1) for item in value)}]"
    if isinstance(value, Number):
        number = value.integer
        if number is not None and -(2**63) <= number < 2**63:
            return str(number)
        return _double(value)
    return dumps(value)


def _number(value: Number, form: str, kinds: list[str]) -> str:
    if form in _INTEGERS or ("integer" in kinds and not form):
        name, least, most = _INTEGERS[form or "int32"]
        number = value.integer
        if number is None or not least <= number <= most:
            raise ConversionError(_unconvertible("Number", name))
        return str(number)
    if form == "decimal":
        return value.text if "e" not in value.text.lower() else _double(value)
    if form in ("float", "single"):
        return single(float(value.text))
    return _double(value)


def _double(value: Number) -> str:
    try:
        return double(float(value.text))
    except ValueError as error:
        raise ConversionError(_unconvertible("Number", "Double")) from error


def _formatted(value: str, form: str) -> str:
    if form in ("guid", "uuid"):
        bare = value.lower().strip("{}()").replace("-", "")
        if len(bare) != 32 or any(digit not in "0123456789abcdef" for digit in bare):
            raise ConversionError(_unconvertible("String", "Guid"))
        return f'"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"'
    if form in ("date-time", "date-time-offset"):
        try:
            # A moment is written without escapes, so that the plus sign of its offset stays.
            return f'"{_moment.trimmed(_moment.kept(value))}"'
        except ValueError as error:
            raise ConversionError(_unconvertible("String", "DateTimeOffset")) from error
    if form == "date":
        if not _moment.is_date(value):
            if _moment.is_date(value[:10]):
                raise ConversionError(f"String '{value}' contains parts which are not specific to the DateOnly.")
            raise ConversionError(f"String '{value}' was not recognized as a valid DateOnly.")
        return dumps(value)
    return dumps(value)


def _unconvertible(element: str, target: str) -> str:
    return f"An element of type '{element}' cannot be converted to a 'System.{target}'."


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def _root(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    root = schema.get("$root")
    return root if isinstance(root, dict) else schema


def _resolved(described: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A property's description, with references inside the document resolved."""
    seen = 0
    while isinstance(described, dict) and isinstance(described.get("$ref"), str) and seen < 16:
        seen += 1
        place: Any = _root(schema)
        for part in described["$ref"].removeprefix("#").strip("/").split("/"):
            place = place.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(place, dict) else None
        described = place
    return described if isinstance(described, dict) else {}


def _types(described: Mapping[str, Any]) -> list[str]:
    kinds = described.get("type", [])
    return [kinds] if isinstance(kinds, str) else [kind for kind in kinds if isinstance(kind, str)]


def _nullable(described: Any) -> bool:
    if not isinstance(described, dict):
        return True
    return "null" in _types(described) or str(described.get("format", "")).endswith("?")


def _unfit(path: str, value: Any, described: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Violation]:
    kinds = _types(described)
    if kinds and not _fits(value, kinds, described):
        wanted = next((kind for kind in kinds if kind != "null"), kinds[0])
        yield Violation(path, "WrongPropertyType", wanted, _kind(value))
    elif isinstance(value, list):
        items = _resolved(described.get("items"), schema)
        for number, item in enumerate(value):
            yield from _unfit(f"{path}[{number}]", item, items, schema)


def _fits(value: Any, kinds: list[str], described: Mapping[str, Any]) -> bool:
    return _nullable(described) if value is None else any(_is(value, kind) for kind in kinds)


def _is(value: Any, kind: str) -> bool:
    if kind == "integer":
        return isinstance(value, Number) and value.is_whole
    expected = {"number": Number, "string": str, "boolean": bool, "object": dict, "array": list}.get(kind)
    return kind != "null" and (expected is None or isinstance(value, expected))


def _kind(value: Any) -> str:
    kinds = {Number: "number", str: "string", bool: "boolean", dict: "object", list: "array"}
    return kinds.get(type(value), "null")


def _default(described: Mapping[str, Any]) -> str | None:
    form = str(described.get("format", "")).rstrip("?")
    if form in _ABSENT:
        return f'"{_ABSENT[form]}"'
    for kind in _types(described):
        if kind in ("integer", "number"):
            return "0"
        if kind == "boolean":
            return "false"
    return None
