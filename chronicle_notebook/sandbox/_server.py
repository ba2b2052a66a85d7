"""The server: methods of the contract and a few HTTP pages, on one TLS port of the loopback interface."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError, Message

from chronicle_notebook.base._call import Method
from chronicle_notebook.base._errors import SandboxError
from chronicle_notebook.base._loopback import HOST
from chronicle_notebook.sandbox._authority import Authority
from chronicle_notebook.sandbox._call_log import CALLS, CallLog
from chronicle_notebook.sandbox._certificate import Certificate
from chronicle_notebook.sandbox._envelope import early_bytes, failure, guarded
from chronicle_notebook.sandbox._exceptions import BareException, EndOfStreamException
from chronicle_notebook.sandbox._front import Front, PageAnswer
from chronicle_notebook.sandbox._gatekeeper import Gatekeeper
from chronicle_notebook.sandbox._pool import DaemonPool
from chronicle_notebook.sandbox._topics import Stopped
from chronicle_notebook.sandbox._unserved import UnservedError

GRACE = 1.0
"""The time in seconds that calls have to end when the server stops. If they were cut off, clients in this process would
log it."""
MOST_BYTES = 100 * 1024 * 1024
REQUEST_BYTES = 4 * 1024 * 1024
"""How large a request to a kernel may be: 3 MB were taken, and 5 MB refused; this is the default of its framework."""

Unary = Callable[[Any], "Message | bytes"]
Streaming = Callable[[Any, grpc.ServicerContext], "Iterator[Message | bytes]"]


@dataclass(frozen=True, slots=True)
class Served:
    """A method and the function that answers it. For a stream the function also gets the context of the call."""

    method: Method[Any, Any]
    answer: Unary | Streaming
    requests_streamed: bool = False
    """Whether the function gets an iterator of requests; the method must be streaming too."""


Otherwise = Callable[[str], Served | str]
"""What to do about a path that is not served: a function that answers it, or the reason for UNIMPLEMENTED."""


class Server:
    """Serves methods, and HTTP/1.1 on the same port; ``otherwise`` handles every other path.

    With an ``authority`` each call needs a token, unless its method is one that a kernel lets anybody call. ``pages``
    makes what answers HTTP/1.1. ``early_envelopes`` makes envelopes those of kernels up to 16.38. ``most_bytes`` is how
    large a request may be; of a larger one gRPC for Python says the same with other words.
    """

    def __init__(
        self,
        served: Iterable[Served],
        authority: Authority | None,
        pages: Callable[[], PageAnswer],
        otherwise: Otherwise,
        *,
        early_envelopes: bool = False,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._pages = pages
        self._front: Front | None = None
        self._pool = DaemonPool("chronicle-sandbox-rpc")
        self._server = grpc.server(
            self._pool,
            interceptors=[
                *([CallLog()] if CALLS.isEnabledFor(logging.INFO) else []),
                *([] if authority is None else [Gatekeeper(authority)]),
            ],
            options=[
                # A36 in docs/fidelity.md: the status is the kernel's and the words are not, because gRPC for Python
                # refuses the request with words of its own.
                ("grpc.max_receive_message_length", most_bytes),
                ("grpc.max_send_message_length", MOST_BYTES),
                # Chronicle's clients ping once a minute, also while a stream is silent. A kernel accepts this; gRPC for
                # Python would end the connection after three minutes.
                ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ],
        )
        services: dict[str, dict[str, grpc.RpcMethodHandler[Any, Any]]] = {}
        for entry in served:
            services.setdefault(entry.method.service, {})[entry.method.name] = _handler(entry, early_envelopes)
        for service, handlers in services.items():
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        self._server.add_generic_rpc_handlers((_Others(otherwise, early_envelopes),))

    def start(self, port: int) -> int:
        """Listen on a port, 0 for a free one, and return the port. Raises SandboxError if it is not available."""
        try:
            front = self._front = Front(port, self._pages)
        except OSError as error:
            raise _refused(port, error) from error
        self._server.add_insecure_port(f"unix:{front.grpc_path}")
        self._server.start()
        front.start(Certificate.generate())
        return front.port

    def stop(self) -> None:
        """Close the port, let calls end, and end all threads. Streams must have been told to end before."""
        if self._front is not None:
            self._front.refuse()
        try:
            self._server.stop(GRACE).wait()
        except RuntimeError:
            # A grace time needs a thread, and no new thread can start at the end of the interpreter.
            self._server.stop(None).wait()
        if self._front is not None:
            self._front.stop()
        self._pool.shutdown()


def _refused(port: int, error: OSError) -> SandboxError:
    if error.errno == errno.EADDRINUSE:
        return SandboxError(
            f"Port {port} of {HOST} is in use, so the sandbox cannot listen there.",
            hint="Give another port, or 0 for a free one.",
        )
    return SandboxError(
        f"The sandbox cannot listen on port {port} of {HOST}: {error.strerror}.",
        hint="Give another port, or 0 for a free one.",
    )


class _Others(grpc.GenericRpcHandler):
    """Handles the paths that no other handler handles. It is asked last."""

    def __init__(self, otherwise: Otherwise, early_envelopes: bool) -> None:  # noqa: FBT001 - of the server
        self._otherwise = otherwise
        self._early_envelopes = early_envelopes

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        found = self._otherwise(handler_call_details.method)
        if isinstance(found, Served):
            return _handler(found, self._early_envelopes)

        def refuse(_request: bytes, context: grpc.ServicerContext) -> NoReturn:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, found)

        return grpc.unary_unary_rpc_method_handler(refuse)


def _handler(served: Served, early: bool) -> grpc.RpcMethodHandler[Any, Any]:  # noqa: FBT001 - of the server
    kind = served.method.response
    enveloped = "CorrelationId" in kind.DESCRIPTOR.fields_by_name and "IsAuthorized" in kind.DESCRIPTOR.fields_by_name
    make = _streaming if served.method.streaming else _unary
    build = grpc.unary_stream_rpc_method_handler if served.method.streaming else grpc.unary_unary_rpc_method_handler
    if served.requests_streamed:
        build = grpc.stream_stream_rpc_method_handler
    # The function itself parses the bytes, so that it can give a kernel's error for wrong bytes. If gRPC parses a
    # stream of requests, its server never stops.
    serialize = early_bytes(kind) if early and enveloped else _serialized
    return build(make(served, enveloped=enveloped, early=early), response_serializer=serialize)


def _read(served: Served, sent: Any) -> Any:
    """The message in a request, or those in a stream of requests. Raises EndOfStreamException."""
    if served.requests_streamed:
        return (_parsed(served, part) for part in sent)
    return _parsed(served, sent)


def _parsed(served: Served, sent: bytes) -> Message:
    try:
        message: Message = served.method.request.FromString(sent)
    except DecodeError:
        raise EndOfStreamException("Attempted to read past the end of the stream.") from None
    return message


def _serialized(answer: Message | bytes) -> bytes:
    # C4 in docs/fidelity.md: empty texts are left out, because protobuf for Python does so; a reader gets an empty
    # text either way.
    return answer if isinstance(answer, bytes) else answer.SerializeToString()


def _unary(served: Served, *, enveloped: bool, early: bool) -> Callable[[Any, grpc.ServicerContext], Message | bytes]:
    answer: Any = served.answer

    def handle(sent: bytes, context: grpc.ServicerContext) -> Message | bytes:
        try:
            request = _read(served, sent)
            if enveloped:
                return guarded(served.method.response, lambda: answer(request), early=early)
            result: Message | bytes = answer(request)
        except UnservedError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        except Stopped:
            context.abort(grpc.StatusCode.UNAVAILABLE, "The sandbox was stopped.")
        except Exception as error:  # noqa: BLE001 - the kernel answers Unknown with the type and message of any exception
            context.abort(grpc.StatusCode.UNKNOWN, f"Exception was thrown by handler. {type(error).__name__}: {error}")
        return result

    return handle


def _streaming(
    served: Served, *, enveloped: bool, early: bool
) -> Callable[[Any, grpc.ServicerContext], Iterator[Message | bytes]]:
    answer: Any = served.answer

    def handle(sent: Any, context: grpc.ServicerContext) -> Iterator[Message | bytes]:
        try:
            yield from answer(_read(served, sent), context)
        except UnservedError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        except Stopped:
            context.abort(grpc.StatusCode.UNAVAILABLE, "The sandbox was stopped.")
        except Exception as error:  # noqa: BLE001 - a failure becomes one last answer, as in the kernel
            if not enveloped or isinstance(error, BareException):
                context.abort(
                    grpc.StatusCode.UNKNOWN, f"Exception was thrown by handler. {type(error).__name__}: {error}"
                )
            yield failure(served.method.response, error, early=early)

    return handle
