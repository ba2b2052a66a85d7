"""Envelopes: failures travel with status OK, and absence has a meaning of its own."""

from __future__ import annotations

import pytest

from chronicle_notebook import KernelFaultError, PermissionDeniedError, ProtocolError, RequestRefusedError
from chronicle_notebook.contracts._envelope import Envelope, open_envelope
from chronicle_notebook.contracts.wire import bcl_pb2, webhooks_pb2

CORRELATION = bcl_pb2.Guid(lo=1, hi=2)


def command(data: bytes = b"", **fields: object) -> webhooks_pb2.CommandResult:
    message = webhooks_pb2.CommandResult(CorrelationId=CORRELATION)
    message.MergeFrom(webhooks_pb2.CommandResult(**fields))  # type: ignore[arg-type]
    message.MergeFromString(data)
    return message


def refuse(envelope: Envelope) -> Exception:
    with pytest.raises((PermissionDeniedError, RequestRefusedError, ProtocolError)) as caught:
        open_envelope(envelope, server="kernel:35000", call="Webhooks/AddWebhooks")
    assert "kernel:35000" in str(caught.value)
    assert "Webhooks/AddWebhooks" in str(caught.value)
    return caught.value


def test_success_is_an_envelope_that_says_nothing_else() -> None:
    open_envelope(command(IsAuthorized=True), server="s", call="c")
    open_envelope(command(), server="s", call="c")


def test_an_explicit_false_is_authorized_is_a_refusal() -> None:
    assert isinstance(refuse(command(b"\x10\x00")), PermissionDeniedError)


def test_a_reason_for_a_refusal_is_a_refusal_too() -> None:
    error = refuse(command(IsAuthorized=True, AuthorizationFailureReason="not in the role"))
    assert isinstance(error, PermissionDeniedError)
    assert "not in the role" in str(error)


def test_an_absent_severity_is_an_error() -> None:
    error = refuse(command(ValidationResults=[webhooks_pb2.ValidationResult(Message="Event store is required.")]))
    assert isinstance(error, RequestRefusedError)
    assert error.reasons == ("Event store is required.",)


@pytest.mark.parametrize(
    ("severity", "label"), [(0, "unknown: "), (1, "information: "), (2, "warning: "), (3, "")], ids=str
)
def test_any_severity_stops_the_handler_so_any_is_a_failure(severity: int, label: str) -> None:
    result = webhooks_pb2.ValidationResult(Message="No.", Members=["Webhooks"])
    result.MergeFromString(bytes([8, severity]))
    error = refuse(command(ValidationResults=[result]))
    assert isinstance(error, RequestRefusedError)
    assert error.reasons == (f"{label}No. (Webhooks)",)


def test_exceptions_of_the_handler_show_their_messages_and_never_the_trace() -> None:
    error = refuse(command(ExceptionMessages=["outer", "inner"], ExceptionStackTrace="at Secret.Place()"))
    assert isinstance(error, KernelFaultError)
    assert error.reasons == ("outer", "inner")
    assert "Secret.Place" not in repr(error) + str(error)


def test_an_answer_without_an_envelope_is_no_success() -> None:
    assert isinstance(refuse(webhooks_pb2.CommandResult()), ProtocolError)


def test_an_answer_of_the_classic_generation_is_recognised_as_no_envelope() -> None:
    """Decoded as an envelope, a classic list has its first webhook where the correlation id belongs."""
    definition = webhooks_pb2.WebhookDefinition(EventSequenceId="event-log", Identifier="h").SerializeToString()
    classic = bytes([0x0A, len(definition)]) + definition
    answer = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse.FromString(classic)
    error = refuse(answer)
    assert isinstance(error, ProtocolError)
    assert "generation" in error.hint
