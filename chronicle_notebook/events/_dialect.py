"""How kernels express in a JSON schema what Python expresses differently."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}


def types_of(schema: Schema) -> list[str]:
    """The types that a schema itself allows; empty if it allows everything or leaves this to its branches."""
    given = schema.get("type", [])
    return [given] if isinstance(given, str) else list(given)


def allows_null(schema: Schema) -> bool:
    """Whether a schema allows null. An empty schema allows everything."""
    return not schema or "null" in types_of(schema) or NULL in schema.get("anyOf", [])


def nullable(schema: Schema) -> Schema:
    """The same schema, with null allowed. A trailing ``?`` on the format says so (source: I/Schemas/TypeFormats.cs)."""
    if allows_null(schema):
        return schema
    if "anyOf" in schema or "$ref" in schema:
        return {"anyOf": [*schema.get("anyOf", [schema]), NULL]}
    widened = {**schema, "type": [*types_of(schema), "null"]}
    if "format" in schema:
        widened["format"] = f"{schema['format']}?"
    if "enum" in schema:
        widened["enum"] = [*schema["enum"], None]
    return widened


def any_of(schemas: Iterable[Schema]) -> Schema:
    """One schema that allows everything that one of the given schemas allows."""
    branches: list[Schema] = []
    for schema in schemas:
        if schema not in branches:
            branches.append(schema)
    if {} in branches or not branches:
        return {}
    others = [branch for branch in branches if branch != NULL]
    if not others:
        return NULL
    schema = others[0] if len(others) == 1 else {"anyOf": others}
    return nullable(schema) if NULL in branches else schema


def enum_schema(values: Iterable[Any]) -> Schema | None:
    """The schema of a fixed set of values; None if they are not all texts, whole numbers or bools."""
    distinct: dict[tuple[type, Any], str | None] = {(type(value), value): _kind(value) for value in values}
    kinds = list(dict.fromkeys(distinct.values()))
    if not kinds or None in kinds:
        return None
    schema: Schema = {"type": kinds[0] if len(kinds) == 1 else kinds}
    if kinds == ["integer"]:
        schema["format"] = "int64"
    return {**schema, "enum": [value for _, value in distinct]}


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "integer" if isinstance(value, int) else None
