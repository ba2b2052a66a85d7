from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chronicle_notebook.base._errors import InvalidDeclarationError, InvalidDefinitionError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.definition._declaration import declare, is_webhook, registry, webhook
from chronicle_notebook.events._declared_event_type import event_type
from chronicle_notebook.model import BearerAuthorization, EventType

URL = "https://example.com/chronicle/webhooks"
ELSEWHERE = "not.loaded"
"""The module of the classes of this file, so that no other test finds them."""


@pytest.fixture(autouse=True)
def nothing_stays_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_noted", [])


@event_type
class AccountOpened:
    __module__ = ELSEWHERE
    owner: str


@webhook(target_url=URL, id="account-events", event_sequence_id="archive")
class AccountEvents:
    __module__ = ELSEWHERE

    def define(self, builder: DefinitionBuilder) -> DefinitionBuilder:
        return builder.with_event_type(AccountOpened).with_bearer_token(Secret.env("WEBHOOK_TOKEN"))


@webhook(target_url=URL)
class Everything:
    __module__ = ELSEWHERE


def must_not_be_asked() -> list[EventType]:
    raise AssertionError("the event types were named")


def test_a_declared_class_amounts_to_a_definition() -> None:
    declared = declare(AccountEvents, all_event_types=must_not_be_asked)
    assert declared.definition.id == "account-events"
    assert declared.definition.target_url == URL
    assert declared.definition.event_sequence_id == "archive"
    assert declared.definition.event_types == (EventType("AccountOpened"),)
    assert declared.definition.authorization == BearerAuthorization(Secret.env("WEBHOOK_TOKEN"))
    assert declared.event_type_classes == (AccountOpened,)
    assert declared.source == "not.loaded.AccountEvents"


def test_without_define_a_webhook_has_its_name_and_all_event_types() -> None:
    declared = declare(Everything, all_event_types=lambda: [EventType("A"), EventType("B", 2)])
    assert declared.definition.id == "Everything"
    assert declared.definition.event_sequence_id == "event-log"
    assert declared.definition.event_types == (EventType("A"), EventType("B", 2))
    assert declared.event_type_classes == ()


def test_without_any_event_type_it_would_never_fire() -> None:
    with pytest.raises(InvalidDefinitionError, match="Webhook 'Everything': There are no event types"):
        declare(Everything)


def test_define_may_be_static_or_of_the_class_and_may_choose_the_sequence() -> None:
    @webhook(target_url=URL)
    class Static:
        @staticmethod
        def define(builder: DefinitionBuilder) -> DefinitionBuilder:
            return builder.with_event_type("A").on_event_sequence("other")

    @webhook(target_url=URL)
    class OfTheClass:
        @classmethod
        def define(cls, builder: DefinitionBuilder) -> DefinitionBuilder:
            return builder.with_event_type(cls.__name__)

    assert declare(Static).definition.event_sequence_id == "other"
    assert declare(OfTheClass).definition.event_types == (EventType("OfTheClass"),)


def test_a_dataclass_with_defaults_can_be_a_webhook_whichever_decorator_stands_above() -> None:
    @webhook(target_url=URL, id="above")
    @dataclass(slots=True)
    class Above:
        name: str = "A"

        def define(self, builder: DefinitionBuilder) -> DefinitionBuilder:
            return builder.with_event_type(self.name)

    @dataclass(slots=True)
    @webhook(target_url=URL, id="below")
    class Below:
        name: str = "B"

        def define(self, builder: DefinitionBuilder) -> DefinitionBuilder:
            return builder.with_event_type(self.name)

    assert declare(Above).definition.event_types == (EventType("A"),)
    assert declare(Below).definition.event_types == (EventType("B"),)


def test_a_subclass_needs_a_declaration_of_its_own() -> None:
    class Derived(AccountEvents):
        pass

    assert not is_webhook(Derived)
    with pytest.raises(InvalidDeclarationError, match=r"Derived is not declared as a webhook\. Write @cn\.webhook"):
        declare(Derived)


@pytest.mark.parametrize(
    ("arguments", "field", "message"),
    [
        ({"target_url": 7}, "target_url", "The target_url of a webhook is a text, not int."),
        ({"target_url": Secret("x")}, "target_url", "The target_url of a webhook is a text, not Secret."),
        ({"target_url": URL, "id": 7}, "id", "The id of a webhook is a text, not int."),
        ({"target_url": URL, "event_sequence_id": 5}, "event_sequence_id", "is a text, not int."),
    ],
)
def test_an_argument_of_a_wrong_type_is_reported_at_the_decorator(
    arguments: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(InvalidDeclarationError) as caught:
        webhook(**arguments)
    assert caught.value.field == field
    assert message in caught.value.message


class Bare:
    pass


def test_a_bare_decorator_or_a_url_without_its_name_is_reported_with_the_right_form() -> None:
    with pytest.raises(InvalidDeclarationError, match=r"but got the class .*Bare without one") as caught:
        webhook(Bare)
    assert 'target_url="https://' in caught.value.hint
    with pytest.raises(InvalidDeclarationError, match="but got str without one") as caught:
        webhook(URL)
    assert caught.value.field == "target_url"


def test_a_missing_target_url_names_the_class() -> None:
    with pytest.raises(InvalidDeclarationError) as caught:
        webhook(id="bare")(Bare)
    assert caught.value.message == f"The webhook {__name__}.Bare has no target URL."
    assert caught.value.field == "target_url"
    assert not is_webhook(Bare)


def test_only_a_class_can_be_declared() -> None:
    with pytest.raises(InvalidDeclarationError, match="stands above a class, not above a function"):
        webhook(target_url=URL)(must_not_be_asked)  # type: ignore[arg-type]
    with pytest.raises(InvalidDeclarationError, match="cannot be marked"):
        webhook(target_url=URL)(int)


def test_an_instance_is_told_to_give_the_class() -> None:
    with pytest.raises(InvalidDeclarationError, match="is a class, not AccountEvents") as caught:
        declare(AccountEvents())  # type: ignore[arg-type]
    assert caught.value.hint == "Give the class itself, without parentheses."


def test_what_the_texts_hold_is_checked_with_the_definition() -> None:
    @webhook(target_url="example.com", id="a#b")
    class Wrong:
        pass

    with pytest.raises(InvalidDefinitionError) as caught:
        declare(Wrong, all_event_types=lambda: [EventType("A")])
    assert caught.value.field == "id"


def with_define(define: Any) -> type:
    return webhook(target_url=URL)(type("Hook", (), {"define": define, "__module__": __name__}))


async def coroutine(self: object, builder: DefinitionBuilder) -> DefinitionBuilder:
    return builder


@pytest.mark.parametrize(
    ("define", "message", "hint"),
    [
        (lambda self, b: None, "The define of {} returned nothing instead of a builder.", "Is a return missing?"),
        (lambda self, b: "text", "The define of {} returned str instead of a builder.", "Return the builder"),
        (coroutine, "The define of {} returned a coroutine instead of a builder.", "instead of async def"),
        (lambda self: None, "The define of {} is not a method that takes a builder.", "def define(self, builder)"),
        ("text", "The define of {} is not a method that takes a builder.", "def define(self, builder)"),
    ],
)
def test_a_define_that_gives_no_builder_is_told_what_is_missing(define: Any, message: str, hint: str) -> None:
    with pytest.raises(InvalidDeclarationError) as caught:
        declare(with_define(define))
    assert caught.value.message == message.format(f"{__name__}.Hook")
    assert caught.value.field == "define"
    assert hint in caught.value.hint


def needs_an_argument() -> type:
    @webhook(target_url=URL)
    class Needy:
        def __init__(self, name: str) -> None:
            self.name = name

        def define(self, builder: DefinitionBuilder) -> DefinitionBuilder:
            return builder

    return Needy


def is_abstract() -> type:
    @webhook(target_url=URL)
    class Abstract(ABC):
        @abstractmethod
        def name(self) -> str: ...

        def define(self, builder: DefinitionBuilder) -> DefinitionBuilder:
            return builder

    return Abstract


@pytest.mark.parametrize("make", [needs_an_argument, is_abstract])
def test_a_class_that_cannot_be_made_without_arguments_is_reported(make: Callable[[], type]) -> None:
    with pytest.raises(InvalidDeclarationError, match="cannot be created without arguments") as caught:
        declare(make())
    assert "default" in caught.value.hint


def test_what_goes_wrong_inside_define_is_told_with_the_class() -> None:
    def fails(self: object, builder: DefinitionBuilder) -> DefinitionBuilder:
        raise ZeroDivisionError("canary-9f2b")

    def misuses(self: object, builder: DefinitionBuilder) -> DefinitionBuilder:
        return builder.with_event_type(7)  # type: ignore[arg-type]

    with pytest.raises(InvalidDeclarationError) as failed:
        declare(with_define(fails))
    assert failed.value.message.startswith(f"The define of {__name__}.Hook")
    assert failed.value.message.endswith(" raised ZeroDivisionError.")
    assert "canary-9f2b" not in str(failed.value)
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
    with pytest.raises(InvalidDefinitionError) as caught:
        declare(with_define(misuses))
    assert caught.value.field == "event_types"
    assert caught.value.webhook == "Hook"
    assert caught.value.message.startswith("Webhook 'Hook': An event type must be ")
    assert "raised" not in str(caught.value), "an error of this package comes out as it is"


def test_a_constructor_that_fails_is_told_with_the_class() -> None:
    def fails(self: object) -> None:
        raise KeyError("canary-9f2b")

    cls = with_define(lambda self, builder: builder)
    cls.__init__ = fails  # type: ignore[misc]
    with pytest.raises(InvalidDeclarationError, match=r"The constructor of .*\.Hook raised KeyError\.") as caught:
        declare(cls)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize(
    ("given", "named", "observed"),
    [
        ({}, None, "event-log"),
        ({}, "outbox", "outbox"),
        ({"event_sequence_id": "archive"}, None, "archive"),
        ({"event_sequence_id": "archive"}, "outbox", "archive"),
        ({"event_sequence_id": "event-log"}, "outbox", "event-log"),
        ({"event_sequence_id": None}, "outbox", "outbox"),
    ],
)
def test_the_sequence_of_the_decorator_counts_more_than_that_of_define_as_in_elixir(
    given: dict[str, Any], named: str | None, observed: str
) -> None:
    @webhook(target_url=URL, id="precedence", **given)
    class Declared:
        def define(self, builder: DefinitionBuilder) -> DefinitionBuilder:
            builder = builder.with_event_type("AccountOpened")
            return builder if named is None else builder.on_event_sequence(named)

    assert declare(Declared).definition.event_sequence_id == observed
