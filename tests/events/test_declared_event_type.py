from __future__ import annotations

import sys
import types
from dataclasses import dataclass
from typing import Any

import pydantic
import pydantic.dataclasses
import pytest

from chronicle_notebook.base._errors import InvalidDeclarationError
from chronicle_notebook.events._declared_event_type import (
    _registry,
    declared_event_types,
    event_type,
    event_type_of,
    is_event_type,
    registration_of,
)
from chronicle_notebook.model import EventType, RegisteredEventType


@pytest.fixture(autouse=True)
def nothing_else_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_registry, "_noted", [])


def test_a_bare_decorator_takes_the_name_of_the_class() -> None:
    @event_type
    @dataclass
    class AccountOpened:
        owner: str

    assert event_type_of(AccountOpened) == EventType("AccountOpened", 1)
    assert event_type_of(AccountOpened("customer-17")) == EventType("AccountOpened", 1)
    assert AccountOpened("customer-17") == AccountOpened("customer-17")


def test_id_generation_and_tombstone_are_taken_as_given() -> None:
    @event_type(id="AccountClosed", generation=2, tombstone=True)
    class Closed:
        reason: str

    @event_type("AccountFrozen")
    class Frozen:
        reason: str

    @event_type()
    class Thawed:
        reason: str

    assert event_type_of(Closed) == EventType("AccountClosed", 2, tombstone=True)
    assert event_type_of(Frozen) == EventType("AccountFrozen")
    assert event_type_of(Thawed) == EventType("Thawed")


def test_it_may_stand_above_or_below_dataclass_with_and_without_slots() -> None:
    @event_type("above")
    @dataclass(frozen=True, slots=True)
    class Above:
        owner: str

    @dataclass(frozen=True, slots=True)
    @event_type("below")
    class Below:
        owner: str

    @dataclass
    @event_type("plain")
    class Plain:
        owner: str

    assert [event_type_of(cls).id for cls in (Above, Below, Plain)] == ["above", "below", "plain"]
    assert declared_event_types() == [Above, Below, Plain]
    assert event_type_of(Below("customer-17")).id == "below"


def test_pydantic_models_and_dataclasses_can_be_declared() -> None:
    @event_type
    class Opened(pydantic.BaseModel):
        owner: str

    @pydantic.dataclasses.dataclass
    @event_type
    @dataclass
    class Closed:
        reason: str

    assert event_type_of(Opened(owner="customer-17")).id == "Opened"
    assert event_type_of(Closed("moved")).id == "Closed"
    assert registration_of(Closed).schema["properties"] == {"reason": {"type": "string"}}


def test_a_subclass_is_an_event_type_only_by_its_own_declaration() -> None:
    @event_type
    class Base:
        owner: str

    class Derived(Base):
        pass

    assert not is_event_type(Derived)
    with pytest.raises(
        InvalidDeclarationError, match=r"Derived is not declared as an event type\. Put @cn\.event_type"
    ):
        event_type_of(Derived)


def test_what_is_not_declared_says_so() -> None:
    assert not is_event_type("AccountOpened")
    with pytest.raises(InvalidDeclarationError, match=r"builtins\.str is not declared"):
        event_type_of("AccountOpened")


@pytest.mark.parametrize(
    ("arguments", "field", "message"),
    [
        ({"id": 7}, "id", "is a text, not int"),
        ({"id": ""}, "id", "is empty"),
        ({"id": "  "}, "id", "is empty"),
        ({"id": " A"}, "id", "white space"),
        ({"id": "A\n"}, "id", "white space"),
        ({"id": "A\x00B"}, "id", "control character"),
        ({"generation": 0}, "generation", "from 1 to 4294967295"),
        ({"generation": 2**32}, "generation", "from 1 to 4294967295"),
        ({"generation": "2"}, "generation", "from 1 to 4294967295"),
        ({"generation": True}, "generation", "from 1 to 4294967295"),
        ({"tombstone": 1}, "tombstone", "is True or False, not int"),
    ],
)
def test_a_wrong_argument_is_reported_at_the_decorator(arguments: Any, field: str, message: str) -> None:
    with pytest.raises(InvalidDeclarationError) as caught:
        event_type(**arguments)
    assert caught.value.field == field
    assert message in caught.value.message
    assert "@cn.event_type(" in caught.value.hint


def test_only_a_class_that_takes_a_mark_can_be_declared() -> None:
    with pytest.raises(InvalidDeclarationError, match="stands above a class, not above a function"):
        event_type("A")(lambda: None)  # type: ignore[arg-type]
    with pytest.raises(InvalidDeclarationError, match=r"builtins\.int cannot be marked"):
        event_type(int)


def test_two_classes_of_one_id_and_generation_are_told_when_they_are_looked_up() -> None:
    @event_type("AccountOpened")
    class One:
        pass

    @event_type("AccountOpened", generation=2)
    class Two:
        pass

    assert declared_event_types() == [One, Two]

    @event_type("AccountOpened")
    class Other:
        pass

    with pytest.raises(InvalidDeclarationError) as caught:
        declared_event_types()
    assert caught.value.field == "id"
    assert "One and " in caught.value.message
    assert "Other are both declared as the event type 'AccountOpened'." in caught.value.message
    assert event_type_of(Other).id == "AccountOpened"


def test_a_class_that_is_defined_again_in_its_module_replaces_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("events_of_a_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    module.__dict__["event_type"] = event_type
    exec("@event_type(generation=1)\nclass Opened:\n    owner: str", module.__dict__)
    first = module.__dict__["Opened"]
    exec("@event_type(generation=2)\nclass Opened:\n    owner: str\n    at: int", module.__dict__)
    assert declared_event_types() == [module.__dict__["Opened"]]
    assert event_type_of(first).generation == 1
    del module.__dict__["Opened"]
    assert declared_event_types() == []


def test_a_registration_holds_the_type_and_its_schema() -> None:
    @event_type("AccountOpened", generation=2)
    @dataclass
    class Opened:
        owner: str

    assert registration_of(Opened) == RegisteredEventType(
        EventType("AccountOpened", 2),
        {"type": "object", "properties": {"owner": {"type": "string"}}, "required": ["owner"]},
    )
