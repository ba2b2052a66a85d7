"""Every gRPC status becomes an error of the tree, seen through a real call."""

from __future__ import annotations

import pytest
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook import (
    AnswerTooLargeError,
    AuthenticationError,
    CallCancelledError,
    ChronicleError,
    DeadlineExceededError,
    KernelFaultError,
    KernelUnreachableError,
    MethodNotImplementedError,
    PermissionDeniedError,
    ProtocolError,
    RequestRefusedError,
)
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._status import UNKNOWN_OUTCOME
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2
from tests.scripted import ScriptedKernel

S = grpc.StatusCode
ERRORS: dict[grpc.StatusCode, type[ChronicleError]] = {
    S.CANCELLED: CallCancelledError,
    S.UNKNOWN: KernelFaultError,
    S.INVALID_ARGUMENT: RequestRefusedError,
    S.DEADLINE_EXCEEDED: DeadlineExceededError,
    S.NOT_FOUND: RequestRefusedError,
    S.ALREADY_EXISTS: RequestRefusedError,
    S.PERMISSION_DENIED: PermissionDeniedError,
    S.RESOURCE_EXHAUSTED: AnswerTooLargeError,
    S.FAILED_PRECONDITION: RequestRefusedError,
    S.ABORTED: RequestRefusedError,
    S.OUT_OF_RANGE: RequestRefusedError,
    S.UNIMPLEMENTED: MethodNotImplementedError,
    S.INTERNAL: KernelFaultError,
    S.UNAVAILABLE: KernelUnreachableError,
    S.DATA_LOSS: ProtocolError,
    S.UNAUTHENTICATED: AuthenticationError,
}


def test_no_status_is_forgotten() -> None:
    assert set(ERRORS) == set(S) - {S.OK}


@pytest.mark.parametrize("status", ERRORS, ids=lambda status: status.name)
def test_a_status_becomes_its_error(kernel: ScriptedKernel, status: grpc.StatusCode) -> None:
    kernel.fail(methods.GET_VERSION_INFO, status, "because of the weather\n   at Some.Stack()")
    channel = Channel(ConnectionString.parse(kernel.connection_string))
    with pytest.raises(ChronicleError) as caught:
        channel.call(methods.GET_VERSION_INFO, Empty(), retry=False)
    channel.close()
    error = caught.value
    assert type(error) is ERRORS[status]
    assert str(error).startswith(f"Server/GetVersionInfo on 127.0.0.1:{kernel.port}: ")
    assert "because of the weather" in str(error)
    assert "Some.Stack" not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize("status", [S.UNAVAILABLE, S.DEADLINE_EXCEEDED, S.UNKNOWN], ids=lambda status: status.name)
def test_a_write_whose_outcome_is_unknown_says_so(kernel: ScriptedKernel, status: grpc.StatusCode) -> None:
    kernel.fail(methods.ENSURE_EVENT_STORE, status)
    channel = Channel(ConnectionString.parse(kernel.connection_string))
    with pytest.raises(ChronicleError) as caught:
        channel.call(methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name="shop"))
    channel.close()
    assert caught.value.hint.startswith(UNKNOWN_OUTCOME)


def test_a_name_that_grpc_does_not_resolve_is_told_without_its_words(kernel: ScriptedKernel) -> None:
    words = "errors resolving h:1: [field:hostname lookup error:address lookup failed for h:1: Domain name not found]"
    kernel.fail(methods.GET_VERSION_INFO, S.UNAVAILABLE, words)
    channel = Channel(ConnectionString.parse(kernel.connection_string))
    with pytest.raises(KernelUnreachableError, match="no connection") as caught:
        channel.call(methods.GET_VERSION_INFO, Empty(), retry=False)
    channel.close()
    assert "lookup" not in str(caught.value)
    assert caught.value.nothing_sent
