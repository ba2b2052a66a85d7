"""Appending and reading events through the client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventToAppend, EventType
from chronicle_notebook.session._client import Client


@cn.event_type(id="LoanGranted")
@dataclass
class LoanGranted:
    amount: float
    purpose: str = ""


def test_a_declared_event_is_appended_and_its_type_is_registered_first(client: Client) -> None:
    result = client.event_log.append("loan-1", LoanGranted(250.5, "boat"))
    assert result.sequence_number == 0
    assert "LoanGranted" in {each.id for each in client.event_types()}
    (event,) = client.event_log.read()
    assert event.type == EventType("LoanGranted")
    assert event.event_source_id == "loan-1"
    assert event.content == {"amount": 250.5, "purpose": "boat"}
    assert event.occurred is not None
    assert event.occurred.tzinfo is not None


def test_an_event_is_appended_by_type_and_content(client: Client) -> None:
    client.event_log.append("account-1", "AccountOpened", {"owner": "somebody"})
    client.event_log.append("account-2", EventType("FundsDeposited"), {"amount": 5})
    assert client.event_log.tail() == 1
    assert [event.event_source_id for event in client.event_log.read(1)] == ["account-2"]
    assert client.event_log.has_events_for("account-1")
    assert not client.event_log.has_events_for("account-3")


def test_an_id_alone_is_in_the_latest_generation_that_is_declared_here(client: Client) -> None:
    """The list of a kernel does not tell: on SQL storage it shows the first generation always."""

    @cn.event_type("CardIssued")
    @dataclass
    class First:
        owner: str

    @cn.event_type("CardIssued", generation=2)
    @dataclass
    class Second:
        owner: str
        limit: int = 0

    client.register_event_types(First, Second)
    client.event_log.append("card-1", "CardIssued", {"owner": "somebody", "limit": 5})
    client.event_log.append("card-1", "CardIssued+1", {"owner": "somebody"})
    client.event_log.append("account-1", "AccountOpened", {"owner": "somebody"})
    generations = [(event.type.id, event.type.generation) for event in client.event_log.read()]
    assert generations == [("CardIssued", 2), ("CardIssued", 1), ("AccountOpened", 1)]


def test_many_events_get_their_numbers_in_order(client: Client) -> None:
    result = client.event_log.append_many(
        [("loan-1", LoanGranted(1)), EventToAppend("account-1", EventType("AccountOpened")), ("loan-2", LoanGranted(2))]
    )
    assert result.sequence_numbers == (0, 1, 2)
    assert [event.content.get("amount") for event in client.event_log.read(event_source_id="loan-2")] == [2]


def test_an_event_that_breaks_the_schema_is_refused_with_the_reason(client: Client) -> None:
    client.event_log.append("loan-1", LoanGranted(1))
    with pytest.raises(cn.AppendRefusedError) as caught:
        client.event_log.append("loan-1", "LoanGranted", {"purpose": "no amount"})
    assert "amount" in str(caught.value)
    assert client.event_log.tail() == 0


def test_an_unknown_event_type_is_refused(client: Client) -> None:
    with pytest.raises(cn.AppendRefusedError) as caught:
        client.event_log.append("a", "NobodyKnows", {})
    assert "NobodyKnows" in str(caught.value)
    assert caught.value.hint == "client.event_types() lists its event types."
    assert str(caught.value).count("NobodyKnows") == 1


def test_a_misspelt_event_type_is_refused_with_the_nearest(client: Client) -> None:
    client.event_log.append("loan-1", LoanGranted(1))
    with pytest.raises(cn.AppendRefusedError) as caught:
        client.event_log.append_many([EventToAppend("loan-1", EventType("LoanGrantd"), {"amount": 1})])
    assert caught.value.hint == "Did you mean 'LoanGranted'?"
    assert str(caught.value).count("LoanGrantd") == 1


def test_a_misspelt_property_is_refused_with_the_nearest(client: Client) -> None:
    client.event_log.append("loan-1", LoanGranted(1))
    with pytest.raises(cn.AppendRefusedError) as caught:
        client.event_log.append("loan-1", "LoanGranted", {"amunt": 1})
    assert caught.value.hint == "LoanGranted has no property 'amunt'. Did you mean 'amount'?"
    message = caught.value.message
    assert message.startswith(f"Nothing was appended on {client.server}: LoanGranted: ")
    assert "SchemaValidation" not in message
    assert "/" not in message.partition(client.server)[0]


@pytest.mark.parametrize(
    ("content", "field", "message"),
    [
        ("zzz", "content", "The content of an event is a mapping, not str."),
        ([1], "content", "The content of an event is a mapping, not list."),
        ({"when": object()}, "when", "which has no JSON form"),
        ({"x": [float("nan")]}, "x[0]", "is not a number that JSON knows"),
        ({"x": cn.Secret("canary-9f2b")}, "x", "which has no JSON form"),
    ],
)
def test_content_that_json_cannot_hold_is_refused(client: Client, content: Any, field: str, message: str) -> None:
    for append in (
        lambda: client.event_log.append("a", "AccountOpened", content),
        lambda: client.event_log.append("a", EventType("AccountOpened"), content),
        lambda: client.event_log.append_many([EventToAppend("a", EventType("AccountOpened"), content)]),
    ):
        with pytest.raises(cn.InvalidInputError) as caught:
            append()
        assert caught.value.field == field
        assert message in caught.value.message
        assert "canary" not in str(caught.value)
    assert client.event_log.tail() is None


@pytest.mark.parametrize("events", [5, None, "ab", [5], ["ab"], [("a",)], [("a", LoanGranted(1), 2)], {"a": 1}])
def test_what_is_no_list_of_pairs_is_refused_with_an_example(client: Client, events: Any) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        client.event_log.append_many(events)
    assert caught.value.field == "events"
    assert 'append_many([("account-1"' in caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("", "AccountOpened", {}), "event_source_id"),
        ((" ", "AccountOpened", {}), "event_source_id"),
        (("a", LoanGranted(1), {"amount": 2}), "content"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    client: Client, arguments: tuple[object, ...], field: str
) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        client.event_log.append(*arguments)  # type: ignore[arg-type]
    assert caught.value.field == field
    with pytest.raises(cn.InvalidInputError):
        client.event_log.append_many([])


@pytest.mark.parametrize("source", ["", "  ", 5, None])
def test_an_event_source_id_is_checked_however_the_event_is_given(client: Client, source: Any) -> None:
    log = client.event_log
    appends = (
        lambda: log.append_many([EventToAppend(source, EventType("AccountOpened"))]),
        lambda: log.append_many([(source, LoanGranted(1))]),
        lambda: log.append(source, "AccountOpened", {}),
        lambda: log.has_events_for(source),
        *([] if source is None else [lambda: log.read(event_source_id=source)]),
    )
    for ask in appends:
        with pytest.raises(cn.InvalidInputError) as caught:
            ask()
        assert caught.value.field == "event_source_id"
        assert caught.value.hint
    assert log.tail() is None


@pytest.mark.parametrize("kind", ["AccountOpened", LoanGranted, None])
def test_an_event_to_append_has_an_event_type(client: Client, kind: Any) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        client.event_log.append_many([EventToAppend("account-1", kind)])
    assert caught.value.field == "type"
    assert 'EventToAppend("account-1", EventType("AccountOpened")' in caught.value.hint


@pytest.mark.parametrize("classes", [5, LoanGranted, ["LoanGranted"], "LoanGranted"])
def test_the_classes_to_register_first_are_a_list_of_classes(client: Client, classes: Any) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        client.event_log.append_many([EventToAppend("a", EventType("LoanGranted"), {"amount": 1})], classes=classes)
    assert caught.value.field == "classes"


@pytest.mark.parametrize("start", ["0", -1, True, 1.5, None, 2**70])
def test_the_number_to_read_from_is_one_that_a_sequence_can_have(client: Client, start: Any) -> None:
    client.event_log.append("account-1", "AccountOpened", {})
    with pytest.raises(cn.InvalidInputError) as caught:
        client.event_log.read(start)
    assert caught.value.field == "start"
    assert len(client.event_log.read(2**63)) == 0
