"""Sample events: the simplest content that fits the schema of an event type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

DEEPEST = 6
"""The deepest level at which optional properties are filled. Required properties are filled twice as deep."""

_TEXTS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date-time-offset": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00",
    "time-only": "12:00:00",
    # .NET reads a duration as hours, minutes and seconds, not as ISO 8601 (source: I/Schemas/TypeFormats.cs).
    "duration": "01:00:00",
    "guid": "00000000-0000-0000-0000-000000000001",
    "uuid": "00000000-0000-0000-0000-000000000001",
    "uri": "https://example.com/",
    "email": "test@example.com",
}
_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}

Schema = Mapping[str, Any]


def sample(schema: Schema) -> dict[str, Any]:
    """Content that fits a JSON schema of an object; empty if the schema says nothing.

    Patterns are ignored, because kernels ignore them too.
    """
    root = _followed(schema, schema)
    made = _value(root if "type" in root else {**root, "type": "object"}, schema, 0)
    return made if isinstance(made, dict) else {}


def _value(described: object, root: Schema, depth: int) -> Any:
    schema = _followed(described, root)
    if "const" in schema:
        return schema["const"]
    kind = _kind(schema)
    if schema.get("enum"):
        return next((each for each in schema["enum"] if _is(each, kind)), schema["enum"][0])
    return _of_kind(kind, schema, root, depth)


def _of_kind(kind: str, schema: Schema, root: Schema, depth: int) -> Any:
    match kind:
        case "object":
            return _object(schema, root, depth)
        case "array":
            fewest = int(schema.get("minItems", 0)) if depth < 2 * DEEPEST else 0
            return [_value(schema.get("items"), root, depth + 1) for _ in range(fewest)]
        case "string":
            return _text(schema)
        case "integer" | "number":
            return _number(schema, whole=kind == "integer")
        case _:
            return _default(schema, kind, instead=True) if kind == "boolean" else None


def _object(schema: Schema, root: Schema, depth: int) -> dict[str, Any]:
    properties, required = schema.get("properties") or {}, schema.get("required") or []
    names = dict.fromkeys(required if depth < 2 * DEEPEST else ())
    if depth < DEEPEST:
        names = dict.fromkeys([*properties, *required])
    return {name: _value(properties.get(name), root, depth + 1) for name in names}


def _text(schema: Schema) -> str:
    form = str(schema.get("format", "")).removesuffix("?")
    if form in _TEXTS:
        return _TEXTS[form]
    text: str = _default(schema, "string", instead="test")
    return text.ljust(int(schema.get("minLength", 0)), "x")[: schema.get("maxLength")]


def _number(schema: Schema, *, whole: bool) -> float:
    """The default or 1, moved into the range of the schema."""
    number: float = _default(schema, "integer" if whole else "number", instead=1)
    least, above = _bound(schema, "inimum")
    most, below = _bound(schema, "aximum")
    if whole:
        least = None if least is None else math.floor(least) + 1 if above else math.ceil(least)
        most = None if most is None else math.ceil(most) - 1 if below else math.floor(most)
    elif least is not None and above:
        least = least + 1 if most is None else (least + most) / 2
    elif most is not None and below:
        most = most - 1 if least is None else (least + most) / 2
    if least is not None:
        number = max(number, least)
    if most is not None:
        number = min(number, most)
    step = schema.get("multipleOf")
    if step:
        number = math.ceil(number / step) * step
        number -= step if most is not None and number > most else 0
    return int(number) if whole else float(number)


def _bound(schema: Schema, name: str) -> tuple[float | None, bool]:
    """A bound, and whether it is excluded. Older schemas use a second keyword for that."""
    bound, excluded = schema.get(f"m{name}"), schema.get(f"exclusiveM{name}")
    if excluded is None or isinstance(excluded, bool):
        return bound, bool(excluded)
    return excluded, True


def _default(schema: Schema, kind: str, *, instead: Any) -> Any:
    return schema["default"] if _is(schema.get("default"), kind) else instead


def _kind(schema: Schema) -> str:
    """The first type that is not null. Without a type, a text fits."""
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    return kinds if isinstance(kinds, str) else next((each for each in kinds if each != "null"), "null")


def _is(value: object, kind: str) -> bool:
    return isinstance(value, _KINDS.get(kind, ())) and (kind == "boolean" or not isinstance(value, bool))


def _followed(described: object, root: Schema, depth: int = 0) -> Schema:
    """The schema behind a ``$ref`` within the document, with its ``allOf`` and the first of its choices in it."""
    schema: Schema = described if isinstance(described, Mapping) else {}
    for _ in range(2 * DEEPEST):
        reference = schema.get("$ref")
        choices = schema.get("oneOf") or schema.get("anyOf") or []
        parts = schema.get("allOf") or []
        if isinstance(reference, str):
            schema = _referred(reference, root)
        elif choices:
            rest = {key: value for key, value in schema.items() if key not in {"oneOf", "anyOf"}}
            schema = _merged(rest, next((each for each in choices if each.get("type") != "null"), choices[0]))
        elif parts and depth < DEEPEST:
            schema = {key: value for key, value in schema.items() if key != "allOf"}
            for part in parts:
                schema = _merged(schema, _followed(part, root, depth + 1))
        else:
            break
    return schema


def _referred(reference: str, root: Schema) -> Schema:
    found: Any = root
    for part in filter(None, reference.removeprefix("#").split("/")):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _merged(one: Schema, other: Schema) -> Schema:
    merged = {**one, **other}
    if "properties" in one or "properties" in other:
        merged["properties"] = {**one.get("properties", {}), **other.get("properties", {})}
    if "required" in one or "required" in other:
        merged["required"] = [*one.get("required", []), *other.get("required", [])]
    return merged
