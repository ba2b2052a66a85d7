"""A line for each call with its status, for people who want to see what a client calls."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import grpc

from chronicle_notebook.sandbox._contract import ROOT

CALLS = logging.getLogger("chronicle_notebook.sandbox.calls")
"""The logger of these lines, at level INFO. Calls are watched if it is enabled for this level when the sandbox
starts."""

if TYPE_CHECKING:
    _Handler = grpc.RpcMethodHandler[Any, Any]


def print_calls() -> None:
    """Write the lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    CALLS.addHandler(handler)
    CALLS.setLevel(logging.INFO)
    CALLS.propagate = False


class CallLog(grpc.ServerInterceptor):
    """Logs the name of a call, its status and its duration. Of the request it logs only the names of refused things.

    A stream also gets a line when it begins. This interceptor is the first one, so that it sees refusals.
    """

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], _Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """Watch the answer to the call."""
        handler = continuation(handler_call_details)
        if handler is None:
            return None
        name = handler_call_details.method.removeprefix(f"/{ROOT}").lstrip("./")
        if not handler.response_streaming:
            return grpc.unary_unary_rpc_method_handler(
                _watched(name, handler.unary_unary), handler.request_deserializer, handler.response_serializer
            )
        if handler.request_streaming:
            return grpc.stream_stream_rpc_method_handler(
                _watched_stream(name, handler.stream_stream), handler.request_deserializer, handler.response_serializer
            )
        return grpc.unary_stream_rpc_method_handler(
            _watched_stream(name, handler.unary_stream), handler.request_deserializer, handler.response_serializer
        )


def _watched(name: str, answer: Any) -> Any:
    def watch(request: Any, context: grpc.ServicerContext) -> Any:
        began = time.monotonic()
        try:
            return answer(request, context)
        finally:
            _log(name, context, began)

    return watch


def _watched_stream(name: str, answer: Any) -> Any:
    def watch(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        began = time.monotonic()
        CALLS.info("%s begins", name)
        try:
            yield from answer(request, context)
        finally:
            _log(name, context, began)

    return watch


def _log(name: str, context: Any, began: float) -> None:
    code = context.code()
    if code is None or not isinstance(code, grpc.StatusCode):
        code = grpc.StatusCode.OK if context.is_active() else grpc.StatusCode.CANCELLED
    # Only texts of this server itself are shown: other texts may repeat the request.
    own = code in {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.UNAUTHENTICATED}
    details = context.details() if own else b""
    text = details.decode(errors="replace") if isinstance(details, bytes) else str(details or "")
    CALLS.info("%s %s %.0f ms%s", name, code.name, (time.monotonic() - began) * 1000, f": {text}" if text else "")
