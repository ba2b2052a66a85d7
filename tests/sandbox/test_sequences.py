"""Appending events and reading them."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from chronicle_notebook.contracts._scalars import guid_to_wire
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import sequences_pb2 as wire
from tests.sandbox.conftest import STORE, UNAVAILABLE, Client, accepted, append_request

PLACE = {"EventStore": STORE, "Namespace": "Default", "EventSequenceId": "event-log"}
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "total": {"type": "number"},
            "count": {"type": "integer"},
            "note": {"type": ["string", "null"]},
            "name": {"type": "string"},
        },
        "required": ["total", "note"],
    }
)


@pytest.fixture(autouse=True)
def types(client: Client) -> None:
    client.register_types("Free", "Other")
    client.register_types("Strict", schema=SCHEMA)


def read(client: Client, first: int = 0, **wanted: str) -> list[wire.AppendedEventResponse]:
    request = wire.FromSequenceNumberRequest(**PLACE, FromEventSequenceNumber=first, **wanted)
    return list(accepted(client.call(methods.FROM_SEQUENCE_NUMBER, request)).Data)


def tail(client: Client, **wanted: str) -> int:
    request = wire.TailSequenceNumberRequest(**PLACE, **wanted)
    return int(accepted(client.call(methods.TAIL_SEQUENCE_NUMBER, request)).Data.SequenceNumber)


def test_what_is_appended_is_read_back(client: Client) -> None:
    request = append_request("order-1", "Free", {"a": 1, "nothing": None})
    request.CorrelationId.CopyFrom(guid_to_wire(UUID(int=7)))
    request.Tags.extend(["x", "y"])
    request.Occurred.Value = "2026-08-22T19:30:05.1234567+02:00"
    request.Causation[0].Properties["k"] = "v"
    request.CausedBy.OnBehalfOf.Name = "boss"
    response = accepted(client.call(methods.APPEND, request)).Response
    assert response.IsSuccess
    assert response.CorrelationId == request.CorrelationId
    (event,) = read(client)
    context = event.Context
    assert json.loads(event.Content) == {"a": 1}
    assert (context.EventSourceId, context.Subject, context.SequenceNumber) == ("order-1", "order-1", 0)
    assert (context.EventSourceType, context.EventStreamType, context.EventStreamId) == ("Default", "All", "Default")
    assert context.Occurred.Value == "2026-08-22T19:30:05.1234567+02:00"
    assert list(context.Tags) == ["x", "y"]
    assert context.CorrelationId == request.CorrelationId
    assert dict(context.Causation[0].Properties) == {"k": "v"}
    assert context.CausedBy.OnBehalfOf.Name == "boss"


def test_an_explicitly_empty_text_is_kept_where_an_absent_one_gets_the_default(client: Client) -> None:
    request = append_request("s", "Free")
    request.EventStreamType = ""
    accepted(client.call(methods.APPEND, request))
    assert read(client)[0].Context.EventStreamType == ""


@pytest.mark.parametrize("part", ["Causation", "CausedBy", "ConcurrencyScope"])
def test_a_part_that_the_kernel_dereferences_must_be_there(client: Client, part: str) -> None:
    request = append_request("s", "Free")
    request.ClearField(part)  # type: ignore[arg-type]
    answer = client.call(methods.APPEND, request)
    told = "(Parameter 'source')" if part == "Causation" else "Object reference not set"
    assert told in answer.ExceptionMessages[0]
    assert not answer.HasField("Response")
    assert read(client) == []


def test_an_unregistered_event_type_is_an_error_inside_a_successful_envelope(client: Client) -> None:
    response = accepted(client.call(methods.APPEND, append_request("s", "Nobody"))).Response
    assert not response.IsSuccess
    assert response.HasErrors
    assert "Nobody" in response.Errors[0]
    assert response.SequenceNumber == UNAVAILABLE


def test_content_that_the_schema_does_not_allow_is_a_violation(client: Client) -> None:
    response = accepted(client.call(methods.APPEND, append_request("s", "Strict", {"count": 1.5, "name": 3}))).Response
    assert response.HasConstraintViolations
    found = {(entry.Details["path"], entry.Details["kind"]) for entry in response.ConstraintViolations}
    assert found == {
        ("total", "PropertyRequired"),
        ("count", "WrongPropertyType"),
        ("name", "WrongPropertyType"),
    }
    assert {(entry.ConstraintName, entry.ConstraintType) for entry in response.ConstraintViolations} == {
        ("SchemaValidation", wire.Schema)
    }


def test_content_takes_the_shape_of_its_schema(client: Client) -> None:
    client.append("s", "Strict", {"total": 5, "NAME": "n", "unknown": 1})
    assert read(client)[0].Content == '{"total":5,"count":0,"name":"n"}'


def test_a_concurrency_scope_forbids_an_append_after_newer_events(client: Client) -> None:
    client.append("a", "Free")
    client.append("b", "Free")
    request = append_request("a", "Free")
    request.ConcurrencyScope.SequenceNumber = 0
    response = accepted(client.call(methods.APPEND, request)).Response
    assert response.HasConcurrencyViolations
    assert response.ConcurrencyCheckPerformed
    assert response.ConcurrencyViolation.ActualSequenceNumber == 1
    request.ConcurrencyScope.EventSourceId = True  # only events of the source itself, which ends at 0
    assert accepted(client.call(methods.APPEND, request)).Response.SequenceNumber == 2
    request.ConcurrencyScope.SequenceNumber = UNAVAILABLE
    response = accepted(client.call(methods.APPEND, request)).Response
    assert (response.IsSuccess, response.ConcurrencyCheckPerformed) == (True, False)
    request.ConcurrencyScope.ExpectsNoMatchingEvent = True
    assert accepted(client.call(methods.APPEND, request)).Response.HasConcurrencyViolations


def test_many_events_are_appended_together_or_not_at_all(client: Client) -> None:
    assert client.append_many("a", "Free", [{}, {}, {}]) == [0, 1, 2]
    request = wire.AppendManyForEventSourcesRequest(
        **PLACE,  # type: ignore[arg-type]
        Events=[
            wire.EventForEventSourceId(EventSourceId="a", EventType=wire.EventType(Id="Free"), Content="{}"),
            wire.EventForEventSourceId(EventSourceId="b", EventType=wire.EventType(Id="Strict"), Content="{}"),
        ],
        CausedBy=wire.Identity(),
    )
    refused = accepted(client.call(methods.APPEND_MANY_FOR_EVENT_SOURCES, request)).Response
    assert refused.HasConstraintViolations
    assert list(refused.SequenceNumbers) == []
    assert tail(client) == 2
    request.Events[1].EventType.Id = "Free"
    request.Events[1].Tags.append("own")
    request.Tags.append("shared")
    response = accepted(client.call(methods.APPEND_MANY_FOR_EVENT_SOURCES, request)).Response
    assert list(response.SequenceNumbers) == [3, 4]
    assert list(read(client)[4].Context.Tags) == ["shared", "own"]


def test_the_tail_and_the_events_can_be_asked_of_a_part(client: Client) -> None:
    assert tail(client) == UNAVAILABLE
    client.append("a", "Free")
    client.append("b", "Other")
    client.append("b", "Free")
    assert tail(client) == 2
    assert tail(client, EventSourceId="a") == 0
    assert tail(client, EventTypeIds="Other") == 1
    assert tail(client, EventTypeIds="Nothing") == UNAVAILABLE
    assert [event.Context.SequenceNumber for event in read(client, 1)] == [1, 2]
    assert [event.Context.SequenceNumber for event in read(client, EventSourceId="b", EventTypeIds="Free")] == [2]
    request = wire.AppendedEventsRequest(**PLACE, EventSourceId="b")
    assert len(accepted(client.call(methods.APPENDED_EVENTS, request)).Data) == 2


def test_whether_an_event_source_has_events_is_told(client: Client) -> None:
    client.append("a", "Free")
    found = [
        accepted(
            client.call(
                methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID,
                wire.HasEventsForEventSourceIdRequest(**PLACE, EventSourceId=source),
            )
        ).Data.HasEvents
        for source in ("a", "b")
    ]
    assert found == [True, False]


def test_sequences_and_namespaces_come_into_being_when_they_are_used(client: Client) -> None:
    request = append_request("a", "Free", namespace="Tenant-A")
    request.EventSequenceId = "outbox"
    accepted(client.call(methods.APPEND, request))
    listed = client.call(
        methods.ALL_EVENT_SEQUENCES, wire.AllEventSequencesRequest(EventStore=STORE, Namespace="Tenant-A")
    )
    assert [row.Id for row in accepted(listed).Data] == ["event-log", "system", "outbox"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "Value cannot be null. (Parameter 'json')"),
        ("[]", "The node must be of type 'JsonObject'."),
        ("null", "Object reference not set to an instance of an object."),
        ("nonsense", "The content is not valid JSON."),
        ('{"a":NaN}', "The content is not valid JSON."),
    ],
)
def test_content_that_is_no_json_object_fails_the_call(client: Client, content: str, message: str) -> None:
    request = append_request("s", "Free")
    request.Content = content
    assert client.call(methods.APPEND, request).ExceptionMessages == [message]


def test_a_moment_that_is_none_is_an_exception(client: Client) -> None:
    request = append_request("s", "Free")
    request.Occurred.Value = "yesterday"
    (message,) = client.call(methods.APPEND, request).ExceptionMessages
    assert message.startswith("The string 'yesterday' was not recognized as a valid DateTime.")
