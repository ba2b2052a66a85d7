"""Test events fit the schema of their type."""

from __future__ import annotations

from typing import Any

import pytest

from chronicle_notebook.events._sample import sample


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, {}),
        ({"type": "object", "properties": {"owner": {"type": "string"}}}, {"owner": "test"}),
        ({"properties": {"n": {"type": "integer"}, "f": {"type": "number"}}}, {"n": 1, "f": 1.0}),
        (
            {"properties": {"on": {"type": "boolean"}, "at": {"type": "string", "format": "date"}}},
            {"on": True, "at": "2026-01-31"},
        ),
        (
            {"properties": {"kind": {"enum": ["a", "b"]}, "v": {"const": 7}, "d": {"default": "x"}}},
            {"kind": "a", "v": 7, "d": "x"},
        ),
        (
            {"properties": {"tags": {"type": "array", "items": {"type": "string"}, "minItems": 2}}},
            {"tags": ["test", "test"]},
        ),
        ({"properties": {"maybe": {"type": ["null", "string"]}}}, {"maybe": "test"}),
        (
            {"properties": {"name": {"type": "string", "minLength": 6}, "c": {"type": "string", "maxLength": 2}}},
            {"name": "testxx", "c": "te"},
        ),
        ({"properties": {"inner": {"properties": {"n": {"type": "integer", "minimum": 5}}}}}, {"inner": {"n": 5}}),
        ({"properties": {"what": {}}}, {"what": None}),
    ],
)
def test_a_value_fits_its_schema(schema: dict[str, Any], value: dict[str, Any]) -> None:
    assert sample(schema) == value


def test_a_schema_that_goes_on_for_ever_ends() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    schema["properties"]["again"] = schema
    depth, value = 0, sample(schema)
    while value:
        depth, value = depth + 1, value["again"]
    assert depth == 6
