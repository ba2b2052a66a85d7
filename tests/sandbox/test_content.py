"""What becomes of events: their content, identities and moments, as on running kernels of 16.37.1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import sequences_classic_pb2 as wire
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.sandbox import PROFILES, Sandbox
from chronicle_notebook.sandbox._content import ConversionError, conformed, parsed, violations
from tests.sandbox.classic import ClassicClient, classic_append
from tests.sandbox.conftest import STORE, Endpoint, hook
from tests.waiting import eventually


def shaped(text: str, **properties: object) -> str:
    return conformed(parsed(text), {"properties": properties} if properties else {})


OPTIONAL = {"type": ["string", "null"]}
GUID = {"type": "string", "format": "guid"}
MOMENT = {"type": "string", "format": "date-time-offset"}
DATE = {"type": "string", "format": "date"}
INT = {"type": "integer", "format": "int32"}
DOUBLE = {"type": "number", "format": "double"}
DECIMAL = {"type": "number", "format": "decimal"}
THING = {"type": "object", "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("text", "properties", "kept"),
    [
        ('{"big":1,"opt":null,"o":{}}', {"Big": INT, "opt": OPTIONAL, "o": {"type": "object"}}, '{"Big":1,"o":{}}'),
        ("{}", {"m": MOMENT, "d": DATE}, '{"m":"0001-01-01T00:00:00+00:00","d":"0001-01-01"}'),
        ("{}", {"g": GUID}, '{"g":"00000000-0000-0000-0000-000000000000"}'),
        ("{}", {"i": INT, "n": DOUBLE, "b": {"type": "boolean"}, "s": {"type": "string"}, "l": {"type": "array"}},
         '{"i":0,"n":0,"b":false}'),
        ('{"l":[{"a":1,"b":2}]}', {"l": {"type": "array", "items": THING}}, '{"l":[{"a":1}]}'),
        ('{"o":{"a":1,"b":2}}', {"o": THING}, '{"o":{"a":1}}'),
        ('{"m":{"k":1}}', {"m": {"type": "object", "additionalProperties": INT}}, '{"m":{"\\u0022k\\u0022":1}}'),
        ('{"n":1.10}', {"n": DECIMAL}, '{"n":1.10}'),
        ('{"n":12345678901234567890.123456789}', {"n": DECIMAL}, '{"n":12345678901234567890.123456789}'),
        ('{"n":1e21}', {"n": DOUBLE}, '{"n":1E+21}'),
        ('{"n":1000.0}', {"n": DOUBLE}, '{"n":1000}'),
        ('{"n":-0.0}', {"n": DOUBLE}, '{"n":-0}'),
        ('{"n":1.10}', {"n": DOUBLE}, '{"n":1.1}'),
        ('{"m":"2026-01-02T03:04:05Z"}', {"m": MOMENT}, '{"m":"2026-01-02T03:04:05+00:00"}'),
        ('{"m":"2026-01-02T03:04:05.120+02:00"}', {"m": MOMENT}, '{"m":"2026-01-02T03:04:05.12+02:00"}'),
        ('{"g":"0123ABCD-0000-0000-0000-00000000000F"}', {"g": GUID}, '{"g":"0123abcd-0000-0000-0000-00000000000f"}'),
        ('{"x":1e3,"y":-1e-7,"z":12345678901234567890}', {}, '{"x":1000,"y":-1E-07,"z":1.2345678901234567E+19}'),
        ('{"top":null,"G":"0123ABCD","at":"2026-01-02T03:04:05Z"}', {}, '{"G":"0123ABCD","at":"2026-01-02T03:04:05Z"}'),
    ],
)  # fmt: skip
def test_content_is_written_anew(text: str, properties: dict[str, object], kept: str) -> None:
    assert shaped(text, **properties) == kept
    json.loads(kept)


@pytest.mark.parametrize(
    ("text", "properties", "message"),
    [
        ('{"n":5.0}', {"n": INT}, "An element of type 'Number' cannot be converted to a 'System.Int32'."),
        ('{"n":1e2}', {"n": INT}, "An element of type 'Number' cannot be converted to a 'System.Int32'."),
        ('{"n":2147483648}', {"n": INT}, "An element of type 'Number' cannot be converted to a 'System.Int32'."),
        ('{"n":2147483648}', {"n": {"type": "integer"}}, "cannot be converted to a 'System.Int32'."),
        ('{"g":"nonsense"}', {"g": GUID}, "An element of type 'String' cannot be converted to a 'System.Guid'."),
        ('{"d":"2026-01-02T03:04:05"}', {"d": DATE}, "contains parts which are not specific to the DateOnly."),
        ('{"o":{"a":null}}', {}, "Object reference not set to an instance of an object."),
        ('{"l":[null]}', {}, "Object reference not set to an instance of an object."),
    ],
)
def test_content_that_does_not_convert(text: str, properties: dict[str, object], message: str) -> None:
    schema = {"properties": properties} if properties else {}
    assert list(violations(parsed(text), schema)) == []
    with pytest.raises(ConversionError) as refused:
        conformed(parsed(text), schema)
    assert message in str(refused.value)


def test_a_name_that_stands_twice_does_not_convert() -> None:
    with pytest.raises(ConversionError, match=r"already been added. Key: n \(Parameter 'key'\)"):
        parsed('{"n":1,"n":2}')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "Property 'n' is required."),
        ('{"N":1}', "Property 'n' is required."),
        ('{"n":"one"}', "Property 'n' expected integer but got string."),
        ('{"n":1.5}', "Property 'n' expected integer but got number."),
        ('{"n":true}', "Property 'n' expected integer but got boolean."),
        ('{"n":null}', "Property 'n' expected integer but got null."),
        ('{"n":{}}', "Property 'n' expected integer but got object."),
        ('{"n":[]}', "Property 'n' expected integer but got array."),
        ('{"n":1,"tags":["a",2]}', "Property 'tags[1]' expected string but got number."),
        ('{"n":1,"tags":["a",null]}', "Property 'tags[1]' expected string but got null."),
    ],
)
def test_violations_say_what_was_expected_and_what_came(text: str, message: str) -> None:
    tags = {"type": "array", "items": {"type": "string"}}
    schema = {"properties": {"n": {"type": "integer"}, "tags": tags}, "required": ["n"]}
    assert [violation.message for violation in violations(parsed(text), schema)] == [message]


@contextmanager
def kernel(folder: Path, profile: str) -> Iterator[ClassicClient]:
    with Sandbox(data=folder, settle_delay=0, time_scale=0.001, behaves_like=profile) as sandbox:
        client = ClassicClient(sandbox.port)
        client.register_classic("T", "U")
        yield client
        client.close()


def delivered(client: ClassicClient, endpoint: Endpoint, request: wire.AppendRequest) -> dict[str, Any]:
    client.settle_hooks(hook("h", endpoint.url(), "T"))
    # A webhook is listed before it is subscribed, and an event in between is not live.
    eventually(lambda: client.observer("h").IsSubscribed)
    assert not client.call(methods.APPEND, request).Errors
    (event,) = eventually(lambda: endpoint.deliveries)[0].body["events"]
    found: dict[str, Any] = event
    return found


def read(client: ClassicClient) -> list[wire.AppendedEvent]:
    request = wire.GetFromEventSequenceNumberRequest(EventStore=STORE, Namespace="Default", EventSequenceId="event-log")
    return list(client.call(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, request).Events)


@pytest.mark.parametrize("profile", ["16.37", "16.37-postgresql", "16.33", "16.37-inmemory"])
def test_what_is_kept_of_an_event(profile: str, tmp_path: Path, endpoint: Endpoint) -> None:
    """The switch events_as_sql, and what memory keeps instead."""
    sql = PROFILES[profile].behaviour.events_as_sql
    assert sql is (profile != "16.37-inmemory")
    with kernel(tmp_path / "data", profile) as client:
        request = classic_append("s", "T", {"n": 1})
        request.EventType.Tombstone = True
        request.Occurred.Value = "2025-01-02T03:04:05.1234567+01:00"
        request.CausedBy.CopyFrom(wire.Identity(Subject="q", Name="Q", UserName="U"))
        request.CausedBy.OnBehalfOf.CopyFrom(wire.Identity(Subject="o", Name="O", UserName="V"))
        sent = delivered(client, endpoint, request)
        (back,) = read(client)
        context = sent["context"]
        assert context["occurred"] == f"2025-01-02T03:04:05.123456{'' if sql else 7}+01:00"
        assert back.Context.Occurred.Value == f"2025-01-02T03:04:05.123456{0 if sql else 7}+01:00"
        assert context["eventType"]["tombstone"] is True, "live it is told"
        assert back.Context.EventType.Tombstone is (not sql)
        if sql:
            assert context["causedBy"] == {
                "subject": "o",
                "name": "O",
                "userName": "V",
                "onBehalfOf": {"subject": "q", "name": "Q", "userName": "U"},
            }
            assert back.Context.CausedBy.OnBehalfOf.Subject == "q"
            assert sent["generationalContent"] == {"1": '{"n":1}'}
        else:
            assert context["causedBy"]["name"] == "[System]"
            assert sent["generationalContent"] == {}
        assert back.Context.ObservationState == 1
        assert not back.Context.HasField("CorrelationId"), "a zero one is left out"


def test_events_that_are_appended_together_have_no_texts_of_their_generations_on_sql(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    with kernel(tmp_path / "data", "16.37") as client:
        client.settle_hooks(hook("h", endpoint.url(), "T"))
        request = wire.AppendManyRequest(
            EventStore=STORE,
            Namespace="Default",
            EventSequenceId="event-log",
            Events=[wire.EventToAppend(EventSourceId="s", EventType=wire.EventType(Id="T"), Content="{}")] * 2,
            CausedBy=wire.Identity(Subject="s", Name="n"),
        )
        assert list(client.call(methods.APPEND_MANY, request).SequenceNumbers) == [0, 1]
        events = eventually(lambda: endpoint.deliveries)[0].body["events"]
        assert [event["generationalContent"] for event in events] == [{}, {}]
        assert [event["context"]["causation"] for event in events] == [[], []]


@pytest.mark.parametrize("profile", ["16.37", "documented"])
def test_one_event_that_the_client_appends_has_the_texts_of_its_generations(
    tmp_path: Path, endpoint: Endpoint, profile: str
) -> None:
    with (
        Sandbox(data=tmp_path / "data", behaves_like=profile, settle_delay=0.0, time_scale=0.01) as sandbox,
        cn.connect(sandbox.connection_string, event_store=STORE, name=profile) as client,
    ):
        client.ensure_event_store()
        client._kernel.register_event_types(STORE, [RegisteredEventType(EventType("T"))])
        client.webhooks.register("h", endpoint.url(), lambda b: b.with_event_type("T"))
        client.event_log.append("s", "T", {"n": 1})
        (event,) = eventually(lambda: endpoint.deliveries)[0].body["events"]
        assert json.loads(event["generationalContent"]["1"]) == {"n": 1}


def test_the_hash_depends_on_content_and_type(tmp_path: Path) -> None:
    with kernel(tmp_path / "data", "16.37") as client:
        for source, kind, content in (("a", "T", {}), ("b", "T", {}), ("a", "U", {}), ("a", "T", {"n": 1})):
            client.append_classic(source, kind, content)
        first, other_source, other_type, other_content = (event.Context.Hash for event in read(client))
    assert first == other_source
    assert len({first, other_type, other_content}) == 3


def test_a_cause_without_a_moment_is_from_the_first_one(tmp_path: Path, endpoint: Endpoint) -> None:
    with kernel(tmp_path / "data", "16.37") as client:
        sent = delivered(client, endpoint, classic_append("s", "T"))
    assert sent["context"]["causation"][0]["occurred"] == "0001-01-01T00:00:00+00:00"


@pytest.mark.parametrize(("missing", "ordinal"), [("Name", 1), ("Subject", 2)])
def test_an_identity_that_is_not_whole_spoils_its_namespace(
    missing: str, ordinal: int, tmp_path: Path, endpoint: Endpoint
) -> None:
    """The switch identity_spoils."""
    null = f"The data is NULL at ordinal {ordinal}."
    for restart in range(2):
        with kernel(tmp_path / "data", "16.37") as client:
            if not restart:
                assert not client.append_classic("s", "T").Errors
                request = classic_append("s", "T")
                request.CausedBy.ClearField(missing)  # type: ignore[arg-type]
                answer = client.call(methods.APPEND, request)
                assert (answer.SequenceNumber, answer.Errors[0].startswith(null)) == (2**64 - 1, True)
            with pytest.raises(grpc.RpcError) as refused:
                read(client)
            assert f"InvalidOperationException: {null}" in str(refused.value.details())
            assert not client.append_classic("s", "T").Errors, "an identity that is known goes on"
            another = classic_append("s", "T")
            another.CausedBy.Subject = f"another{restart}"
            assert client.call(methods.APPEND, another).Errors[0].startswith(null)
            tail = wire.GetTailSequenceNumberRequest(EventStore=STORE, Namespace="Default", EventSequenceId="event-log")
            used = client.call(methods.GET_TAIL_SEQUENCE_NUMBER, tail).SequenceNumber
            assert used == (3 if not restart else 5), "each of them is stored"
    with kernel(tmp_path / "other", "16.37-inmemory") as client:
        request = classic_append("s", "T")
        request.CausedBy.ClearField(missing)  # type: ignore[arg-type]
        assert not client.call(methods.APPEND, request).Errors
        assert len(read(client)) == 1


NULL = "ArgumentNullException: Value cannot be null. (Parameter '{}')"
LOOKED_INTO = "NullReferenceException: Object reference not set"


@pytest.mark.parametrize(
    ("part", "value", "error"),
    [
        ("EventSourceId", "", NULL.format("value")),
        ("Content", "", NULL.format("json")),
        ("Causation", "", NULL.format("source")),
        ("Causation", "one without a type", NULL.format("value")),
        ("CausedBy", "", LOOKED_INTO),
        ("ConcurrencyScope", "", LOOKED_INTO),
        ("EventType", "", LOOKED_INTO),
        ("Content", "[1]", "InvalidOperationException: The node must be of type 'JsonObject'."),
        ("Content", "null", LOOKED_INTO),
        ("Content", "{'a':1}", "JsonException: "),
        ("Occurred", "soon", "FormatException: The string 'soon' was not recognized"),
    ],
)
def test_calls_fail_with_the_exceptions_of_dotnet(part: str, value: str, error: str, tmp_path: Path) -> None:
    with kernel(tmp_path / "data", "16.37") as client:
        request = classic_append("s", "T")
        if not value:
            request.ClearField(part)  # type: ignore[arg-type]
        elif part == "Causation":
            request.Causation[0].Type = ""
        elif part == "Occurred":
            request.Occurred.Value = value
        else:
            request.Content = value
        with pytest.raises(grpc.RpcError) as refused:
            client.call(methods.APPEND, request)
    call: Any = refused.value
    assert call.code() is grpc.StatusCode.UNKNOWN
    assert call.details().startswith(f"Exception was thrown by handler. {error}")
