"""Event types."""

from __future__ import annotations

import json

import grpc
import pytest

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_types_pb2 as wire
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._behaviour import Behaviour
from tests.sandbox.caller import Caller, refusal
from tests.sandbox.conftest import STORE, Client, accepted, append_request


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


def test_no_validation_lets_a_later_generation_in(client: Client) -> None:
    accepted(register(client, registration("B", 3), unchecked=True))
    assert [(row.Id, row.Type.Generation) for row in own(client)] == [("B", 3)]


def test_migrations_are_refused_with_the_name_of_the_flag_and_nothing_is_kept(client: Client) -> None:
    for unchecked in (False, True):
        code, details = refusal(
            lambda unchecked=unchecked: register(
                client, registration("Plain"), registration("A", 3, migrations=((1, 2), (2, 3))), unchecked=unchecked
            )
        )
        assert code is grpc.StatusCode.FAILED_PRECONDITION
        assert details.startswith(
            "The sandbox does not execute an event type migration ('A from generation 1 to 2' and 1 more)."
        )
        assert "--accept-unserved" in details
    assert own(client) == []


@pytest.mark.parametrize(("profile", "release"), [("16.37", "16.37"), ("16.38", "16.38"), ("documented", "19.29")])
def test_accepted_migrations_are_listed_and_the_generations_kept(profile: str, release: str) -> None:
    with Sandbox(behaves_like=profile, accept_unserved=True) as sandbox:
        caller = Caller(sandbox, release)
        service = "Events.EventTypes/Register" if release == "16.37" else "EventTypes.EventTypes/RegisterEventTypes"
        generations = [{"Generation": number, "Schema": f'{{"title":"{number}"}}'} for number in (1, 2)]
        migrations = [{"FromGeneration": 1, "ToGeneration": 2, "UpcastJmesPath": "{}", "DowncastJmesPath": "{}"}]
        kind = {"Id": "Renamed", "Generation": 2}
        types = [{"Type": kind, "Schema": "{}", "Generations": generations, "Migrations": migrations}]
        caller.call(service, EventStore="shop", Types=types)
        assert sandbox.unserved == ("event type migration 'Renamed from generation 1 to 2' in event store 'shop'",)
        read = "Events.EventTypes/GetAllGenerationsForEventType"
        if release != "16.37":
            read = "EventTypes.EventTypes/AllEventTypeGenerations"
        answer = caller.call(read, EventStore="shop", EventTypeId="Renamed")
        listed = answer.items if release == "16.37" else answer.Data
        assert [(row.Type.Generation, row.Schema) for row in listed] == [(1, '{"title":"1"}'), (2, '{"title":"2"}')]
        caller.close()


@pytest.mark.parametrize("generations_replaced", [False, True])
def test_a_later_registration_replaces_the_generations_of_a_running_application(generations_replaced: bool) -> None:
    old, new = (json.dumps({"type": "object", "properties": {name: {}}, "required": [name]}) for name in ("a", "b"))
    with Sandbox(behaviour=Behaviour(generations_replaced=generations_replaced)) as sandbox:
        client = Client(sandbox.port)
        accepted(register(client, registration("T", schema=old)))
        accepted(client.call(methods.APPEND, append_request("s", "T", {"a": 1})))
        accepted(register(client, registration("T", 2, schema=new), unchecked=True))
        answer = client.call(methods.APPEND, append_request("s", "T", {"a": 1}))
        assert [found.ConstraintName for found in answer.Response.ConstraintViolations] == (
            ["SchemaValidation"] if generations_replaced else []
        )
        request = wire.AllEventTypeGenerationsRequest(EventStore=STORE, EventTypeId="T")
        listed = client.call(methods.ALL_EVENT_TYPE_GENERATIONS, request).Data
        assert [row.Type.Generation for row in listed] == ([2] if generations_replaced else [1, 2])
        client.close()


def test_kernels_on_sql_replace_generations_and_list_them_as_the_first() -> None:
    with Sandbox(behaves_like="16.37") as sandbox:
        caller = Caller(sandbox, "16.37")
        register_ = "Events.EventTypes/Register"
        for generation in (1, 2):
            kind = {"Id": "T", "Generation": generation}
            types = [{"Type": kind, "Schema": f'{{"title":"{generation}"}}'}]
            caller.call(register_, EventStore="shop", Types=types, DisableValidation=True)
        answer = caller.call("Events.EventTypes/GetAllRegistrations", EventStore="shop")
        found = [(row.Type.Generation, row.Schema) for row in answer.items if row.Type.Id == "T"]
        assert found == [(1, '{"title":"2"}')]
        caller.close()


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


@pytest.mark.parametrize("levels", [150, 5000])
def test_a_schema_that_is_nested_too_deep_is_refused(client: Client, levels: int) -> None:
    schema = '{"type":"object","properties":{"[":' * levels + '{"type":"string"}' + "}}" * levels
    answer = register(client, registration("Deep", schema=schema))
    assert "nested deeper" in " ".join(answer.ExceptionMessages)
    assert "Deep" not in [row.Id for row in own(client)]


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
