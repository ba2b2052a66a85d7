"""What a request to append contains, and what its answer means. Both wire generations have the same fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

from chronicle_notebook.base._errors import AppendRefusedError, ProtocolError
from chronicle_notebook.base._redaction import all_said, said
from chronicle_notebook.contracts._convert import json_text
from chronicle_notebook.contracts._scalars import UNAVAILABLE, event_type_to_wire, guid_to_wire
from chronicle_notebook.contracts.wire import sequences_classic_pb2, sequences_pb2
from chronicle_notebook.model import AppendResult, EventToAppend

_CAUSE = "chronicle_notebook"
"""The cause and the author of events that this package appends."""
_SCHEMA = "SchemaValidation"
"""The name of the constraint that the schema of an event type makes."""


class ConstraintViolation(Protocol):
    """A constraint that the events violate."""

    @property
    def EventTypeId(self) -> str: ...  # noqa: N802
    @property
    def ConstraintName(self) -> str: ...  # noqa: N802
    @property
    def Message(self) -> str: ...  # noqa: N802


class ConcurrencyViolation(Protocol):
    """A sequence to which somebody else appended in the meantime."""

    @property
    def ExpectedSequenceNumber(self) -> int: ...  # noqa: N802
    @property
    def ActualSequenceNumber(self) -> int: ...  # noqa: N802


class Refusal(Protocol):
    """The part of an answer to a request to append that says why nothing was appended."""

    @property
    def ConstraintViolations(self) -> Sequence[ConstraintViolation]: ...  # noqa: N802
    @property
    def Errors(self) -> Sequence[str]: ...  # noqa: N802


def put_events(
    request: sequences_pb2.AppendManyForEventSourcesRequest | sequences_classic_pb2.AppendManyRequest,
    events: Sequence[EventToAppend],
) -> None:
    """Put events into a request, with a causation and an author, because kernels dereference both."""
    _put_author(request)
    for event in events:
        entry = request.Events.add(EventSourceId=event.event_source_id, Content=json_text(event.content))
        event_type_to_wire(event.type, entry.EventType)


def put_event(request: sequences_pb2.AppendRequest | sequences_classic_pb2.AppendRequest, event: EventToAppend) -> None:
    """Put one event into a request, with a causation, an author and no concurrency check."""
    _put_author(request)
    request.EventSourceId = event.event_source_id
    request.Content = json_text(event.content)
    event_type_to_wire(event.type, request.EventType)
    request.ConcurrencyScope.SequenceNumber = UNAVAILABLE


def _put_author(
    request: sequences_pb2.AppendRequest
    | sequences_classic_pb2.AppendRequest
    | sequences_pb2.AppendManyForEventSourcesRequest
    | sequences_classic_pb2.AppendManyRequest,
) -> None:
    request.CorrelationId.CopyFrom(guid_to_wire(uuid4()))
    request.Causation.add(Type=_CAUSE).Occurred.Value = datetime.now(UTC).isoformat()
    author = request.CausedBy
    author.Subject = author.Name = author.UserName = _CAUSE


def many_appended(
    answer: sequences_pb2.AppendManyResponse | sequences_classic_pb2.AppendManyResponse,
    *,
    events: int,
    server: str,
    call: str,
) -> AppendResult:
    """The numbers of the appended events. An answer that looks successful can contain business failures.

    :raises AppendRefusedError: nothing was appended; ``reasons`` says why.
    :raises ProtocolError: the answer has no numbers.
    """
    _check(answer, answer.ConcurrencyViolations, server=server, call=call)
    return _numbered(answer.SequenceNumbers, events=events, server=server, call=call)


def one_appended(
    answer: sequences_pb2.AppendResponse | sequences_classic_pb2.AppendResponse, *, server: str, call: str
) -> AppendResult:
    """The number of the appended event, as :func:`many_appended`."""
    violations = [answer.ConcurrencyViolation] if answer.HasField("ConcurrencyViolation") else []
    _check(answer, violations, server=server, call=call)
    given = [] if answer.SequenceNumber == UNAVAILABLE else [answer.SequenceNumber]
    return _numbered(given, events=1, server=server, call=call)


def _check(answer: Refusal, violations: Sequence[ConcurrencyViolation], *, server: str, call: str) -> None:
    objections = [_objection(violation) for violation in answer.ConstraintViolations]
    objections += answer.Errors
    objections += [
        f"sequence number {violation.ExpectedSequenceNumber} was expected, but it is {violation.ActualSequenceNumber}"
        for violation in violations
    ]
    if objections:
        reasons = all_said(objections)
        raise AppendRefusedError(
            f"Nothing was appended on {server}: {'; '.join(reasons)}",
            server=server,
            call=call,
            reasons=reasons,
            hint=_advice(answer, violations),
        )


def _numbered(numbers: Sequence[int], *, events: int, server: str, call: str) -> AppendResult:
    if len(numbers) != events:
        raise ProtocolError(
            f"The kernel gave {len(numbers)} numbers for {events} event{'' if events == 1 else 's'}.",
            server=server,
            call=call,
            hint="Read the sequence to see what was appended.",
        )
    return AppendResult(tuple(numbers))


def _advice(answer: Refusal, violations: Sequence[ConcurrencyViolation]) -> str:
    """What to do about the first failure."""
    named = [each.ConstraintName for each in answer.ConstraintViolations if each.ConstraintName != _SCHEMA]
    if named and named[0]:
        return (
            f"The constraint {said(named[0])!r} of the event store forbids it: compare with the events that are there, "
            "client.event_log.read() shows them."
        )
    if violations and not answer.ConstraintViolations:
        return "The sequence went on meanwhile: read it, and append again."
    return "Compare the content with the schema of the event type."


def _objection(violation: ConstraintViolation) -> str:
    """The event type, the constraint unless it is only the schema, and the reason."""
    name = "" if violation.ConstraintName == _SCHEMA else violation.ConstraintName
    return ": ".join(part for part in (violation.EventTypeId, name, violation.Message) if part)
