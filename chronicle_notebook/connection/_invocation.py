"""Making one call on a gRPC channel."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from chronicle_notebook.connection._cancellation import watching
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts._method import Method
from chronicle_notebook.contracts._sealed import Sealed


def correlation() -> tuple[tuple[str, str], ...]:
    """Every call has an id of its own (source: C/Connections/CorrelationIdClientInterceptor.cs)."""
    return (("x-correlation-id", str(uuid4())),)


def answer_of(
    channel: grpc.Channel, method: Method[Any, Any], sealed: Sealed[Any], timeout: float, *, first: bool
) -> bytes | None:
    """The bytes of an answer; None when a stream ended without one."""
    watch = watching()
    if watch is not None:
        watch.check()
    if first:
        stream: grpc.UnaryStreamMultiCallable[Sealed[Any], bytes] = channel.unary_stream(
            method.path, request_serializer=Sealed.serialize
        )
        call = _First(stream(sealed, timeout=timeout, metadata=correlation()))
        return call.result() if watch is None else watch.result(call)
    invoke: grpc.UnaryUnaryMultiCallable[Sealed[Any], bytes] = channel.unary_unary(
        method.path, request_serializer=Sealed.serialize
    )
    if watch is None:
        return invoke(sealed, timeout=timeout, metadata=correlation())
    return watch.result(invoke.future(sealed, timeout=timeout, metadata=correlation()))


class _First:
    """The first answer of a stream as a future."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._call.cancel()

    def result(self) -> Any:
        try:
            return next(self._call, None)
        except grpc.RpcError:
            if not self._cancelled:
                raise
        finally:
            self._call.cancel()
        raise grpc.FutureCancelledError
