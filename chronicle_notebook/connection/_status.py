"""From a gRPC status to an error of this package: the only place where statuses are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chronicle_notebook.base import _fork
from chronicle_notebook.base._errors import (
    AnswerTooLargeError,
    AuthenticationError,
    CallCancelledError,
    ClientClosedError,
    DeadlineExceededError,
    KernelError,
    KernelFaultError,
    KernelUnreachableError,
    MethodNotImplementedError,
    PermissionDeniedError,
    ProtocolError,
    RequestRefusedError,
)
from chronicle_notebook.base._redaction import Hide, as_it_is, said
from chronicle_notebook.connection._grpc import grpc

if TYPE_CHECKING:
    from chronicle_notebook.connection._interference import Interference

NOTHING_SENT = "Nothing was sent."
UNKNOWN_OUTCOME = "Whether the change was made is unknown: read it back before you repeat it."

_ERRORS: dict[grpc.StatusCode, tuple[type[KernelError], str, str]] = {
    grpc.StatusCode.CANCELLED: (CallCancelledError, "the call was cancelled", ""),
    grpc.StatusCode.UNKNOWN: (KernelFaultError, "the kernel failed", "The kernel's log has the details."),
    grpc.StatusCode.INVALID_ARGUMENT: (RequestRefusedError, "the kernel refused the request", ""),
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        DeadlineExceededError,
        "no answer in time",
        "Give more time with connect(..., timeout=SECONDS), or check whether the kernel is overloaded.",
    ),
    grpc.StatusCode.NOT_FOUND: (RequestRefusedError, "the kernel does not have the requested object", ""),
    grpc.StatusCode.ALREADY_EXISTS: (RequestRefusedError, "it exists already", ""),
    grpc.StatusCode.PERMISSION_DENIED: (
        PermissionDeniedError,
        "the caller may not do this",
        "Use the credentials of a client that may do this.",
    ),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (
        AnswerTooLargeError,
        "a message is over the size limit, or the kernel is out of a resource",
        "",
    ),
    grpc.StatusCode.FAILED_PRECONDITION: (RequestRefusedError, "the kernel is not in a state to do this", ""),
    grpc.StatusCode.ABORTED: (RequestRefusedError, "the kernel aborted the call", ""),
    grpc.StatusCode.OUT_OF_RANGE: (RequestRefusedError, "a value is out of range", ""),
    grpc.StatusCode.UNIMPLEMENTED: (
        MethodNotImplementedError,
        "the kernel has no such call",
        "It speaks another wire generation, most likely the one of kernels up to 16.37.",
    ),
    grpc.StatusCode.INTERNAL: (KernelFaultError, "the kernel failed", "The kernel's log has the details."),
    grpc.StatusCode.UNAVAILABLE: (
        KernelUnreachableError,
        "no connection",
        "Check host and port, and that the kernel runs.",
    ),
    grpc.StatusCode.DATA_LOSS: (ProtocolError, "the answer was damaged", ""),
    grpc.StatusCode.UNAUTHENTICATED: (
        AuthenticationError,
        "the kernel does not accept the caller",
        "Check the credentials in the connection string.",
    ),
    grpc.StatusCode.OK: (ProtocolError, "the call ended without an answer", ""),
}


def error_from(
    error: grpc.RpcError, *, server: str, call: str, write: bool = False, hide: Hide = as_it_is
) -> KernelError:
    """The error for a failed call. ``write`` adds that the outcome is unknown, if it is.

    :param hide: removes secrets that were sent from the kernel's message.
    """
    from chronicle_notebook.connection._interference import ENDED_THERE, http_status, interference

    # The stubs raise an object that is an RpcError and a Call. The type stubs cannot express this.
    call_error: Any = error
    code = call_error.code()
    detail = _detail(call_error.details(), hide)
    found = interference(detail)
    if found is None and code is grpc.StatusCode.CANCELLED and detail.lower() in _NO_REASON:
        found = ENDED_THERE
    if found is not None:
        return _unreachable(found, server=server, call=call, write=write)
    kind, what, hint = _ERRORS[code]
    status = http_status(detail)
    if status is not None:
        detail = f"HTTP {status}"
    elif code is grpc.StatusCode.DEADLINE_EXCEEDED and detail.lower() in _OWN_WORDS:
        detail = ""
    if write and code in {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
    }:
        hint = f"{UNKNOWN_OUTCOME} {hint}".strip()
    message = f"{call} on {server}: {what}{f' ({detail})' if detail else ''}."
    if issubclass(kind, RequestRefusedError):
        return kind(message, server=server, call=call, reasons=(detail,) if detail else (), hint=hint)
    return kind(message, server=server, call=call, hint=hint)


_NO_REASON = ("", "cancelled", "context canceled")
"""What is said of a call that a server ended without a reason, in lower case. gRPC has other words for a call that this
process ended."""
_OWN_WORDS = ("deadline exceeded", "deadline expired before operation could complete")
"""What gRPC itself says about a deadline, in lower case."""


def _unreachable(found: Interference, *, server: str, call: str, write: bool) -> KernelUnreachableError:
    outcome = NOTHING_SENT if found.nothing_sent else UNKNOWN_OUTCOME
    hint = f"{outcome} {found.hint}" if write else f"{'Call again. ' if found.again else ''}{found.hint}"
    error = KernelUnreachableError(f"{call} on {server}: {found.what}.", server=server, call=call, hint=hint)
    error.nothing_sent = found.nothing_sent
    return error


def _detail(details: str | None, hide: Hide) -> str:
    """The status text, on one line, without the addresses and the stack that gRPC or .NET append."""
    # Secrets are hidden first, because splitting into lines would tear a secret with a line break apart.
    lines = hide(details or "").strip().splitlines()
    return said(lines[0].rstrip(".")) if lines else ""


_AGAIN = "Connect again with cn.connect()."


def closed(server: str, *, under_way: bool = False) -> ClientClosedError:
    """The error for a client that was closed.

    :param under_way: whether a call that changes something had been sent.
    """
    if under_way:
        return ClientClosedError(
            f"The client of {server} was closed while the kernel worked.",
            hint=f"The kernel may have done what it was asked. {_AGAIN[:-1]}, and check what the kernel lists.",
        )
    return ClientClosedError(f"The client of {server} was closed.", hint=_AGAIN)


def lost(server: str) -> KernelUnreachableError:
    """The error for a connection that has ended."""
    return KernelUnreachableError(f"The connection to {server} was lost.", server=server, hint="Call again.")


def late(server: str) -> KernelUnreachableError:
    """The error for a connection that another thread has not made in time."""
    return KernelUnreachableError(f"{server} was not reached in time.", server=server, hint="Call again.")


def unanswered(server: str, call: str) -> ProtocolError:
    """The error for a stream that ended before its first answer."""
    return ProtocolError(
        f"{call} on {server}: the stream ended without an answer.",
        server=server,
        call=call,
        hint="The kernel may be shutting down: call again.",
    )


def check_process(server: str, *, inherited: bool) -> None:
    """Check that gRPC works in this process.

    :param inherited: whether the process that this process was forked from made the connection.
    :raises KernelError: gRPC does not work here.
    """
    if inherited:
        message = f"The client of {server} belongs to the process that this one was forked from."
    elif _fork.grpc_is_lost():
        message = f"{server} cannot be called from here: this process was forked from one that used gRPC."
    else:
        return
    raise KernelError(message, server=server, hint=f"gRPC does not survive a fork. {_fork.ADVICE}")
