"""A pydantic model's own JSON schema, in the dialect that kernels read.

The schema describes how pydantic *writes* a value (mode ``serialization``), because this is what is appended. Keywords
that kernels do not read (titles, defaults, patterns, limits) are left out, so that a changed description does not
change the schema.
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
"""The formats of pydantic that a kernel knows.

``duration`` is not one of them: pydantic writes ISO 8601, and a kernel reads the form of .NET.
"""

NUMBERS = {"integer": "int64", "number": "double"}


def pydantic_schema(model: type, *, prefix: str = "") -> tuple[Schema, Schema]:
    """The schema of a model, and the definitions that it refers to. The names of the definitions begin with ``prefix``.

    :raises InvalidDeclarationError: pydantic has no schema for one of the fields.
    """
    try:
        given: Schema = model.model_json_schema(mode="serialization")  # type: ignore[attr-defined]
    except Exception as error:  # pydantic and its plugins can raise any error
        raise InvalidDeclarationError(
            f"pydantic makes no JSON schema of {full_name(model)}: {type(error).__name__}.",
            hint=f"Try {model.__name__}.model_json_schema(mode='serialization') to see which field it is.",
        ) from error
    translation = _Translation(given.get("$defs", {}), prefix)
    name = given.get("$ref", "").rpartition("/")[2]  # a model that contains itself is a reference
    schema = translation.definition(name) if name else translation.schema(given, ())
    _relax(schema)
    return schema, translation.kept()


def _relax(schema: Schema) -> None:
    # As everywhere in this package: a field that may be null may be left out.
    required = [name for name in schema.get("required", []) if not allows_null(schema["properties"][name])]
    schema.pop("required", None)
    if required:
        schema["required"] = required


class _Translation:
    """Writes definitions where they are used, and keeps definitions that contain themselves."""

    def __init__(self, definitions: Schema, prefix: str) -> None:
        self._definitions = definitions
        self._prefix = prefix
        self._referred: dict[str, None] = {}

    def definition(self, name: str) -> Schema:
        return self.schema(self._definitions[name], (name,))

    def kept(self) -> Schema:
        """The definitions that are referred to, directly or by other definitions."""
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
        elif "prefixItems" in given:  # a tuple; kernels know only one schema for all items
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
