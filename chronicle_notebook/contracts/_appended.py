"""What an answer to an append means; both wire generations put the same fields into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chronicle_notebook._errors import AppendRefusedError, ProtocolError
from chronicle_notebook.model import AppendResult


class ConstraintViolation(Protocol):
    """A constraint that forbids the events."""

    @property
    def ConstraintName(self) -> str: ...  # noqa: N802
    @property
    def Message(self) -> str: ...  # noqa: N802


class ConcurrencyViolation(Protocol):
    """A sequence that went on meanwhile."""

    @property
    def ExpectedSequenceNumber(self) -> int: ...  # noqa: N802
    @property
    def ActualSequenceNumber(self) -> int: ...  # noqa: N802


class Appended(Protocol):
    """The answer."""

    @property
    def SequenceNumbers(self) -> Sequence[int]: ...  # noqa: N802
    @property
    def ConstraintViolations(self) -> Sequence[ConstraintViolation]: ...  # noqa: N802
    @property
    def Errors(self) -> Sequence[str]: ...  # noqa: N802
    @property
    def ConcurrencyViolations(self) -> Sequence[ConcurrencyViolation]: ...  # noqa: N802


def append_result(answer: Appended, *, events: int, server: str, call: str) -> AppendResult:
    """The numbers that the events got. Failures of the business kind stand inside an answer that looks successful.

    :raises AppendRefusedError: nothing was appended; ``reasons`` says why.
    :raises ProtocolError: the answer does not say which numbers were given.
    """
    reasons = [f"{violation.ConstraintName}: {violation.Message}" for violation in answer.ConstraintViolations]
    reasons += answer.Errors
    reasons += [
        f"sequence number {violation.ExpectedSequenceNumber} was expected, it is {violation.ActualSequenceNumber}"
        for violation in answer.ConcurrencyViolations
    ]
    if reasons:
        raise AppendRefusedError(
            f"{call} on {server}: nothing was appended: {'; '.join(reasons)}",
            server=server,
            call=call,
            reasons=tuple(reasons),
            hint="Compare the content with the schema of the event type.",
        )
    if len(answer.SequenceNumbers) != events:
        raise ProtocolError(
            f"The kernel gave {len(answer.SequenceNumbers)} numbers for {events} events.",
            server=server,
            call=call,
            hint="Read the sequence to see what was appended.",
        )
    return AppendResult(tuple(answer.SequenceNumbers))
