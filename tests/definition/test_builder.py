from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from chronicle_notebook.base._errors import InvalidDefinitionError, InvalidInputError, UnknownEventTypeError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition._builder import DefinitionBuilder, configured
from chronicle_notebook.events._declared_event_type import event_type
from chronicle_notebook.model import (
    NO_AUTHORIZATION,
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    OAuthAuthorization,
)

URL = "https://example.com/chronicle/webhooks"
CANARY = "canary-7f3a"


@event_type("AccountClosed", generation=3)
class Closed:
    __module__ = "not.loaded"  # so that no other test finds it
    reason: str


class Undeclared:
    pass


def test_a_definition_holds_what_the_builder_was_told() -> None:
    definition = (
        DefinitionBuilder()
        .on_event_sequence("archive")
        .with_event_type("AccountOpened")
        .with_header("x-source", "my-app")
        .with_headers({"x-team": "ledger"})
        .with_bearer_token(Secret.env("WEBHOOK_TOKEN"))
        .not_replayable()
        .not_active()
        .build("account-events", URL)
    )
    assert definition.id == "account-events"
    assert definition.target_url == URL
    assert definition.event_types == (EventType("AccountOpened"),)
    assert definition.authorization == BearerAuthorization(Secret.env("WEBHOOK_TOKEN"))
    assert dict(definition.headers) == {"x-source": "my-app", "x-team": "ledger"}
    assert definition.event_sequence_id == "archive"
    assert (definition.replayable, definition.active) == (False, False)


def test_what_is_not_told_has_the_defaults_of_a_kernel() -> None:
    definition = DefinitionBuilder().with_event_type("A").build("a", URL)
    assert definition.event_sequence_id == "event-log"
    assert definition.authorization is NO_AUTHORIZATION
    assert (definition.replayable, definition.active, dict(definition.headers)) == (True, True, {})


def test_each_step_is_a_new_builder() -> None:
    first = DefinitionBuilder().with_event_type("A")
    second = first.with_event_type("B").with_header("x-a", "1").not_active()
    assert first.event_types == (EventType("A"),)
    assert second.event_types == (EventType("A"), EventType("B"))
    assert repr(first) == "DefinitionBuilder(event_types=[A])"
    with pytest.raises(FrozenInstanceError):
        first._active = False  # type: ignore[misc]


def test_the_last_authorization_holds() -> None:
    builder = DefinitionBuilder().with_event_type("A").with_basic_auth("reader", "pw").with_bearer_token("t")
    assert builder.build("a", URL).authorization == BearerAuthorization(Secret("t"))
    assert builder.with_basic_auth("reader", "pw").build("a", URL).authorization == BasicAuthorization(
        "reader", Secret("pw")
    )
    oauth = builder.with_oauth("https://id.example.com", "client", "s").build("a", URL).authorization
    assert oauth == OAuthAuthorization("https://id.example.com", "client", Secret("s"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("AccountOpened",), EventType("AccountOpened", 1)),
        (("AccountOpened+2",), EventType("AccountOpened", 2)),
        (("AccountOpened", 4), EventType("AccountOpened", 4)),
        (("AccountOpened+2", 2), EventType("AccountOpened", 2)),
        ((EventType("AccountOpened", 5, tombstone=True),), EventType("AccountOpened", 5, tombstone=True)),
        ((Closed,), EventType("AccountClosed", 3)),
        ((Closed, 3), EventType("AccountClosed", 3)),
    ],
)
def test_an_event_type_is_an_id_a_value_or_a_declared_class(given: tuple[Any, ...], expected: EventType) -> None:
    assert DefinitionBuilder().with_event_type(*given).event_types == (expected,)


def test_the_classes_that_were_named_are_remembered_for_their_schemas() -> None:
    builder = DefinitionBuilder().with_event_types("A", Closed, "AccountClosed+3", Closed)
    assert builder.event_types == (EventType("A"), EventType("AccountClosed", 3))
    assert builder.event_type_classes == (Closed,)


def test_the_same_event_type_is_kept_once_in_its_first_place() -> None:
    builder = DefinitionBuilder().with_event_types("B", "A", "B", EventType("A", 1), "B+2")
    assert builder.event_types == (EventType("B"), EventType("A"), EventType("B", 2))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((Undeclared,), "not the class Undeclared"),
        ((7,), "not int"),
        (("A+2", 3), "generation 2, but generation=3"),
        ((Closed, 1), "generation 3, but generation=1"),
        (("A", "2"), "not str"),
        (("A", []), "not list"),
    ],
)
def test_what_is_no_event_type_is_refused_at_once(given: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InvalidDefinitionError) as caught:
        DefinitionBuilder().with_event_type(*given)
    assert caught.value.field == "event_types"
    assert message in caught.value.message
    assert caught.value.hint


def test_a_header_that_differs_only_in_case_is_refused() -> None:
    builder = DefinitionBuilder().with_header("X-Source", "a")
    with pytest.raises(InvalidDefinitionError) as caught:
        builder.with_header("x-source", CANARY)
    assert caught.value.field == "headers"
    assert "'X-Source' and 'x-source'" in caught.value.message
    assert CANARY not in str(caught.value)


def test_the_same_header_again_replaces_the_value() -> None:
    builder = DefinitionBuilder().with_event_type("A").with_header("x-a", "1").with_header("x-a", "2")
    assert dict(builder.build("a", URL).headers) == {"x-a": "2"}


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: DefinitionBuilder().with_header(3, "a"), "headers"),  # type: ignore[arg-type]
        (lambda: DefinitionBuilder().with_headers(["x-a"]), "headers"),  # type: ignore[arg-type]
        (lambda: DefinitionBuilder().with_bearer_token(None), "token"),  # type: ignore[arg-type]
        (lambda: DefinitionBuilder().with_basic_auth("reader", 7), "password"),  # type: ignore[arg-type]
        (lambda: DefinitionBuilder().with_oauth("https://a.example", "c", b"s"), "client_secret"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_type_is_refused_at_once_and_names_its_field(call: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert caught.value.field == field


def test_build_checks_the_definition() -> None:
    with pytest.raises(InvalidDefinitionError, match="never receive an event") as caught:
        DefinitionBuilder().build("account-events", URL)
    assert (caught.value.field, caught.value.webhook) == ("event_types", "account-events")


def test_build_checks_event_types_against_the_known_ones() -> None:
    with pytest.raises(UnknownEventTypeError, match="AccountOpend") as caught:
        DefinitionBuilder().with_event_type("AccountOpend").build("a", URL, known_event_types=["AccountOpened"])
    assert caught.value.hint == "Did you mean 'AccountOpened'?"


def test_a_repr_shows_what_was_set_and_no_values() -> None:
    builder = (
        DefinitionBuilder()
        .with_event_types("A", "B+2")
        .with_header("x-a", CANARY)
        .with_header("x-b", Secret(CANARY))
        .with_header(f"Bearer {CANARY}", "in the wrong place")
        .with_basic_auth("reader", CANARY)
        .on_event_sequence("archive")
        .not_active()
        .not_replayable()
    )
    assert repr(builder) == (
        "DefinitionBuilder(event_types=[A, B+2], authorization=basic ••••••, headers=['x-a', 'x-b', ••••••], "
        "event_sequence_id='archive', replayable=False, active=False)"
    )
    assert repr(DefinitionBuilder()) == "DefinitionBuilder()"


def test_a_configure_function_makes_a_builder_of_a_builder() -> None:
    builder = configured(lambda b: b.with_event_type("A").with_header("x-source", "my-app"))
    assert builder == DefinitionBuilder().with_event_type("A").with_header("x-source", "my-app")
    assert configured(None) == DefinitionBuilder()
    start = DefinitionBuilder().not_active()
    assert configured(lambda b: b.with_event_type("A"), start) == start.with_event_type("A")


def forgets_to_return(builder: DefinitionBuilder) -> None:
    builder.with_event_type("A")


async def is_a_coroutine(builder: DefinitionBuilder) -> DefinitionBuilder:
    return builder


@pytest.mark.parametrize(
    ("configure", "message", "hint"),
    [
        (forgets_to_return, "returned nothing", "Is a return missing?"),
        (is_a_coroutine, "returned a coroutine", "def instead of async def"),
        (lambda b: b.build("a", URL) if b.event_types else "text", "returned str", "Return the builder"),
        ("AccountOpened", "a function that takes a builder, not str", "lambda b:"),
    ],
)
def test_a_configure_function_that_gives_no_builder_is_told_what_is_missing(
    configure: Any, message: str, hint: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        configured(configure)
    assert caught.value.field == "configure"
    assert message in caught.value.message
    assert hint in caught.value.hint
