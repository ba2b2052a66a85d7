"""Event types."""

from __future__ import annotations

import pytest

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_types_pb2 as wire
from tests.sandbox.conftest import STORE, Client, accepted


def registration(
    name: str, generation: int = 1, schema: str = "{}", migrations: tuple[tuple[int, int], ...] = (), chain: str = ""
) -> wire.EventTypeRegistration:
    return wire.EventTypeRegistration(
        Type=wire.EventType(Id=name, Generation=generation),
        Schema=schema,
        Generations=[wire.EventTypeGenerationDefinition(Generation=generation, Schema=chain)] if chain else [],
        Migrations=[
            wire.EventTypeMigrationDefinition(FromGeneration=start, ToGeneration=end) for start, end in migrations
        ],
    )


def register(client: Client, *types: wire.EventTypeRegistration, unchecked: bool = False) -> wire.CommandResult:
    request = wire.RegisterEventTypesRequest(EventStore=STORE, Types=types, DisableValidation=unchecked)
    return client.call(methods.REGISTER_EVENT_TYPES, request)


def own(client: Client) -> list[wire.EventTypeDetailsResponse]:
    answer = accepted(client.call(methods.ALL_EVENT_TYPES, wire.AllEventTypesRequest(EventStore=STORE)))
    return [row for row in answer.Data if row.Owner == wire.Client]


def test_registered_types_are_listed_with_schema_owner_and_source(client: Client) -> None:
    accepted(register(client, registration("OrderPlaced", schema='{"type":"object"}')))
    (row,) = own(client)
    assert (row.Id, row.Type.Id, row.Type.Generation) == ("OrderPlaced", "OrderPlaced", 1)
    assert (row.Schema, row.Source) == ('{"type":"object"}', wire.Code)


def test_the_kernels_own_types_are_listed_too(client: Client) -> None:
    answer = client.call(methods.ALL_EVENT_TYPES, wire.AllEventTypesRequest(EventStore=STORE))
    assert "WebhookAdded" in [row.Id for row in answer.Data if row.Owner == wire.Server]


@pytest.mark.parametrize(
    ("migrations", "message"),
    [
        ((), "Event type 'T' has generation 3 and no migrations."),
        (((3, 3),), "Event type 'T' has generation 3 and no migrations."),
        (((2, 3),), "Event type 'T' has no migration from its first generation."),
        (((1, 2),), "Event type 'T' has no migration from generation 2."),
    ],
)
def test_a_later_generation_needs_a_whole_chain_of_migrations(
    client: Client, migrations: tuple[tuple[int, int], ...], message: str
) -> None:
    answer = register(client, registration("Good"), registration("T", 3, migrations=migrations))
    assert list(answer.ExceptionMessages) == [message]
    assert own(client) == []  # all are checked before any is kept


def test_a_whole_chain_or_no_validation_lets_a_later_generation_in(client: Client) -> None:
    accepted(register(client, registration("A", 3, migrations=((1, 2), (2, 3)))))
    accepted(register(client, registration("B", 3), unchecked=True))
    assert [(row.Id, row.Type.Generation) for row in own(client)] == [("A", 3), ("B", 3)]


def test_a_changed_schema_in_the_generations_is_refused_and_a_mark_of_nullability_is_no_change(client: Client) -> None:
    accepted(register(client, registration("T", chain='{"properties":{"a":{"format":"int32"}}}')))
    accepted(register(client, registration("T", chain='{"properties":{"a":{"format":"int32?"}}}')))
    answer = register(client, registration("T", chain='{"properties":{"a":{"format":"int64"}}}'))
    assert "has changed" in answer.ExceptionMessages[0]


def test_a_bare_schema_overwrites_the_registered_one(client: Client) -> None:
    accepted(register(client, registration("T", schema='{"a":1}')))
    accepted(register(client, registration("T", schema='{"a":2}')))
    assert [row.Schema for row in own(client)] == ['{"a":2}']


@pytest.mark.parametrize("schema", ["", "[]", "{"])
def test_a_schema_that_is_no_json_object_is_refused(client: Client, schema: str) -> None:
    assert "JSON" in register(client, registration("T", schema=schema)).ExceptionMessages[0]


def test_generations_are_listed_oldest_first_and_the_latest_stands_for_the_type(client: Client) -> None:
    for generation in (2, 1):
        single = wire.RegisterSingleEventTypeRequest(EventStore=STORE, Type=registration("T", generation))
        accepted(client.call(methods.REGISTER_SINGLE_EVENT_TYPE, single))
    request = wire.AllEventTypeGenerationsRequest(EventStore=STORE, EventTypeId="T")
    listed = accepted(client.call(methods.ALL_EVENT_TYPE_GENERATIONS, request))
    assert [row.Type.Generation for row in listed.Data] == [1, 2]
    assert [row.Type.Generation for row in own(client)] == [2]


def test_the_live_list_shows_a_type_that_a_user_created(client: Client) -> None:
    stream = client.follow(methods.OBSERVE_EVENT_TYPES, wire.ObserveEventTypesRequest(EventStore=STORE))
    assert "Made" not in [row.Id for row in accepted(next(stream)).Data]
    accepted(client.call(methods.CREATE_EVENT_TYPE, wire.CreateEventTypeRequest(EventStore=STORE, Name="Made")))
    (row,) = [row for row in accepted(next(stream)).Data if row.Id == "Made"]
    stream.cancel()
    assert row.Source == wire.User
    refused = client.call(methods.CREATE_EVENT_TYPE, wire.CreateEventTypeRequest(EventStore=STORE))
    assert [problem.Message for problem in refused.ValidationResults] == ["Event type name is required."]
