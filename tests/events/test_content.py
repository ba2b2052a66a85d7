from __future__ import annotations

import json
import math
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, NamedTuple
from uuid import UUID

import pydantic
import pytest
from hypothesis import given, settings, strategies as st

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.events._content import content_of

CANARY = "canary-7f3a"


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 2


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Address:
    street: str


@dataclass
class Opened:
    value: Any
    tags: list[str] = field(default_factory=list)


def test_fields_come_out_as_json_holds_them() -> None:
    @dataclass(slots=True)
    class Everything:
        at: datetime
        on: date
        when: time
        id: UUID
        amount: Decimal
        colour: Colour
        level: Level
        address: Address
        point: Point
        pair: tuple[int, Address]
        some: set[int]
        names: dict[str, Colour]
        none: None

    content = content_of(
        Everything(
            at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
            on=date(2026, 1, 2),
            when=time(3, 4),
            id=UUID(int=1),
            amount=Decimal("12.34"),
            colour=Colour.RED,
            level=Level.HIGH,
            address=Address("Main"),
            point=Point(1, 2),
            pair=(1, Address("Side")),
            some={3},
            names={"a": Colour.RED},
            none=None,
        )
    )
    assert content == {
        "at": "2026-01-02T03:04:05+02:00",
        "on": "2026-01-02",
        "when": "03:04:00",
        "id": "00000000-0000-0000-0000-000000000001",
        "amount": 12.34,
        "colour": "red",
        "level": 2,
        "address": {"street": "Main"},
        "point": {"x": 1, "y": 2},
        "pair": [1, {"street": "Side"}],
        "some": [3],
        "names": {"a": "red"},
        "none": None,
    }
    assert type(content["level"]) is int
    assert json.loads(json.dumps(content)) == content


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "00:00:00"),
        (timedelta(hours=1, minutes=2, seconds=3), "01:02:03"),
        (timedelta(days=2, microseconds=5), "2.00:00:00.000005"),
        (timedelta(seconds=-1), "-00:00:01"),
        (timedelta(days=-2, hours=-3), "-2.03:00:00"),
    ],
)
def test_a_duration_is_written_as_dotnet_reads_it(duration: timedelta, text: str) -> None:
    assert content_of(Opened(duration))["value"] == text


@pytest.mark.parametrize(
    ("amount", "number"),
    [
        (Decimal("1.10"), 1.1),
        (Decimal("3.00"), 3),
        (Decimal("1E+3"), 1000),
        (Decimal("-0.5"), -0.5),
        (Decimal(2**53 + 1), 2**53 + 1),
    ],
)
def test_a_decimal_is_a_number(amount: Decimal, number: float) -> None:
    written = content_of(Opened(amount))["value"]
    assert written == number
    assert type(written) is type(number)


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_written_without_loss_or_not_at_all(amount: Decimal) -> None:
    try:
        written = content_of(Opened(amount))["value"]
    except InvalidInputError:
        return
    assert Decimal(json.dumps(written)) == amount


class Plain:
    currency: str = "EUR"
    owner: str

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def test_a_plain_object_gives_its_annotated_and_its_public_values() -> None:
    assert content_of(Plain(owner="customer-17", more=1, _hidden=2)) == {
        "currency": "EUR",
        "owner": "customer-17",
        "more": 1,
    }


def test_a_value_that_was_never_set_is_told() -> None:
    with pytest.raises(InvalidInputError, match="The field 'owner' of Plain has no value") as caught:
        content_of(Plain())
    assert caught.value.field == "owner"


def test_a_mapping_is_content_as_it_is() -> None:
    assert content_of({"owner": "customer-17", "at": datetime(2026, 1, 1, tzinfo=UTC)}) == {
        "owner": "customer-17",
        "at": "2026-01-01T00:00:00+00:00",
    }


class Line(pydantic.BaseModel):
    price: Decimal
    name: str = pydantic.Field(serialization_alias="lineName")


class Order(pydantic.BaseModel):
    lines: list[Line]
    took: timedelta
    ratio: float = 1.0


def test_a_pydantic_model_writes_itself() -> None:
    order = Order(lines=[Line(price=Decimal("1.50"), name="a")], took=timedelta(seconds=90))
    expected = {"lines": [{"price": "1.50", "lineName": "a"}], "took": "PT1M30S", "ratio": 1.0}
    assert content_of(order) == expected
    assert content_of(Opened(order))["value"] == expected


def test_a_pydantic_model_is_checked_as_well() -> None:
    with pytest.raises(InvalidInputError, match="nan or infinity") as caught:
        content_of(Order(lines=[], took=timedelta(1), ratio=math.inf))
    assert caught.value.field == "ratio"

    class Broken(pydantic.BaseModel):
        a: int

        @pydantic.field_serializer("a")
        def fail(self, value: int) -> int:
            raise ValueError(CANARY)

    with pytest.raises(InvalidInputError, match="is not written by pydantic") as failed:
        content_of(Broken(a=1))
    assert CANARY not in str(failed.value)


def test_a_pydantic_model_with_a_root_is_a_value_and_no_event() -> None:
    names = pydantic.RootModel[list[str]](["a"])
    assert content_of(Opened(names))["value"] == ["a"]
    with pytest.raises(InvalidInputError, match="is written as a list"):
        content_of(names)


@dataclass
class Loop:
    inner: Any = None


def looping() -> Loop:
    loop = Loop()
    loop.inner = [loop]
    return loop


def looping_list() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


def looping_mapping() -> dict[str, Any]:
    items: dict[str, Any] = {}
    items["again"] = items
    return items


@pytest.mark.parametrize(
    ("value", "at", "message"),
    [
        (object(), "value", "is a object, which has no JSON form"),
        (b"bytes", "value", "is a bytes, which has no JSON form"),
        (1j, "value", "is a complex"),
        (lambda: None, "value", "is a function"),
        ([1, object()], "value[1]", "is a object"),
        ({"a": {"b": b""}}, "value.a.b", "is a bytes"),
        (Address(object()), "value.street", "is a object"),  # type: ignore[arg-type]
        ({1: "a"}, "value", "has a key that is a int"),
        (Secret(CANARY), "value", "is a Secret, which has no JSON form"),
        (math.nan, "value", "nan or infinity"),
        (-math.inf, "value", "nan or infinity"),
        (Decimal("NaN"), "value", "nan or infinity"),
        (Decimal("0.12345678901234567890"), "value", "more digits than a JSON number can have"),
        (2**63, "value", "beyond 64 bits"),
        (-(2**63) - 1, "value", "beyond 64 bits"),
        ("\ud800", "value", "half a character"),
        (datetime(2026, 1, 1), "value", "a time without an offset"),  # noqa: DTZ001 - that is the point
        (looping(), "value.inner[0]", "holds itself"),
        (looping_list(), "value[0]", "holds itself"),
        (looping_mapping(), "value.again", "holds itself"),
    ],
)
def test_a_value_without_a_json_form_is_told_by_field_and_type(value: Any, at: str, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        content_of(Opened(value))
    assert caught.value.field == at
    assert f"The field {at!r} {message}" in caught.value.message or message in caught.value.message
    assert caught.value.hint
    assert CANARY not in str(caught.value)


def test_one_object_in_two_places_is_no_loop() -> None:
    shared = Address("Main")
    assert content_of(Opened([shared, shared]))["value"] == [{"street": "Main"}, {"street": "Main"}]


def test_other_sequences_are_lists_too() -> None:
    assert content_of(Opened(deque([1, 2])))["value"] == [1, 2]
    assert content_of(Opened(range(2)))["value"] == [0, 1]


@pytest.mark.parametrize("instance", [None, 7, "text", [1], object(), Address, Secret(CANARY)])
def test_what_is_no_event_is_told(instance: object) -> None:
    with pytest.raises(InvalidInputError, match="an instance of a class with fields") as caught:
        content_of(instance)
    assert caught.value.field == "content"
    assert CANARY not in str(caught.value)
