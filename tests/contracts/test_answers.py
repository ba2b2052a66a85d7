"""Answers that a kernel should not give, or that are not what they look like, over a real port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts._scalars import guid_to_wire
from chronicle_notebook.contracts.classic.gateway import ClassicGateway
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.commands.gateway import CommandsGateway
from chronicle_notebook.contracts.wire import event_types_pb2, observation_pb2, sequences_pb2, webhooks_pb2
from chronicle_notebook.definition.file._webhook_reader import read_document
from chronicle_notebook.model import AuthorizationKind, UndisclosedAuthorization
from chronicle_notebook.session._client import Client
from tests.contracts.test_wire import text
from tests.many import STORE, many_webhooks
from tests.scripted import ScriptedKernel, enveloped, scripted

_Details = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse
_Tail = sequences_pb2.QueryResult_EventSequenceTailResponse
_Types = event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse
_Type = event_types_pb2.EventTypeDetailsResponse
_Has = sequences_pb2.QueryResult_EventSourceEventsResponse
NEWER = 7
"""A kind of authorization that no known contract has."""


@pytest.fixture
def kernel() -> Iterator[ScriptedKernel]:
    with scripted() as running:
        many_webhooks(running, 0)
        yield running.on(methods.ALL_EVENT_TYPES, enveloped(_Types, [_Type(Type=event_types_pb2.EventType(Id="T"))]))


@pytest.fixture
def client(kernel: ScriptedKernel) -> Iterator[Client]:
    with cn.connect(kernel.connection_string, event_store=STORE) as opened:
        yield opened


def authorized(kind: int) -> Any:
    """An answer with one webhook whose authorization is of some kind."""
    row = webhooks_pb2.WebhookDetailsResponse(
        Identifier="h",
        Url="http://127.0.0.1:9/in",
        EventSequenceId="event-log",
        EventTypes=[webhooks_pb2.EventType(Id="T", Generation=1)],
        AuthorizationType=webhooks_pb2.AuthorizationType.ValueType(kind),
        IsReplayable=True,
        IsActive=True,
    )
    return enveloped(_Details, [row])


# -- parts that are not there --------------------------------------------------------------------------------------


def test_a_tail_that_the_answer_does_not_have_is_no_zero(kernel: ScriptedKernel, client: Client) -> None:
    kernel.on(methods.TAIL_SEQUENCE_NUMBER, enveloped(_Tail))
    with pytest.raises(cn.ProtocolError, match="no Data") as raised:
        client.event_log.tail()
    assert raised.value.call == "EventSequences/TailSequenceNumber"
    kernel.on(methods.TAIL_SEQUENCE_NUMBER, enveloped(_Tail, sequences_pb2.EventSequenceTailResponse()))
    assert client.event_log.tail() == 0, "an empty part says zero, which is left off the wire"


def test_an_answer_without_its_part_does_not_say_that_there_are_no_events(
    kernel: ScriptedKernel, client: Client
) -> None:
    kernel.on(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, enveloped(_Has))
    with pytest.raises(cn.ProtocolError, match="no Data"):
        client._kernel.has_events(STORE, "Default", "event-log", "s")
    kernel.on(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, enveloped(_Has, sequences_pb2.EventSourceEventsResponse()))
    assert client._kernel.has_events(STORE, "Default", "event-log", "s") is False


# -- an authorization of a kind to come ----------------------------------------------------------------------------


def test_an_authorization_of_an_unknown_kind_is_not_taken_for_none(kernel: ScriptedKernel, client: Client) -> None:
    kernel.on(methods.GET_WEBHOOKS, authorized(NEWER))
    (found,) = client.webhooks.all()
    assert found.authorization == UndisclosedAuthorization(AuthorizationKind.UNKNOWN)
    for shown in (repr(client.webhooks.all()), client.webhooks.all()._repr_html_(), repr(client.describe("h"))):
        assert "unknown" in shown
    plan = client.webhooks.plan("h", found.target_url, lambda b: b.with_event_type("T"))
    assert [change.field for change in plan.changes] == ["authorization"]
    assert "already" not in plan.summary


def test_it_cannot_be_registered_again_by_mistake(kernel: ScriptedKernel, client: Client) -> None:
    kernel.on(methods.GET_WEBHOOKS, authorized(NEWER))
    found = client.webhooks.get("h")
    with pytest.raises(cn.InvalidDefinitionError, match="did not return"):
        client.webhooks.register(found)
    assert "does not know the kind of its authorization" in client.webhooks.code("h")
    assert "kind: unknown" in client.webhooks.code("h", style="cell")
    with pytest.raises(cn.InvalidDefinitionError, match="not a kind of authorization"):
        read_document(client.webhooks.code("h", style="yaml"))
    assert kernel.count(methods.ADD_WEBHOOKS) == 0


@pytest.mark.parametrize("kind", [NEWER, 127, 128, 300, 2**31 - 1, -1, -2, -(2**31)])
def test_a_frame_has_a_missing_value_for_it_whatever_its_number(
    kind: int, kernel: ScriptedKernel, client: Client
) -> None:
    kernel.on(methods.GET_WEBHOOKS, authorized(kind))
    for frame in (client.webhooks.to_frame(), client.webhooks.all().to_frame()):
        assert frame["authorization"].isna().tolist() == [True]
        assert list(frame["authorization"].cat.categories) == ["none", "basic", "bearer", "oauth"]


# -- bytes that cannot be read -------------------------------------------------------------------------------------

BROKEN = {
    "an event type": text(4, b"\x0a\x05T"),
    "an event type's text": text(4, text(1, b"\xff\xfe")),
    "a header": text(6, b"\x0a\x05x"),
    "a header's text": text(6, text(1, "x") + text(2, b"\xff\xfe")),
}
READS: dict[str, Callable[[Client], Any]] = {
    "all": lambda client: client.webhooks.all(),
    "ids": lambda client: client.webhooks.ids(),
    "to_frame": lambda client: client.webhooks.to_frame(),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("what", BROKEN)
def test_a_row_that_cannot_be_read_is_an_error_of_the_protocol(
    what: str, read: str, kernel: ScriptedKernel, client: Client
) -> None:
    row = text(1, "h") + text(2, "http://127.0.0.1:9/in") + BROKEN[what]
    envelope = _Details(CorrelationId=guid_to_wire(uuid4())).SerializeToString()
    kernel.on(methods.GET_WEBHOOKS, envelope + text(6, row))
    with pytest.raises(cn.ProtocolError, match="of no known form") as raised:
        READS[read](client)
    assert raised.value.call == "Webhooks/GetWebhooks"
    assert raised.value.__context__ is None, "what it was made of holds the bytes"


# -- partitions that fail no more ----------------------------------------------------------------------------------


def test_a_partition_that_is_resolved_is_not_listed_as_failing(kernel: ScriptedKernel, client: Client) -> None:
    partitions = [
        observation_pb2.FailedPartition(ObserverId="h", Partition="mended", IsResolved=True),
        observation_pb2.FailedPartition(ObserverId="h", Partition="failing"),
    ]
    kernel.on(methods.GET_FAILED_PARTITIONS, observation_pb2.IEnumerable_FailedPartition(items=partitions))
    assert [each.partition for each in client.failed_partitions()] == ["failing"]
    for adapter in (CommandsGateway, ClassicGateway):
        found = adapter(client._kernel._caller).failed_partitions(STORE, "Default")
        assert [each.partition for each in found] == ["failing"]
