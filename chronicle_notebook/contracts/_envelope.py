"""The envelope around each answer of the `commands` generation, and its meaning.

Failures have the gRPC status OK, and the envelope contains them. Facts (source: K/Contracts/Commands/CommandResult.cs,
K/Contracts/Queries/QueryResult.cs, K/Contracts/Validation/ValidationResult.cs): any validation result stops the
handler; a missing severity means Error, because default values are not sent; an explicit false ``IsAuthorized`` is a
refusal, a missing one is not; each call gets a new correlation id, so an answer without it is not an envelope.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from chronicle_notebook.base._errors import KernelFaultError, PermissionDeniedError, ProtocolError, RequestRefusedError
from chronicle_notebook.base._redaction import Hide, all_said, as_it_is, said
from chronicle_notebook.contracts.wire import bcl_pb2

_SEVERITIES = {0: "unknown", 1: "information", 2: "warning", 3: "error"}
_ERROR = 3


class ValidationResult(Protocol):
    """One objection of a validator."""

    @property
    def Severity(self) -> int: ...  # noqa: N802
    @property
    def Message(self) -> str: ...  # noqa: N802
    @property
    def Members(self) -> Sequence[str]: ...  # noqa: N802
    def HasField(self, field_name: Literal["Severity"], /) -> bool: ...  # noqa: N802


class Envelope(Protocol):
    """The fields that every command result and query result has."""

    @property
    def CorrelationId(self) -> bcl_pb2.Guid: ...  # noqa: N802
    @property
    def IsAuthorized(self) -> bool: ...  # noqa: N802
    @property
    def ValidationResults(self) -> Sequence[ValidationResult]: ...  # noqa: N802
    @property
    def ExceptionMessages(self) -> Sequence[str]: ...  # noqa: N802
    def HasField(self, field_name: Literal["IsAuthorized"], /) -> bool: ...  # noqa: N802


def open_envelope(envelope: Envelope, *, server: str, call: str, hide: Hide = as_it_is) -> None:
    """Return if the answer is a success, else raise.

    The kernel's stack trace is never read, because it can contain sensitive text. The kernel's message is shortened.

    :param hide: removes secrets that were sent from the kernel's message.
    :raises ProtocolError: the answer is not an envelope.
    :raises PermissionDeniedError: the caller may not make this call.
    :raises RequestRefusedError: a validator objected; ``reasons`` has every objection.
    :raises KernelFaultError: the handler failed; ``reasons`` has its messages.
    """
    where = f"{call} on {server}"
    correlation = envelope.CorrelationId
    if not (correlation.lo or correlation.hi):
        raise ProtocolError(
            f"{where}: the answer has no envelope, so it cannot be trusted.",
            server=server,
            call=call,
            hint="The kernel may speak the other wire generation, the one of kernels up to 16.37.",
        )
    refusal = said(str(getattr(envelope, "AuthorizationFailureReason", "")), hide)
    if refusal or (envelope.HasField("IsAuthorized") and not envelope.IsAuthorized):
        raise PermissionDeniedError(
            f"{where}: the caller may not do this{f' ({refusal})' if refusal else ''}.",
            server=server,
            call=call,
            hint="Use the credentials of a client that may do this.",
        )
    if envelope.ValidationResults:
        reasons = all_said((_objection(result) for result in envelope.ValidationResults), hide)
        raise RequestRefusedError(
            f"{where}: the kernel refused the request: {'; '.join(reasons)}",
            server=server,
            call=call,
            reasons=reasons,
            hint="Nothing was changed.",
        )
    if envelope.ExceptionMessages:
        reasons = all_said(envelope.ExceptionMessages, hide)
        raise KernelFaultError(
            f"{where}: the kernel failed: {' / '.join(reasons)}",
            server=server,
            call=call,
            reasons=reasons,
            hint="The kernel's log has the details.",
        )


def _objection(result: ValidationResult) -> str:
    severity = result.Severity if result.HasField("Severity") else _ERROR
    label = "" if severity == _ERROR else f"{_SEVERITIES.get(severity, severity)}: "
    members = f" ({', '.join(result.Members)})" if result.Members else ""
    return f"{label}{result.Message or 'no reason given'}{members}"
