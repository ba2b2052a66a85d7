"""Sample events: content that fits the schema of an event type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEEPEST = 6
"""The deepest level of objects that are filled. Deeper objects are empty."""

_TEXTS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00",
    "duration": "PT1H",
    "guid": "00000000-0000-0000-0000-000000000001",
    "uuid": "00000000-0000-0000-0000-000000000001",
    "email": "test@example.com",
    "uri": "https://example.com",
}


def sample(schema: Mapping[str, Any], *, depth: int = 0) -> Any:
    """A value that fits a JSON schema of an event type; ``{}`` if the schema says nothing."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if "default" in schema:
        return schema["default"]
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if kind is None and ("properties" in schema or depth == 0):
        kind = "object"
    return _of_kind(str(kind), schema, depth)


def _of_kind(kind: str, schema: Mapping[str, Any], depth: int) -> Any:
    match kind:
        case "object":
            properties = schema.get("properties") or {} if depth < DEEPEST else {}
            return {name: sample(each, depth=depth + 1) for name, each in properties.items()}
        case "array":
            items = schema.get("items")
            fewest = int(schema.get("minItems", 0))
            return [sample(items or {}, depth=depth + 1)] * fewest
        case "string":
            text = _TEXTS.get(str(schema.get("format")), "test")
            return text.ljust(int(schema.get("minLength", 0)), "x")[: schema.get("maxLength")]
        case "integer" | "number":
            number = schema.get("minimum", 1)
            return int(number) if kind == "integer" else float(number)
        case _:
            return True if kind == "boolean" else None
