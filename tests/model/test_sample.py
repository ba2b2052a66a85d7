"""Made-up events fit the schema of their type, as a kernel checks it and as JSON Schema reads it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings, strategies as st

from chronicle_notebook.model._sample import sample
from chronicle_notebook.sandbox._content import conformed, parsed, violations


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, {}),
        ({"type": "object"}, {}),
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
        ({"properties": {"what": {}}}, {"what": "test"}),
        ({"properties": {"d": {"type": "string", "format": "duration"}}}, {"d": "01:00:00"}),
        ({"properties": {"a": {"type": "integer", "default": 7}}}, {"a": 7}),
        ({"properties": {"a": {"type": "integer", "default": "seven", "exclusiveMinimum": 7}}}, {"a": 8}),
        ({"properties": {"a": {"type": "integer", "minimum": 7, "exclusiveMinimum": True}}}, {"a": 8}),
        ({"properties": {"a": {"anyOf": [{"type": "null"}, {"type": "integer"}], "minimum": 3}}}, {"a": 3}),
        ({"properties": {"a": {"$ref": "#/$defs/X~1Y"}}, "$defs": {"X/Y": {"type": "boolean"}}}, {"a": True}),
        ({"allOf": [{"properties": {"a": {"type": "integer"}}}, {"required": ["b"]}]}, {"a": 1, "b": "test"}),
        ({"$ref": "#"}, {}),
        ({"$ref": "#/nowhere"}, {}),
        ({"allOf": [{"$ref": "#"}]}, {}),
        ({"properties": {"a": True, "b": None}}, {"a": "test", "b": "test"}),
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
    schema["required"] = ["again"]
    assert sample(schema)


FORMATS = [None, "date-time", "date", "time", "duration", "guid", "uuid", "uri", "date-time?", "guid?", "made-up"]
INTEGERS = [None, "byte", "int16", "int32", "int64", "uint64"]


@st.composite
def texts(draw: st.DrawFn) -> dict[str, Any]:
    """A text: one with a format has no bounds, as both cannot hold."""
    schema: dict[str, Any] = {"type": "string"}
    form = draw(st.sampled_from(FORMATS))
    if form is not None:
        return schema | {"format": form, "default": draw(st.sampled_from(["x", None, 3]))}
    least = draw(st.integers(0, 9))
    return schema | {"minLength": least, "maxLength": least + draw(st.integers(0, 9))}


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    """A number within bounds that leave room for one."""
    kind = draw(st.sampled_from(["integer", "number"]))
    schema: dict[str, Any] = {"type": kind}
    if kind == "integer" and (form := draw(st.sampled_from(INTEGERS))) is not None:
        schema["format"] = form
    least = draw(st.none() | st.integers(0, 100))
    most = draw(st.none() | st.integers(10, 20).map(lambda room: (least or 0) + room))
    name = draw(st.sampled_from(["inimum", "aximum"]))
    bounds = {"inimum": least, "aximum": most}
    for each, bound in bounds.items():
        if bound is not None:
            schema[f"exclusiveM{each}" if each == name else f"m{each}"] = bound
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.integers(1, 4))
    if draw(st.booleans()):
        schema["default"] = draw(st.integers(0, 120) | st.text() | st.none())
    return schema


CHOICES = st.sampled_from(
    [{"enum": ["a", "b"]}, {"type": "integer", "enum": ["a", 2]}, {"const": "c"}, {"type": "boolean"}]
)


def _several(leaf: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["a", "b", "c", "d"])
    objects = st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(names, leaf, max_size=3)},
        optional={"required": st.lists(names, unique=True)},
    )
    lists = st.fixed_dictionaries({"type": st.just("array"), "items": leaf, "minItems": st.integers(0, 2)})
    return objects | lists | leaf.map(lambda each: {"anyOf": [{"type": "null"}, each]})


DESCRIBED = st.recursive(texts() | numbers() | CHOICES | st.just({"$ref": "#/$defs/One"}), _several, max_leaves=8)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["one", "two", "three"]), DESCRIBED), DESCRIBED, st.lists(st.just("one")))
def test_a_kernel_and_json_schema_take_what_is_made_up(
    properties: dict[str, Any], one: dict[str, Any], required: list[str]
) -> None:
    # A reference from the definition to itself would ask for content without an end.
    one = json.loads(json.dumps(one).replace('{"$ref": "#/$defs/One"}', '{"type": "boolean"}'))
    schema = {"type": "object", "properties": properties, "required": [*{*required}], "$defs": {"One": one}}
    made = sample(schema)
    content = parsed(json.dumps(made))
    assert list(violations(content, schema)) == []
    assert conformed(content, schema)
    jsonschema.validate(made, schema)
