"""The adapter for kernels up to 16.37: bytes by hand in both directions, over a real port."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook import (
    AppendRefusedError,
    InvalidDefinitionError,
    KernelFaultError,
    ProtocolError,
    RequestRefusedError,
    Secret,
)
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.contracts.wire import (
    event_stores_classic_pb2,
    event_stores_pb2,
    event_types_classic_pb2,
    host_pb2,
    observation_pb2,
    sequences_classic_pb2,
)
from chronicle_notebook.model import (
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    EventToAppend,
    EventType,
    OAuthAuthorization,
    RegisteredEventType,
    UndisclosedAuthorization,
    WebhookDefinition,
)
from chronicle_notebook.session._client import Client
from tests.contracts.test_wire import text
from tests.frames import package_frames
from tests.scripted import ScriptedKernel, enveloped, scripted
from tests.waiting import LONG

CIPHER = "crk1:AB12:bm90aGluZw"
ENVELOPE = b"\x0a\x12\x09" + bytes(range(1, 9)) + b"\x11" + bytes(range(1, 9))
TARGET = text(4, text(1, "http://x"))


def names(*each: str) -> bytes:
    """A QueryResult of strings, as a classic kernel writes it: IsAuthorized is left out when true."""
    return ENVELOPE + b"".join(text(6, name) for name in each)


@pytest.fixture
def old() -> Iterator[ScriptedKernel]:
    with scripted(generation="classic") as kernel:
        kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.37.1"))
        kernel.on(methods.ALL_EVENT_STORES, names("System", "shop"))
        kernel.on(methods.ALL_NAMESPACES, names("Default", "Tenant"))
        yield kernel


def endless(context: grpc.ServicerContext, answer: bytes) -> Iterator[bytes]:
    """A stream that goes on after its first answer."""
    import threading

    ended = threading.Event()
    context.add_callback(ended.set)
    yield answer
    ended.wait(LONG)


@pytest.fixture
def client(old: ScriptedKernel) -> Iterator[Client]:
    with cn.connect(old.connection_string, event_store="shop", name="classic") as opened:
        yield opened


@pytest.fixture
def gateway(client: Client) -> NegotiatedGateway:
    return client._kernel


def last(kernel: ScriptedKernel) -> bytes:
    return kernel.calls[-1].request


def test_it_is_found_out_and_shown(client: Client) -> None:
    assert (client.generation, client.version.version) == ("classic", "16.37.1")
    assert "16.37.1, wire generation classic" in repr(client)
    assert {"ciphertext-read-back", "ciphertext-sent", "status-not-checked", "test-passes-on-any-status"} <= {
        defect.key for defect in client.known_defects
    }


def test_event_stores_and_namespaces_are_names_in_an_envelope(old: ScriptedKernel, gateway: NegotiatedGateway) -> None:
    assert gateway.event_stores() == ["System", "shop"]
    assert gateway.namespaces("shop") == ["Default", "Tenant"]
    old.on(methods.ALL_NAMESPACES, names())
    assert gateway.namespaces("shop") == []


def test_a_list_of_names_is_checked_for_what_its_envelope_says(old: ScriptedKernel, gateway: NegotiatedGateway) -> None:
    broken = event_stores_classic_pb2.QueryResult_IEnumerable_String
    old.on(methods.ALL_EVENT_STORES, enveloped(broken, ExceptionMessages=["no storage"]))
    with pytest.raises(KernelFaultError, match="no storage"):
        gateway.event_stores()
    old.on(methods.ALL_EVENT_STORES, ENVELOPE + b"\x10\x00")
    with pytest.raises(cn.PermissionDeniedError):
        gateway.event_stores()


def test_ensuring_a_store_reads_the_verdict(old: ScriptedKernel, gateway: NegotiatedGateway) -> None:
    old.on(methods.ENSURE_EVENT_STORE, ENVELOPE)
    gateway.ensure_event_store("shop")
    assert last(old) == text(1, "shop")
    refusal = event_stores_pb2.ValidationResult(Message="Event store name is required.")
    old.on(methods.ENSURE_EVENT_STORE, enveloped(event_stores_pb2.CommandResult, ValidationResults=[refusal]))
    with pytest.raises(RequestRefusedError, match="is required"):
        gateway.ensure_event_store("shop")


LISTED = [
    ("none", b"", AuthorizationKind.NONE),
    ("basic", text(2, text(1, text(1, "reader") + text(2, CIPHER))), AuthorizationKind.BASIC),
    ("bearer", text(2, text(2, text(1, CIPHER))), AuthorizationKind.BEARER),
    ("oauth", text(2, text(3, text(1, "https://a") + text(2, "c") + text(3, CIPHER))), AuthorizationKind.OAUTH),
    ("basic first", text(2, text(1, text(1, "reader")) + text(2, text(1, CIPHER))), AuthorizationKind.BASIC),
    ("clear text", text(2, text(2, text(1, "swordfish"))), AuthorizationKind.BEARER),
    ("empty wrapper", text(2, b""), AuthorizationKind.NONE),
]


@pytest.mark.parametrize(("authorization", "kind"), [each[1:] for each in LISTED], ids=[each[0] for each in LISTED])
def test_a_list_is_read_by_the_rules_of_presence_and_without_any_secret(
    old: ScriptedKernel, client: Client, authorization: bytes, kind: AuthorizationKind
) -> None:
    target = text(4, text(1, "http://x") + authorization + text(3, text(1, "x-a") + text(2, "plain")))
    types = text(3, text(1, "A") + b"\x10\x01") + text(3, text(1, "B") + b"\x10\x02\x18\x01")
    both = text(1, "event-log") + text(2, "on") + types + target
    off = text(1, "outbox") + text(2, "off") + target + b"\x28\x00\x30\x00"
    old.on(methods.GET_WEBHOOKS, long_text(both) + long_text(off))
    on, inactive = client.webhooks.all()
    assert (on.id, on.target_url, on.event_sequence_id) == ("on", "http://x", "event-log")
    assert on.event_types == (EventType("A"), EventType("B", 2, tombstone=True))
    assert (on.replayable, on.active) == (True, True), "absent means true"
    assert (inactive.replayable, inactive.active) == (False, False)
    assert dict(on.headers) == {"x-a": "plain"}, "headers are plain"
    assert on.authorization.kind is kind
    frame = client.webhooks.to_frame()
    assert list(frame["authorization"]) == [kind.value] * 2
    assert list(frame["active"]) == [True, False]
    assert list(frame["replayable"]) == [True, False]
    assert list(frame["headers"]) == [["x-a"], ["x-a"]]
    assert list(frame["event_types"]) == [["A", "B+2"], []]
    for form in (repr(on), repr(client.webhooks.all()), client.webhooks.all()._repr_html_(), frame.to_json()):
        assert "crk1" not in form
        assert "swordfish" not in form


def long_text(entry: bytes) -> bytes:
    """Field 1 with a length of two bytes."""
    assert 128 <= len(entry) < 16384 or len(entry) < 128
    size = bytes([len(entry)]) if len(entry) < 128 else bytes([len(entry) & 0x7F | 0x80, len(entry) >> 7])
    return b"\x0a" + size + entry


def test_ciphertext_is_never_compared_or_sent_again(old: ScriptedKernel, client: Client) -> None:
    bearer = text(2, text(2, text(1, CIPHER)))
    entry = text(1, "event-log") + text(2, "h") + text(3, text(1, "A") + b"\x10\x01")
    old.on(methods.GET_WEBHOOKS, text(1, entry + text(4, text(1, "https://x") + bearer))).on(methods.ADD, Empty())
    old.on(methods.GET_ALL_REGISTRATIONS, registrations("A"))
    read_back = client.webhooks.get("h")
    assert read_back.authorization == UndisclosedAuthorization(AuthorizationKind.BEARER)
    with pytest.raises(InvalidDefinitionError):
        client.webhooks.register(read_back)
    assert old.count(methods.ADD) == 0
    outcome = client.webhooks.register(read_back.changed(authorization=BearerAuthorization(Secret("clear"))), wait=0.2)
    assert bool(outcome), "the ciphertext differs from what was sent, and that is no difference"
    assert CIPHER.encode() not in last_of(old, methods.ADD.path)


def last_of(kernel: ScriptedKernel, path: str) -> bytes:
    return next(call.request for call in reversed(kernel.calls) if call.method == path)


def registrations(*ids: str) -> event_types_classic_pb2.IEnumerable_EventTypeRegistration:
    kind = event_types_classic_pb2.EventType
    return event_types_classic_pb2.IEnumerable_EventTypeRegistration(
        items=[
            event_types_classic_pb2.EventTypeRegistration(Type=kind(Id=each, Generation=1), Schema="{}") for each in ids
        ]
    )


AUTHORIZATIONS: list[tuple[Any, bytes]] = [
    (BasicAuthorization("u", Secret("p")), text(2, text(1, text(1, "u") + text(2, "p")))),
    (BearerAuthorization(Secret("t")), text(2, text(2, text(1, "t")))),
    (
        OAuthAuthorization("https://a", "c", Secret("s")),
        text(2, text(3, text(1, "https://a") + text(2, "c") + text(3, "s"))),
    ),
]


@pytest.mark.parametrize(("authorization", "wire"), AUTHORIZATIONS, ids=["basic", "bearer", "oauth"])
def test_webhooks_are_added_with_these_bytes(
    old: ScriptedKernel, gateway: NegotiatedGateway, authorization: Any, wire: bytes
) -> None:
    old.on(methods.ADD, b"")
    definition = WebhookDefinition(
        "h", "http://x", (EventType("A", 2),), authorization, {"x-a": Secret("1")}, replayable=False, active=False
    )
    gateway.add_webhooks("shop", [definition])
    target = text(4, text(1, "http://x") + wire + text(3, text(1, "x-a") + text(2, "1")))
    entry = text(1, "event-log") + text(2, "h") + text(3, text(1, "A") + b"\x10\x02") + target + b"\x28\x00\x30\x00"
    assert last(old) == text(1, "shop") + text(3, entry), "the list is field 3, and the owner is left out"


def test_webhooks_are_removed_with_these_bytes(old: ScriptedKernel, gateway: NegotiatedGateway) -> None:
    old.on(methods.REMOVE, b"")
    gateway.remove_webhooks("shop", ["a", "b"])
    assert last(old) == text(1, "shop") + text(3, "a") + text(3, "b")


def test_an_exception_in_the_kernel_keeps_its_words(old: ScriptedKernel, gateway: NegotiatedGateway) -> None:
    old.fail(methods.ADD, grpc.StatusCode.UNKNOWN, "Exception was thrown by handler. TargetException: no match")
    with pytest.raises(KernelFaultError, match="TargetException"):
        gateway.add_webhooks("shop", [WebhookDefinition("h", "http://x")])
    assert old.count(methods.ADD) == 1


def test_the_live_list_is_read_like_the_list(old: ScriptedKernel, client: Client) -> None:
    first = text(1, text(2, "a") + TARGET)
    old.on(methods.OBSERVE_WEBHOOKS, lambda _request, context: listed(context, b"", first))
    with client.webhooks.observe() as changes:
        assert [len(changes.next(LONG) or []) for _ in range(2)] == [0, 1]


def listed(context: grpc.ServicerContext, *answers: bytes) -> Iterator[bytes]:
    yield from answers[:-1]
    yield from endless(context, answers[-1])


def test_event_types_are_listed_with_their_owners_and_registered(
    old: ScriptedKernel, gateway: NegotiatedGateway
) -> None:
    entry = text(1, text(1, "AccountOpened") + b"\x10\x02") + text(2, '{"type":"object"}')
    own = text(1, text(1, "WebhookAdded") + b"\x10\x01") + text(2, "{}")
    old.on(methods.GET_ALL_REGISTRATIONS, text(1, entry) + text(1, own))
    mine, kernels = gateway.event_types("shop")
    assert mine == RegisteredEventType(EventType("AccountOpened", 2), {"type": "object"})
    assert (kernels.id, kernels.owner) == ("WebhookAdded", "server")
    old.on(methods.REGISTER, b"")
    gateway.register_event_types("shop", [RegisteredEventType(EventType("A", 1, tombstone=True), {"a": 1})])
    kind = text(1, text(1, "A") + b"\x10\x01\x18\x01")
    assert last(old) == text(1, "shop") + text(2, kind + text(2, '{"a": 1}')) + b"\x18\x01"


def test_events_are_appended_with_all_that_a_kernel_dereferences(
    old: ScriptedKernel, gateway: NegotiatedGateway
) -> None:
    old.on(methods.APPEND_MANY, b"\x0a\x00" + b"\x10\x00" + b"\x10\x01")
    kind = EventType("A")
    events = [EventToAppend("account-1", kind, {"a": 1}), EventToAppend("account-2", kind)]
    result = gateway.append("shop", "Default", "event-log", events)
    assert result.sequence_numbers == (0, 1), "unpacked numbers, the first of them zero"
    sent = sequences_classic_pb2.AppendManyRequest.FromString(last(old))
    assert (sent.EventStore, sent.Namespace, sent.EventSequenceId) == ("shop", "Default", "event-log")
    assert sent.CorrelationId.lo
    assert sent.Causation[0].Type
    assert sent.HasField("CausedBy")
    assert {name: scope.SequenceNumber for name, scope in sent.ConcurrencyScopes.items()} == {
        "account-1": 2**64 - 1,
        "account-2": 2**64 - 1,
    }
    assert [(event.EventSourceId, event.EventType.Id, event.Content) for event in sent.Events] == [
        ("account-1", "A", '{"a": 1}'),
        ("account-2", "A", "{}"),
    ]
    assert not sent.Events[0].HasField("EventStreamType"), "an empty text would be stored as one"
    old.on(methods.APPEND_MANY, sequences_classic_pb2.AppendManyResponse(Errors=["not registered"]))
    with pytest.raises(AppendRefusedError, match="not registered"):
        gateway.append("shop", "Default", "event-log", events)


def test_one_event_has_a_call_of_its_own_so_that_the_kernel_migrates_it(
    old: ScriptedKernel, gateway: NegotiatedGateway
) -> None:
    old.on(methods.APPEND, b"\x10\x07")
    one = [EventToAppend("account-1", EventType("A", 2), {"a": 1})]
    assert gateway.append("shop", "Default", "event-log", one).sequence_numbers == (7,)
    sent = sequences_classic_pb2.AppendRequest.FromString(last(old))
    assert (sent.EventStore, sent.Namespace, sent.EventSequenceId) == ("shop", "Default", "event-log")
    assert (sent.EventSourceId, sent.EventType.Id, sent.EventType.Generation) == ("account-1", "A", 2)
    assert sent.Content == '{"a": 1}'
    assert sent.CorrelationId.lo
    assert sent.Causation[0].Type
    assert sent.CausedBy.Subject
    assert sent.CausedBy.Name
    assert sent.ConcurrencyScope.SequenceNumber == 2**64 - 1
    assert not sent.HasField("EventStreamType"), "an empty text would be stored as one"
    old.on(methods.APPEND, sequences_classic_pb2.AppendResponse(SequenceNumber=2**64 - 1))
    with pytest.raises(ProtocolError, match="0 numbers for 1 event"):
        gateway.append("shop", "Default", "event-log", one)


@pytest.mark.parametrize(
    ("violation", "hint"),
    [
        ({"ConstraintName": "SchemaValidation", "Message": "n is required"}, "Compare the content with the schema"),
        ({"ConstraintName": "UniqueOwner", "Message": "taken"}, "The constraint 'UniqueOwner' of the event store"),
    ],
)
def test_what_forbids_an_append_decides_what_to_do_about_it(
    old: ScriptedKernel, gateway: NegotiatedGateway, violation: dict[str, str], hint: str
) -> None:
    told = sequences_classic_pb2.ConstraintViolation(EventTypeId="A", **violation)  # type: ignore[arg-type]
    old.on(methods.APPEND, sequences_classic_pb2.AppendResponse(ConstraintViolations=[told]))
    with pytest.raises(AppendRefusedError) as caught:
        gateway.append("shop", "Default", "event-log", [EventToAppend("account-1", EventType("A"))])
    assert caught.value.hint.startswith(hint)
    moved = sequences_classic_pb2.ConcurrencyViolation(ExpectedSequenceNumber=1, ActualSequenceNumber=2)
    old.on(methods.APPEND, sequences_classic_pb2.AppendResponse(ConcurrencyViolation=moved))
    with pytest.raises(AppendRefusedError) as caught:
        gateway.append("shop", "Default", "event-log", [EventToAppend("account-1", EventType("A"))])
    assert caught.value.hint.startswith("The sequence went on meanwhile")


def test_sequences_are_read(old: ScriptedKernel, client: Client) -> None:
    context = sequences_classic_pb2.EventContext(EventSourceId="account-1", SequenceNumber=7)
    context.EventType.Id, context.EventType.Generation = "A", 1
    context.Occurred.Value = "2026-08-22T17:30:05.1234567+00:00"
    event = sequences_classic_pb2.AppendedEvent(Context=context, Content='{"a": 1}')
    old.on(
        methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER,
        sequences_classic_pb2.GetFromEventSequenceNumberResponse(Events=[event]),
    )
    (read,) = client._kernel.events("shop", "Default", "event-log", start=3, event_source_id="account-1")
    assert (read.sequence_number, read.event_source_id, read.content) == (7, "account-1", {"a": 1})
    assert read.occurred == datetime(2026, 8, 22, 17, 30, 5, 123456, tzinfo=UTC)
    assert last(old) == text(1, "shop") + text(2, "Default") + text(3, "event-log") + b"\x20\x03" + text(6, "account-1")
    old.on(methods.GET_TAIL_SEQUENCE_NUMBER, b"")
    assert client.event_log.tail() == 0, "a tail of 0 is left out"
    old.on(methods.GET_TAIL_SEQUENCE_NUMBER, b"\x08" + b"\xff" * 9 + b"\x01")
    assert client.event_log.tail() is None
    listed = sequences_classic_pb2.GetEventSequencesResponse(EventSequenceIds=["event-log", "mine", "system"])
    old.on(methods.GET_EVENT_SEQUENCES, listed)
    assert [each.id for each in client.event_sequences()] == ["event-log", "mine", "system"]
    (asked,) = [call for call in old.calls if call.method == methods.GET_EVENT_SEQUENCES.path]
    assert asked.request == text(1, "shop") + text(2, "Default")
    old.on(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, b"\x08\x01")
    assert client._kernel.has_events("shop", "Default", "event-log", "account-1")


def test_observers_and_failed_partitions_are_plain_lists(old: ScriptedKernel, client: Client) -> None:
    running = observation_pb2.ObserverInformation(Id="h", Type=observation_pb2.ObserverType.Value("External"))
    old.on(methods.GET_OBSERVERS, observation_pb2.IEnumerable_ObserverInformation(items=[running]))
    failing = observation_pb2.FailedPartition(ObserverId="h", Partition="account-1")
    old.on(methods.GET_FAILED_PARTITIONS, observation_pb2.IEnumerable_FailedPartition(items=[failing]))
    (observer,) = client.observers("Default")
    assert (observer.id, observer.kind, observer.replayable) == ("h", "external", True)
    (partition,) = client.failed_partitions("h", namespace="Default")
    assert partition.partition == "account-1"


def test_a_secret_is_in_no_traceback_and_no_log_of_this_generation_either(
    old: ScriptedKernel, gateway: NegotiatedGateway
) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    old.fail(methods.ADD, grpc.StatusCode.UNKNOWN, "broken")
    hidden = BearerAuthorization(Secret("canary-swordfish"))
    try:
        with pytest.raises(KernelFaultError) as caught:
            gateway.add_webhooks("shop", [WebhookDefinition("h", "http://x", authorization=hidden)])
    finally:
        logging.getLogger().removeHandler(handler)
    assert "canary-swordfish" not in package_frames(caught.value) + stream.getvalue()
    assert b"canary-swordfish" in last(old), "it must have been sent"
