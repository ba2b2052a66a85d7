"""A pydantic model's own JSON schema, brought into the dialect that kernels read.

pydantic says how it *writes* a value (mode ``serialization``), since that is what is appended. What kernels do not read
(titles, defaults, patterns, limits) is left out, so that a changed description is no changed schema.
"""

from __future__ import annotations

from chronicle_notebook.base._declarations import full_name
from chronicle_notebook.base._errors import InvalidDeclarationError
from chronicle_notebook.events._dialect import Schema, allows_null, any_of

FORMATS = {
    "date-time": "date-time-offset",
    "date": "date",
    "time": "time",
    "uuid": "guid",
}
"""pydantic's formats that a kernel knows.

Its ``duration`` is not one: pydantic writes ISO 8601, and a kernel reads the form of .NET.
"""

NUMBERS = {"integer": "int64", "number": "double"}


def pydantic_schema(model: type, *, prefix: str = "") -> tuple[Schema, Schema]:
    """The schema of a model and the definitions it refers to, whose names begin with ``prefix``.

    :raises InvalidDeclarationError: when pydantic has no schema for one of its fields.
    """
    try:
        given: Schema = model.model_json_schema(mode="serialization")  # type: ignore[attr-defined]
    except Exception as error:  # pydantic and its plugins raise what they like
        raise InvalidDeclarationError(
            f"pydantic makes no JSON schema of {full_name(model)}: {type(error).__name__}.",
            hint=f"Try {model.__name__}.model_json_schema(mode='serialization') to see which field it is.",
        ) from error
    translation = _Translation(given.get("$defs", {}), prefix)
    name = given.get("$ref", "").rpartition("/")[2]  # a model that holds itself is given as a reference
    schema = translation.definition(name) if name else translation.schema(given, ())
    _relax(schema)
    return schema, translation.kept()


def _relax(schema: Schema) -> None:
    # As everywhere here: what may be null may be left out.
    required = [name for name in schema.get("required", []) if not allows_null(schema["properties"][name])]
    schema.pop("required", None)
    if required:
        schema["required"] = required


class _Translation:
    """Writes definitions where they are used, and keeps those that hold themselves."""

    def __init__(self, definitions: Schema, prefix: str) -> None:
        self._definitions = definitions
        self._prefix = prefix
        self._referred: dict[str, None] = {}

    def definition(self, name: str) -> Schema:
        return self.schema(self._definitions[name], (name,))

    def kept(self) -> Schema:
        """The definitions that are referred to, and those which they refer to."""
        written: Schema = {}
        while pending := [name for name in self._referred if self._prefix + name not in written]:
            for name in pending:
                written[self._prefix + name] = self.definition(name)
        return written

    def schema(self, given: Schema, path: tuple[str, ...]) -> Schema:
        if "$ref" in given:
            name = given["$ref"].rpartition("/")[2]
            if name in path:
                self._referred[name] = None
                return {"$ref": f"#/$defs/{self._prefix}{name}"}
            return self.schema(self._definitions[name], (*path, name))
        written: Schema = {key: given[key] for key in ("type", "required", "enum") if key in given}
        if "const" in given:
            written["enum"] = [given["const"]]
        if "properties" in given:
            written["properties"] = {name: self.schema(inner, path) for name, inner in given["properties"].items()}
        self._items(given, written, path)
        if isinstance(given.get("additionalProperties"), dict):
            written["additionalProperties"] = self.schema(given["additionalProperties"], path) or True
        elif "additionalProperties" in given:
            written["additionalProperties"] = given["additionalProperties"]
        _format(given, written)
        return self._branches(given, written, path)

    def _items(self, given: Schema, written: Schema, path: tuple[str, ...]) -> None:
        if isinstance(given.get("items"), dict):
            written["items"] = self.schema(given["items"], path)
        elif "prefixItems" in given:  # a tuple; kernels know one schema for all items
            written["items"] = any_of(self.schema(item, path) for item in given["prefixItems"])

    def _branches(self, given: Schema, written: Schema, path: tuple[str, ...]) -> Schema:
        for keyword in ("anyOf", "oneOf"):
            if keyword in given:
                written |= any_of(self.schema(branch, path) for branch in given[keyword])
        return written


def _format(given: Schema, written: Schema) -> None:
    kind = given.get("type")
    known = NUMBERS.get(kind, "") if isinstance(kind, str) else ""
    known = known or FORMATS.get(given.get("format", ""), "")
    if known:
        written["format"] = known
