"""The classic contract, as kernel 16.37.1 has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.commands import methods as commands
from chronicle_notebook.contracts.wire import (
    clients_pb2,
    event_stores_pb2,
    event_types_classic_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_classic_pb2,
    webhooks_classic_pb2,
    webhooks_pb2,
)
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox.services.classic import _names
from tests.sandbox.classic import ClassicClient, classic_append
from tests.sandbox.conftest import STORE, UNAVAILABLE, Endpoint, hook
from tests.waiting import eventually

URL = "http://127.0.0.1:9/hook"
ALL_WEBHOOKS = webhooks_pb2.GetWebhooksRequest(EventStore=STORE)


@pytest.fixture
def classic(tmp_path: Path) -> Iterator[ClassicClient]:
    with Sandbox(data=tmp_path / "data", contract="classic", settle_delay=0.01, time_scale=0.001) as sandbox:
        assert sandbox.contract == "classic"
        caller = ClassicClient(sandbox.port)
        caller.call(methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name=STORE))
        yield caller
        caller.close()


def raw(client: ClassicClient, path: str, request: bytes) -> list[bytes]:
    """Every message of an answer as it came, whether the method streams or not."""
    call: Any = client._channel.unary_stream(path)
    return list(call(request, timeout=60))


def unknown(call: Any) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    assert caught.value.code() is grpc.StatusCode.UNKNOWN
    return str(caught.value.details())


def test_the_bytes_of_a_registration_and_of_its_list_are_those_of_the_contract(classic: ClassicClient) -> None:
    definition = (
        b"\x0a\x09event-log"  # EventSequenceId
        b"\x12\x02h1"  # Identifier
        b"\x1a\x05\x0a\x01T\x10\x02"  # EventTypes: id T, generation 2
        b"\x22\x14\x0a\x08http://x\x1a\x08\x0a\x03x-a\x12\x011"  # Target: URL and a header
        b"\x30\x00"  # IsActive, an explicit false; IsReplayable is absent and so true
    )
    request = b"\x0a\x04shop" + b"\x10\x01" + b"\x1a" + bytes([len(definition)]) + definition
    assert raw(classic, f"/{methods.WEBHOOKS}/Add", request) == [b""]
    listed = b"\x0a" + bytes([len(definition)]) + definition
    eventually(lambda: raw(classic, f"/{methods.WEBHOOKS}/GetWebhooks", b"\x0a\x04shop") == [listed])
    assert raw(classic, f"/{methods.WEBHOOKS}/Remove", b"\x0a\x04shop\x1a\x02h1") == [b""]
    eventually(lambda: raw(classic, f"/{methods.WEBHOOKS}/GetWebhooks", b"\x0a\x04shop") == [b""])


def test_an_empty_list_has_no_bytes_at_all(classic: ClassicClient) -> None:
    assert raw(classic, f"/{methods.WEBHOOKS}/GetWebhooks", b"\x0a\x04shop") == [b""]


def test_stores_and_namespaces_are_names_in_one_answer_that_fits_a_stream_too(classic: ClassicClient) -> None:
    answer = classic.call(methods.ALL_EVENT_STORES, Empty())
    assert list(answer.Data) == ["System", STORE]
    assert not answer.HasField("IsAuthorized"), "true is not written"
    assert [list(each.Data) for each in classic.follow(methods.ALL_EVENT_STORES, Empty())] == [["System", STORE]]
    accepted = classic.call(
        methods.ENSURE_NAMESPACE, namespaces_pb2.EnsureNamespaceRequest(EventStore=STORE, Namespace="Two")
    )
    assert not accepted.ValidationResults
    request = namespaces_pb2.AllNamespacesRequest(EventStore=STORE)
    assert [list(each.Data) for each in classic.follow(methods.ALL_NAMESPACES, request)] == [["Default", "Two"]]
    refused = classic.call(methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest())
    assert [problem.Message for problem in refused.ValidationResults] == ["Event store name is required."]


def test_stores_and_namespaces_are_watched(classic: ClassicClient) -> None:
    stores = classic.follow(_names.OBSERVE_EVENT_STORES, Empty())
    assert list(next(stores).Data) == ["System", STORE]
    classic.call(methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name="more"))
    assert list(next(stores).Data) == ["System", STORE, "more"]
    stores.cancel()
    spaces = classic.follow(_names.OBSERVE_NAMESPACES, namespaces_pb2.AllNamespacesRequest(EventStore=STORE))
    assert list(next(spaces).Data) == ["Default"]
    spaces.cancel()


def test_webhooks_are_watched_as_plain_lists(classic: ClassicClient) -> None:
    stream = classic.follow(methods.OBSERVE_WEBHOOKS, ALL_WEBHOOKS)
    assert list(next(stream).items) == []
    classic.add_hooks(hook("a", URL))
    assert [row.Identifier for row in next(stream).items] == ["a"]
    other = classic.follow(methods.OBSERVE_WEBHOOKS, ALL_WEBHOOKS)
    next(other)
    other.cancel()
    classic.add_hooks(hook("b", URL))
    assert [row.Identifier for row in next(stream).items] == ["a", "b"], (
        "the end of another stream is no end of this one"
    )
    stream.cancel()


def test_nothing_is_validated_and_what_is_missing_is_an_exception(classic: ClassicClient) -> None:
    assert "Value cannot be null" in unknown(lambda: classic.add_hooks(hook("a", URL), store=""))
    assert "Value cannot be null" in unknown(lambda: classic.add_hooks(hook("before", URL), hook("", URL)))
    assert "Value cannot be null" in unknown(lambda: classic.hooks(""))
    eventually(lambda: list(classic.hooks()) == ["before"])
    unsequenced = hook("odd", "no url")
    unsequenced.EventSequenceId = ""
    classic.settle_hooks(unsequenced)
    assert classic.hooks()["odd"].EventSequenceId == "event-log"


def test_secrets_are_not_listed_unless_the_kernel_is_one_that_does(classic: ClassicClient) -> None:
    classic.settle_hooks(
        hook("b", URL, basic=("user", "swordfish")),
        hook("t", URL, bearer=("swordfish",)),
        hook("o", URL, oauth=("http://a", "client", "swordfish")),
    )
    found = {id_: row.Target.Authorization for id_, row in classic.hooks().items()}
    assert (found["b"].Value0.Username, found["b"].Value0.Password) == ("user", "")
    assert found["t"].HasField("Value1")
    assert found["t"].Value1.Token == ""
    assert (found["o"].Value2.Authority, found["o"].Value2.ClientId) == ("http://a", "client")
    assert found["o"].Value2.ClientSecret == ""


def test_an_event_is_appended_read_and_delivered(classic: ClassicClient, endpoint: Endpoint) -> None:
    classic.register_classic("T")
    classic.settle_hooks(hook("h", endpoint.url(), "T", bearer=("token",)))
    appended = classic.append_classic("s", "T", {"a": 1})
    assert (appended.SequenceNumber, list(appended.Errors)) == (0, [])
    endpoint.expect([0])
    assert endpoint.deliveries[0].headers["Authorization"] == "Bearer token"
    request = sequences_classic_pb2.GetFromEventSequenceNumberRequest(
        EventStore=STORE, Namespace="Default", EventSequenceId="event-log"
    )
    (event,) = classic.call(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, request).Events
    assert (event.Content, dict(event.GenerationalContent)) == ('{"a":1}', {1: '{"a":1}'})
    assert (event.Context.EventStore, event.Context.Namespace, event.Context.EventSourceId) == (STORE, "Default", "s")
    assert event.Context.CausedBy.UserName == "u"
    assert event.Context.Causation[0].Type == "Test"


def many(*sources: str, **values: Any) -> sequences_classic_pb2.AppendManyRequest:
    return sequences_classic_pb2.AppendManyRequest(
        EventStore=STORE,
        Namespace="Default",
        EventSequenceId="event-log",
        Events=[
            sequences_classic_pb2.EventToAppend(
                EventSourceId=source,
                EventType=sequences_classic_pb2.EventType(Id="T", Generation=1),
                Content="{}",
                Tags=[source],
            )
            for source in sources
        ],
        CausedBy=sequences_classic_pb2.Identity(Subject="s", Name="n", UserName="u"),
        **values,
    )


def test_many_events_are_appended_for_several_sources_all_or_none(classic: ClassicClient) -> None:
    classic.register_classic("T")
    appended = classic.call(methods.APPEND_MANY, many("a", "b", "a"))
    assert list(appended.SequenceNumbers) == [0, 1, 2]
    assert not appended.ConcurrencyCheckPerformed
    scope = sequences_classic_pb2.ConcurrencyScope(SequenceNumber=0, EventSourceId=True)
    refused = classic.call(methods.APPEND_MANY, many("a", "c", ConcurrencyScopes={"a": scope}))
    assert list(refused.SequenceNumbers) == []
    (conflict,) = refused.ConcurrencyViolations
    assert (conflict.ExpectedSequenceNumber, conflict.ActualSequenceNumber) == (0, 2)

    def numbers(**asked: Any) -> list[int]:
        request = sequences_classic_pb2.GetFromEventSequenceNumberRequest(
            EventStore=STORE, Namespace="Default", EventSequenceId="event-log", **asked
        )
        answer = classic.call(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, request)
        return [event.Context.SequenceNumber for event in answer.Events]

    assert numbers() == [0, 1, 2]
    assert numbers(FromEventSequenceNumber=1) == [1, 2]
    assert numbers(ToEventSequenceNumber=0) == [0]
    assert numbers(ToEventSequenceNumber=UNAVAILABLE) == [0, 1, 2]
    assert numbers(EventSourceId="a") == [0, 2]
    assert numbers(Tags=["b", "z"]) == [1]
    assert numbers(EventTypes=[sequences_classic_pb2.EventType(Id="Other")]) == []
    assert numbers(FromEventSequenceNumber=UNAVAILABLE) == []


def test_the_tail_and_whether_a_source_has_events_are_told(classic: ClassicClient) -> None:
    def tail(**asked: Any) -> int:
        request = sequences_classic_pb2.GetTailSequenceNumberRequest(
            EventStore=STORE, Namespace="Default", EventSequenceId="event-log", **asked
        )
        return classic.call(methods.GET_TAIL_SEQUENCE_NUMBER, request).SequenceNumber

    assert tail() == UNAVAILABLE
    classic.register_classic("T")
    classic.call(methods.APPEND_MANY, many("a", "b"))
    assert tail() == 1
    assert tail(EventSourceId="a", EventStreamType="All", EventStreamId="Default", EventSourceType="Default") == 0
    assert tail(EventTypes=[sequences_classic_pb2.EventType(Id="Other")]) == UNAVAILABLE
    for source, found in (("a", True), ("nobody", False)):
        asked = sequences_classic_pb2.HasEventsForEventSourceIdRequest(
            EventStore=STORE, Namespace="Default", EventSequenceId="event-log", EventSourceId=source
        )
        assert classic.call(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, asked).HasEvents is found


def test_business_failures_of_an_append_are_in_the_answer_and_missing_parts_are_not(classic: ClassicClient) -> None:
    unregistered = classic.append_classic("s", "Nobody")
    assert unregistered.SequenceNumber == UNAVAILABLE
    assert "is unknown in the event store" in unregistered.Errors[0]
    classic.register_classic("T", schema='{"properties":{"a":{"type":"integer"}},"required":["a"]}')
    (violation,) = classic.append_classic("s", "T").ConstraintViolations
    assert (violation.ConstraintName, dict(violation.Details)["kind"]) == ("SchemaValidation", "PropertyRequired")
    for part in ("Causation", "CausedBy", "ConcurrencyScope", "EventType"):
        request = classic_append("s", "T")
        request.ClearField(part)
        missing = "source" if part == "Causation" else "Object reference not set"
        assert missing in unknown(lambda: classic.call(methods.APPEND, request))  # noqa: B023 - called at once


def test_event_types_are_registered_listed_and_watched(classic: ClassicClient) -> None:
    asked = event_types_classic_pb2.GetAllEventTypesRequest(EventStore=STORE)
    watch = classic.follow(methods.OBSERVE_ALL_REGISTRATIONS, asked)
    before = len(next(watch).items)
    classic.register_classic("T", schema='{"title":"one"}')
    assert len(next(watch).items) == before + 1
    watch.cancel()
    single = event_types_classic_pb2.EventTypeRegistration(
        Type=event_types_classic_pb2.EventType(Id="T", Generation=2), Schema='{"title":"two"}'
    )
    classic.call(
        methods.REGISTER_SINGLE, event_types_classic_pb2.RegisterSingleEventTypeRequest(EventStore=STORE, Type=single)
    )
    listed = {entry.Type.Id: entry for entry in classic.call(methods.GET_ALL_REGISTRATIONS, asked).items}
    assert (listed["T"].Type.Generation, listed["T"].Schema) == (2, '{"title":"two"}')
    assert not listed["T"].Generations
    assert "WebhookAdded" in listed, "the kernel's own are among them"
    assert ("T", 2) in {(kind.Id, kind.Generation) for kind in classic.call(methods.GET_ALL, asked).items}
    both = classic.call(
        methods.GET_ALL_GENERATIONS_FOR_EVENT_TYPE,
        event_types_classic_pb2.GetEventTypeGenerationsRequest(EventStore=STORE, EventTypeId="T"),
    )
    assert [entry.Type.Generation for entry in both.items] == [1, 2]
    broken = event_types_classic_pb2.EventTypeRegistration(
        Type=event_types_classic_pb2.EventType(Id="U", Generation=2), Schema="{}"
    )
    request = event_types_classic_pb2.RegisterEventTypesRequest(EventStore=STORE, Types=[broken])
    assert "no migrations" in unknown(lambda: classic.call(methods.REGISTER, request))


def test_a_failed_partition_is_told_without_what_came_later_and_tried_again(
    classic: ClassicClient, endpoint: Endpoint
) -> None:
    endpoint.status = 400
    classic.register_classic("T")
    classic.settle_hooks(hook("h", endpoint.url(), "T"))
    classic.append_classic("s", "T")
    (failed,) = eventually(classic.failed_classic)
    assert (failed.ObserverId, failed.Partition, failed.IsQuarantined) == ("h", "s", False)
    assert {attempt.Kind for attempt in failed.Attempts} == {0}
    watch = classic.follow(
        methods.OBSERVE_FAILED_PARTITIONS,
        observation_pb2.GetFailedPartitionsRequest(EventStore=STORE, Namespace="Default"),
    )
    assert {attempt.Kind for attempt in next(watch).items[0].Attempts} == {0}
    watch.cancel()
    wait = observation_pb2.WaitForObserverCompletionRequest(
        EventStore=STORE, Namespace="Default", EventSequenceId="event-log"
    )
    done = classic.call(commands.WAIT_FOR_COMPLETION, wait)
    assert not done.IsSuccess
    assert done.FailedPartitions[0].Attempts[0].Kind == 0
    endpoint.status = 200
    again = observation_pb2.RetryPartition(
        EventStore=STORE, Namespace="Default", ObserverId="h", EventSequenceId="event-log", Partition="s"
    )
    assert isinstance(classic.call(methods.RETRY_PARTITION, again), Empty)
    eventually(lambda: not classic.failed_classic())
    again.Partition = "unknown"
    classic.call(methods.RETRY_PARTITION, again)


def probe(client: ClassicClient, target: webhooks_pb2.WebhookTarget) -> tuple[bool, str]:
    answer = client.call(methods.TEST_WEBHOOK, webhooks_classic_pb2.TestWebhookRequest(Target=target))
    return answer.Success, answer.ErrorMessage


def test_a_target_is_tested_with_its_credentials_and_nothing_is_stored(
    classic: ClassicClient, endpoint: Endpoint
) -> None:
    target = hook("x", endpoint.url(), headers={"x-a": "1"}, basic=("user", "pass")).Target
    assert probe(classic, target) == (True, "")
    (delivery,) = endpoint.deliveries
    assert delivery.raw == b'{"partition":"test","events":[]}'
    assert (delivery.headers["x-a"], delivery.headers["Authorization"]) == ("1", "Basic dXNlcjpwYXNz")
    assert classic.hooks() == {}
    endpoint.status = 403
    success, problem = probe(classic, target)
    assert not success
    assert "403" in problem
    assert not probe(classic, hook("x", URL).Target)[0]
    assert "invalid format" in probe(classic, hook("x", endpoint.url(), headers={"bad name": "1"}).Target)[1]


def test_an_authority_is_tested_by_getting_a_token_from_it(classic: ClassicClient, endpoint: Endpoint) -> None:
    from aiohttp import web

    tokens = ["first", "second", "", ""]

    def answer(delivery: Any) -> Any:
        if delivery.path.startswith("/auth/.well-known"):
            return web.json_response({"token_endpoint": endpoint.url("/token")})
        if delivery.path == "/token":
            return web.json_response({"access_token": tokens.pop(0)})
        return 200

    endpoint.answer = answer  # type: ignore[method-assign]

    def authority(path: str) -> tuple[bool, str]:
        request = webhooks_classic_pb2.TestOAuthAuthorizationRequest(
            Authority=endpoint.url(path), ClientId="id", ClientSecret="secret"
        )
        found = classic.call(methods.TEST_OAUTH_AUTHORIZATION, request)
        return found.Success, found.ErrorMessage

    assert authority("/auth") == (True, "")
    target = hook("x", endpoint.url(), oauth=(endpoint.url("/auth"), "id", "secret")).Target
    assert probe(classic, target) == (True, "")
    assert endpoint.deliveries[-1].headers["Authorization"] == "Bearer second", "however short it lives"
    assert authority("/auth") == (False, "Failed to acquire access token")
    assert probe(classic, target) == (False, "Failed to acquire OAuth access token.")
    success, problem = authority("/nowhere")
    assert not success
    assert problem
    nowhere = hook("x", endpoint.url(), oauth=(endpoint.url("/nowhere"), "id", "secret")).Target
    assert probe(classic, nowhere)[1].startswith("OAuth authorization failed: ")


@pytest.mark.parametrize(
    "method",
    [
        commands.ADD_WEBHOOKS,
        commands.REMOVE_WEBHOOKS,
        commands.CHECK_COMPATIBILITY,
        commands.REMOVE_OBSERVER,
        commands.CLEAR_FAILED_PARTITIONS,
        commands.ALL_EVENT_TYPES,
    ],
    ids=lambda method: method.short,
)
def test_what_came_with_the_other_contract_is_not_implemented(classic: ClassicClient, method: Method[Any, Any]) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        classic.call(method, method.request())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_the_version_has_no_protocol(classic: ClassicClient) -> None:
    version = classic.call(methods.GET_VERSION_INFO, Empty())
    assert (version.Version, version.CommitSha, version.ProtocolVersion) == ("16.37.1-sandbox", "sandbox", "")


def test_clients_connect_as_in_the_other_contract(classic: ClassicClient) -> None:
    stream = classic.follow(methods.CONNECT, clients_pb2.ConnectRequest(ConnectionId="c"))
    assert next(stream).ConnectionId == "c"
    (row,) = classic.call(methods.GET_CONNECTED_CLIENTS, Empty()).items
    assert row.ConnectionId == "c"
    stream.cancel()
