from __future__ import annotations

import subprocess
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict, Union
from uuid import UUID

import jsonschema  # type: ignore[import-untyped]
import pydantic
import pytest

from chronicle_notebook.base._errors import InvalidDeclarationError
from chronicle_notebook.events._content import content_of
from chronicle_notebook.events._schema import schema_of

TEXT = {"type": "string"}
INT = {"type": "integer", "format": "int64"}
DOUBLE = {"type": "number", "format": "double"}


class Currency(StrEnum):
    EUR = "EUR"
    SEK = "SEK"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(Enum):
    A = 1.5


Owner = NewType("Owner", str)


@dataclass
class Address:
    street: str
    zip: str | None = None


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Extra(TypedDict):
    note: str
    more: NotRequired[int]


@dataclass
class Everything:
    text: str
    number: int
    amount: float
    exact: Decimal
    yes: bool
    at: datetime
    on: date
    when: time
    took: timedelta
    id: UUID
    currency: Currency
    level: Level
    kind: Literal["a", "b"]
    address: Address
    point: Point
    extra: Extra
    owner: Owner
    noted: Annotated[int, "a remark"]
    whatever: Any
    nothing: None


def test_every_kind_of_field_has_its_type_and_format() -> None:
    address = {
        "type": "object",
        "properties": {"street": TEXT, "zip": {"type": ["string", "null"]}},
        "required": ["street"],
    }
    assert schema_of(Everything) == {
        "type": "object",
        "properties": {
            "text": TEXT,
            "number": INT,
            "amount": DOUBLE,
            "exact": {"type": "number", "format": "decimal"},
            "yes": {"type": "boolean"},
            "at": {"type": "string", "format": "date-time-offset"},
            "on": {"type": "string", "format": "date"},
            "when": {"type": "string", "format": "time"},
            "took": {"type": "string", "format": "duration"},
            "id": {"type": "string", "format": "guid"},
            "currency": {"type": "string", "enum": ["EUR", "SEK"]},
            "level": {"type": "integer", "format": "int64", "enum": [1, 2]},
            "kind": {"type": "string", "enum": ["a", "b"]},
            "address": address,
            "point": {"type": "object", "properties": {"x": DOUBLE, "y": DOUBLE}, "required": ["x"]},
            "extra": {"type": "object", "properties": {"note": TEXT, "more": INT}, "required": ["note"]},
            "owner": TEXT,
            "noted": INT,
            "whatever": {},
            "nothing": {"type": "null"},
        },
        "required": [
            "text",
            "number",
            "amount",
            "exact",
            "yes",
            "at",
            "on",
            "when",
            "took",
            "id",
            "currency",
            "level",
            "kind",
            "address",
            "point",
            "extra",
            "owner",
            "noted",
        ],
    }


@dataclass
class Nullables:
    a: str | None
    b: Optional[int]  # noqa: UP045 - people write it
    c: Union[datetime, None]  # noqa: UP007 - people write it
    d: Currency | None
    e: Address | None
    f: list[int] | None
    g: Literal["a", None]  # noqa: PYI061 - people write it
    h: int | str
    i: int | str | None
    j: UUID | None


def test_null_is_said_by_the_type_and_the_format_and_such_a_field_is_not_required() -> None:
    assert schema_of(Nullables) == {
        "type": "object",
        "properties": {
            "a": {"type": ["string", "null"]},
            "b": {"type": ["integer", "null"], "format": "int64?"},
            "c": {"type": ["string", "null"], "format": "date-time-offset?"},
            "d": {"type": ["string", "null"], "enum": ["EUR", "SEK", None]},
            "e": {
                "type": ["object", "null"],
                "properties": {"street": TEXT, "zip": {"type": ["string", "null"]}},
                "required": ["street"],
            },
            "f": {"type": ["array", "null"], "items": INT},
            "g": {"type": ["string", "null"], "enum": ["a", None]},
            "h": {"anyOf": [INT, TEXT]},
            "i": {"anyOf": [INT, TEXT, {"type": "null"}]},
            "j": {"type": ["string", "null"], "format": "guid?"},
        },
        "required": ["h"],
    }


@dataclass
class Containers:
    a: list[str]
    b: tuple[int, ...]
    c: tuple[int, str]
    d: set[UUID]
    e: Sequence[Address | None]
    f: dict[str, int]
    g: Mapping[str, list[float]]
    h: list  # type: ignore[type-arg]
    i: dict  # type: ignore[type-arg]
    j: dict[str, Any]
    k: frozenset[str]


def test_containers_tell_what_they_hold() -> None:
    assert schema_of(Containers)["properties"] == {
        "a": {"type": "array", "items": TEXT},
        "b": {"type": "array", "items": INT},
        "c": {"type": "array", "items": {"anyOf": [INT, TEXT]}},
        "d": {"type": "array", "items": {"type": "string", "format": "guid"}},
        "e": {
            "type": "array",
            "items": {
                "type": ["object", "null"],
                "properties": {"street": TEXT, "zip": {"type": ["string", "null"]}},
                "required": ["street"],
            },
        },
        "f": {"type": "object", "additionalProperties": INT},
        "g": {"type": "object", "additionalProperties": {"type": "array", "items": DOUBLE}},
        "h": {"type": "array"},
        "i": {"type": "object", "additionalProperties": True},
        "j": {"type": "object", "additionalProperties": True},
        "k": {"type": "array", "items": TEXT},
    }


@dataclass
class Base:
    first: str


@dataclass
class Inheriting(Base):
    known: ClassVar[int] = 3
    given: InitVar[int] = 0
    second: int = 1
    third: list[str] = field(default_factory=list)


def test_defaults_are_not_required_and_what_is_no_field_is_left_out() -> None:
    assert schema_of(Inheriting) == {
        "type": "object",
        "properties": {"first": TEXT, "second": INT, "third": {"type": "array", "items": TEXT}},
        "required": ["first"],
    }


class Plain:
    shared: ClassVar[int] = 1
    owner: str
    currency: str = "EUR"
    _hidden: int

    def method(self) -> None: ...


class Slotted:
    __slots__ = ("owner",)
    owner: str


def test_a_plain_class_is_read_from_its_annotations() -> None:
    assert schema_of(Plain) == {
        "type": "object",
        "properties": {"owner": TEXT, "currency": TEXT},
        "required": ["owner"],
    }
    assert schema_of(Slotted) == {"type": "object", "properties": {"owner": TEXT}, "required": ["owner"]}


class Empty:
    pass


def test_a_class_without_fields_is_an_object_without_properties() -> None:
    assert schema_of(Empty) == {"type": "object", "properties": {}}


@dataclass
class Node:
    name: str
    children: list[Node]
    parent: Node | None = None


@dataclass
class Tree:
    root: Node


NODE = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
        "parent": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
    },
    "required": ["name", "children"],
}


def test_a_class_that_holds_itself_refers_to_a_definition() -> None:
    assert schema_of(Node) == {**NODE, "$defs": {"Node": NODE}}
    assert schema_of(Tree) == {
        "type": "object",
        "properties": {"root": NODE},
        "required": ["root"],
        "$defs": {"Node": NODE},
    }


@dataclass
class Egg:
    hen: Hen | None


@dataclass
class Hen:
    eggs: list[Egg]


def test_classes_that_hold_each_other_refer_to_definitions() -> None:
    schema = schema_of(Hen)
    assert set(schema["$defs"]) == {"Hen"}
    assert schema["properties"]["eggs"]["items"]["properties"]["hen"] == {
        "anyOf": [{"$ref": "#/$defs/Hen"}, {"type": "null"}]
    }
    assert content_valid(schema, {"eggs": [{"hen": {"eggs": []}}]})
    assert not content_valid(schema, {"eggs": [{"hen": {"eggs": 7}}]})


def content_valid(schema: dict[str, Any], content: dict[str, Any]) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(content))


def test_two_classes_of_one_name_have_two_definitions() -> None:
    def make(kind: str) -> type:
        namespace: dict[str, Any] = {"dataclass": dataclass, "__name__": __name__}
        exec(f"@dataclass\nclass Item:\n    {kind}: 'list[Item]'", namespace)
        made: type = namespace["Item"]
        made.__annotations__[kind] = list[made]  # type: ignore[valid-type]
        return made

    one, two = make("ones"), make("twos")
    both = type("Both", (), {"__annotations__": {"a": one, "b": two}, "__module__": __name__})
    schema = schema_of(both)
    assert schema["$defs"] == {
        "Item": {
            "type": "object",
            "properties": {"ones": {"type": "array", "items": {"$ref": "#/$defs/Item"}}},
            "required": ["ones"],
        },
        "Item2": {
            "type": "object",
            "properties": {"twos": {"type": "array", "items": {"$ref": "#/$defs/Item2"}}},
            "required": ["twos"],
        },
    }


def test_a_class_made_in_a_function_finds_itself_and_its_inner_classes() -> None:
    @dataclass
    class Local:
        class Inner:
            a: int

        inner: Inner
        next: Local | None = None
        date: date | None = None  # a default that has the name of its type

    assert schema_of(Local)["properties"] == {
        "inner": {"type": "object", "properties": {"a": INT}, "required": ["a"]},
        "next": {"anyOf": [{"$ref": "#/$defs/Local"}, {"type": "null"}]},
        "date": {"type": ["string", "null"], "format": "date?"},
    }


def test_a_class_that_cannot_be_found_is_told_with_class_field_and_annotation() -> None:
    @dataclass
    class Hidden:
        a: int

    @dataclass
    class Local:
        good: int
        hidden: list[Hidden]

    with pytest.raises(InvalidDeclarationError) as caught:
        schema_of(Local)
    assert caught.value.field == "hidden"
    assert "'list[Hidden]' of the field 'hidden'" in caught.value.message
    assert "Local cannot be resolved: the name 'Hidden' is not defined" in caught.value.message
    assert "Define the class it names" in caught.value.hint


class Opaque:
    def __init__(self) -> None:
        self.a = 1


@pytest.mark.parametrize(
    ("annotation", "shown"),
    [
        (bytes, "bytes"),
        (complex, "complex"),
        (Opaque, "Opaque"),
        (Mixed, "Mixed"),
        (dict[int, str], "dict[int, str]"),
        (list[bytes], "bytes"),
        (typing.Callable[[], int], "Callable[[], int]"),
        (typing.TypeVar("T"), "~T"),
        (type, "type"),
    ],
)
def test_an_annotation_without_a_place_in_a_schema_is_told(annotation: Any, shown: str) -> None:
    cls = type("Event", (), {"__annotations__": {"field": annotation}, "__module__": __name__})
    with pytest.raises(InvalidDeclarationError) as caught:
        schema_of(cls)
    assert caught.value.field == "field"
    assert (
        caught.value.message == f"The annotation {shown!r} of the field 'field' of {__name__}.Event has no JSON schema."
    )


@pytest.mark.parametrize("text", ["1 +", "'a'.b", "list[()()]"])
def test_an_annotation_that_is_no_type_is_told(text: str) -> None:
    cls = type("Event", (), {"__annotations__": {"field": text}, "__module__": __name__})
    with pytest.raises(InvalidDeclarationError, match="it is not a type"):
        schema_of(cls)


class Line(pydantic.BaseModel):
    item: str = pydantic.Field(min_length=1, description="what it is")
    price: Decimal


class Order(pydantic.BaseModel):
    """A docstring that is no part of the schema."""

    id: UUID
    number: int
    at: datetime
    took: timedelta
    lines: list[Line]
    currency: Currency = Currency.EUR
    note: str | None = None
    shipped: date | None
    pair: tuple[int, str]
    names: dict[str, float]
    contact: Line | None = None
    title: str = pydantic.Field(serialization_alias="orderTitle")


class Category(pydantic.BaseModel):
    name: str
    inner: list[Category] = []


LINE = {"type": "object", "properties": {"item": TEXT, "price": TEXT}, "required": ["item", "price"]}


def test_a_pydantic_model_gives_what_it_writes_in_the_dialect_of_kernels() -> None:
    assert schema_of(Order) == {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "guid"},
            "number": INT,
            "at": {"type": "string", "format": "date-time-offset"},
            "took": TEXT,
            "lines": {"type": "array", "items": LINE},
            "currency": {"type": "string", "enum": ["EUR", "SEK"]},
            "note": {"type": ["string", "null"]},
            "shipped": {"type": ["string", "null"], "format": "date?"},
            "pair": {"type": "array", "items": {"anyOf": [INT, TEXT]}},
            "names": {"type": "object", "additionalProperties": DOUBLE},
            "contact": {**LINE, "type": ["object", "null"]},
            "orderTitle": TEXT,
        },
        "required": ["id", "number", "at", "took", "lines", "pair", "names", "orderTitle"],
    }


def test_what_a_pydantic_model_writes_fits_its_schema() -> None:
    order = Order(
        id=UUID(int=1),
        number=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        took=timedelta(seconds=90),
        lines=[Line(item="a", price=Decimal("1.50"))],
        shipped=None,
        pair=(1, "a"),
        names={"a": 1.0},
        title="t",
    )
    assert content_valid(schema_of(Order), content_of(order))
    assert not content_valid(schema_of(Order), content_of(order) | {"lines": 7})


def test_a_pydantic_model_that_holds_itself_refers_to_a_definition() -> None:
    category = {
        "type": "object",
        "properties": {"name": TEXT, "inner": {"type": "array", "items": {"$ref": "#/$defs/Category"}}},
        "required": ["name"],
    }
    schema = schema_of(Category)
    assert {key: schema[key] for key in category} == category
    assert list(schema["$defs"]) == ["Category"]
    assert content_valid(schema, {"name": "a", "inner": [{"name": "b", "inner": []}]})
    assert not content_valid(schema, {"name": "a", "inner": [{"name": 7, "inner": []}]})


@dataclass
class Wrapping:
    category: Category | None
    line: Line


def test_a_pydantic_model_inside_a_dataclass_keeps_its_definitions_apart() -> None:
    schema = schema_of(Wrapping)
    assert schema["properties"]["line"] == LINE
    assert schema["required"] == ["line"]
    assert list(schema["$defs"]) == ["Category.Category"]
    assert content_valid(
        schema, {"category": {"name": "a", "inner": [{"name": "b"}]}, "line": {"item": "", "price": ""}}
    )
    assert not content_valid(schema, {"category": {"name": "a", "inner": [7]}, "line": {"item": "", "price": ""}})


def test_a_pydantic_model_with_a_root_is_a_field_and_no_event() -> None:
    class Names(pydantic.RootModel[list[str]]):
        pass

    holder = type("Holder", (), {"__annotations__": {"names": Names}, "__module__": __name__})
    assert schema_of(holder)["properties"] == {"names": {"type": "array", "items": TEXT}}
    with pytest.raises(InvalidDeclarationError, match=r"Names is not written as an object"):
        schema_of(Names)


def test_a_pydantic_field_without_a_schema_is_told() -> None:
    class Model(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
        a: Opaque

    with pytest.raises(InvalidDeclarationError, match=r"pydantic makes no JSON schema of .*Model") as caught:
        schema_of(Model)
    assert "model_json_schema" in caught.value.hint


def test_a_schema_is_made_without_importing_pydantic() -> None:
    source = (
        "import sys\n"
        "from dataclasses import dataclass\n"
        "from chronicle_notebook.events._content import content_of\n"
        "from chronicle_notebook.events._schema import schema_of\n"
        "@dataclass\n"
        "class A:\n    a: int\n"
        "assert schema_of(A)['required'] == ['a'] and content_of(A(1)) == {'a': 1}\n"
        "assert not [m for m in sys.modules if m.startswith('pydantic')]\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_content_of_writes_fits_the_schema() -> None:
    tree = Tree(Node("a", [Node("b", [])], Node("c", [])))
    assert content_valid(schema_of(Tree), content_of(tree))
    module = types.SimpleNamespace()
    assert not content_valid(schema_of(Tree), content_of(module))
