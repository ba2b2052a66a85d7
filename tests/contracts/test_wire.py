"""Bytes: what goes out is what Chronicle's .NET client writes, and what comes in is read by its rules of presence."""

from __future__ import annotations

from uuid import UUID

import pytest

from chronicle_notebook import InvalidDefinitionError, Secret, WebhookDefinition
from chronicle_notebook.base._call import Sealed
from chronicle_notebook.contracts._convert import definition_from_wire, definition_to_wire, observer_from_wire
from chronicle_notebook.contracts._scalars import guid_from_wire, guid_to_wire
from chronicle_notebook.contracts.commands._answer import WebhookAnswer
from chronicle_notebook.contracts.commands._columns import definitions
from chronicle_notebook.contracts.wire import observation_pb2, webhooks_pb2
from chronicle_notebook.model import (
    NO_AUTHORIZATION,
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    OAuthAuthorization,
    UndisclosedAuthorization,
    WebhookAuthorization,
)


def text(number: int, value: str | bytes) -> bytes:
    """A length-delimited field by hand; short values and low numbers only."""
    raw = value.encode() if isinstance(value, str) else value
    assert number < 16
    assert len(raw) < 128
    return bytes([number << 3 | 2, len(raw)]) + raw


SEQUENCE_AND_ID = text(1, "event-log") + text(2, "h")
TYPES = text(3, text(1, "A") + b"\x10\x01") + text(3, text(1, "B") + b"\x10\x03")
HEADER = text(3, text(1, "x-a") + text(2, "1"))

AUTHORIZATIONS: list[tuple[WebhookAuthorization, bytes]] = [
    (NO_AUTHORIZATION, b""),
    (BasicAuthorization("u", Secret("p")), text(2, text(1, text(1, "u") + text(2, "p")))),
    (BearerAuthorization(Secret("t")), text(2, text(2, text(1, "t")))),
    (
        OAuthAuthorization("https://a", "c", Secret("s")),
        text(2, text(3, text(1, "https://a") + text(2, "c") + text(3, "s"))),
    ),
]


@pytest.mark.parametrize(("authorization", "expected"), AUTHORIZATIONS, ids=["none", "basic", "bearer", "oauth"])
def test_a_definition_with_both_flags_false_ends_in_two_explicit_zeros(
    authorization: WebhookAuthorization, expected: bytes
) -> None:
    definition = WebhookDefinition(
        "h",
        "http://x",
        (EventType("A"), EventType("B", 3)),
        authorization,
        {"x-a": "1"},
        replayable=False,
        active=False,
    )
    wire = definition_to_wire(definition).SerializeToString(deterministic=True)
    assert wire == SEQUENCE_AND_ID + TYPES + text(4, text(1, "http://x") + expected + HEADER) + b"\x28\x00\x30\x00"


def test_flags_that_are_true_are_left_out() -> None:
    wire = definition_to_wire(WebhookDefinition("h", "http://x")).SerializeToString()
    assert wire == SEQUENCE_AND_ID + text(4, text(1, "http://x"))


def test_a_definition_without_flags_reads_as_true_and_explicit_zeros_as_false() -> None:
    absent = webhooks_pb2.WebhookDefinition.FromString(SEQUENCE_AND_ID)
    assert (definition_from_wire(absent).replayable, definition_from_wire(absent).active) == (True, True)
    written = webhooks_pb2.WebhookDefinition.FromString(SEQUENCE_AND_ID + b"\x28\x00\x30\x00")
    assert (definition_from_wire(written).replayable, definition_from_wire(written).active) == (False, False)
    spelled_out = webhooks_pb2.WebhookDefinition.FromString(SEQUENCE_AND_ID + b"\x28\x01\x30\x01")
    assert (definition_from_wire(spelled_out).replayable, definition_from_wire(spelled_out).active) == (True, True)


def test_the_read_back_form_has_no_default_so_absent_flags_are_false() -> None:
    answer = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse()
    answer.Data.add().MergeFromString(text(1, "h") + b"\x38\x01")
    (definition,) = definitions(WebhookAnswer(answer.SerializeToString()))
    assert (definition.replayable, definition.active) == (True, False)


def test_an_observer_without_the_flag_is_replayable() -> None:
    assert observer_from_wire(observation_pb2.ObserverInformation(Id="h"), "Default").replayable
    written = observation_pb2.ObserverInformation.FromString(text(1, "h") + b"\x50\x00")
    assert not observer_from_wire(written, "Default").replayable


def test_ciphertext_of_a_definition_is_never_taken_over() -> None:
    message = webhooks_pb2.WebhookDefinition(Identifier="h")
    message.Target.Authorization.Value1.Token = "crk1:AB:cipher"
    assert definition_from_wire(message).authorization == UndisclosedAuthorization(AuthorizationKind.BEARER)


def test_credentials_that_were_read_back_cannot_be_sent() -> None:
    definition = WebhookDefinition("h", "http://x", authorization=UndisclosedAuthorization(AuthorizationKind.BASIC))
    with pytest.raises(InvalidDefinitionError) as caught:
        definition_to_wire(definition)
    assert caught.value.field == "authorization"


def test_a_guid_has_the_halves_that_dotnet_writes() -> None:
    value = UUID("00112233-4455-6677-8899-aabbccddeeff")
    wire = guid_to_wire(value)
    assert (wire.lo, wire.hi) == (0x6677445500112233, 0xFFEEDDCCBBAA9988)
    assert guid_from_wire(wire) == value
    assert guid_to_wire(UUID(int=0)).SerializeToString() == b""


def test_a_sealed_request_tells_its_type_and_size_and_nothing_else() -> None:
    message = webhooks_pb2.BearerTokenAuthorization(Token="swordfish")
    assert repr(Sealed(message)) == "<BearerTokenAuthorization, 11 bytes>"
    assert Sealed(message).serialize() == message.SerializeToString()
