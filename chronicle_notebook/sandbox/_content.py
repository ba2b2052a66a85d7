"""What becomes of an event's content: checked and shaped by the schema of its type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_STRINGS = {
    "guid", "uuid", "date-time", "date-time-offset", "date", "time", "duration", "byte-array", "point", "linestring",
    "polygon",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Violation:
    """A place in the content that the schema does not allow."""

    path: str
    kind: str
    """``PropertyRequired`` or ``WrongPropertyType``."""

    @property
    def message(self) -> str:
        """A sentence about it."""
        what = "is required" if self.kind == "PropertyRequired" else "has the wrong type"
        return f"Property '{self.path}' {what}."


def violations(content: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Violation]:
    """Missing top-level properties and kinds that do not fit.

    Ranges, patterns, formats, enumerations and additional properties are not looked at (source:
    I/Schemas/JsonSchema.cs).
    """
    by_name = {name.lower(): value for name, value in content.items()}
    properties = _properties(schema)
    for name in schema.get("required", ()):
        if name.lower() not in by_name and not _nullable(properties.get(name, {})):
            yield Violation(name, "PropertyRequired")
    for name, described in properties.items():
        if name.lower() in by_name and not _fits(by_name[name.lower()], described, schema):
            yield Violation(name, "WrongPropertyType")


def conformed(content: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The content that is kept.

    Unknown properties are dropped, names take the schema's casing, and missing ones that are neither nullable nor
    texts get the default of their type. A schema without properties keeps everything except nulls (source:
    I/Json/ExpandoObjectConverter.cs).
    """
    properties = _properties(schema)
    if not properties:
        return {name: value for name, value in content.items() if value is not None}
    by_name = {name.lower(): value for name, value in content.items()}
    kept: dict[str, Any] = {}
    for name, described in properties.items():
        resolved = _resolved(described, schema)
        if name.lower() in by_name:
            value = by_name[name.lower()]
            nested = isinstance(value, dict) and bool(_properties(resolved))
            kept[name] = conformed(value, {**resolved, "$root": _root(schema)}) if nested else value
        elif not _nullable(resolved) and (default := _default(resolved)) is not None:
            kept[name] = default
    return kept


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def _root(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    root = schema.get("$root")
    return root if isinstance(root, dict) else schema


def _resolved(described: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A property's description, with a reference inside the document followed."""
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


def _fits(value: Any, described: Any, schema: Mapping[str, Any]) -> bool:
    resolved = _resolved(described, schema)
    kinds = _types(resolved)
    if not kinds:
        return True
    if value is None:
        return _nullable(resolved)
    return any(_is(value, kind) for kind in kinds)


def _is(value: Any, kind: str) -> bool:
    if kind == "integer":
        return not isinstance(value, bool) and (
            isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        )
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    expected = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}.get(kind)
    return expected is None or isinstance(value, expected)


def _default(described: Mapping[str, Any]) -> object:
    if str(described.get("format", "")).rstrip("?") in _STRINGS:
        return None
    for kind in _types(described):
        if kind in ("integer", "number"):
            return 0
        if kind == "boolean":
            return False
    return None
