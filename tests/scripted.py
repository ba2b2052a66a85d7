"""A kernel that answers what a test tells it to: real gRPC over TLS on a real port, with nothing behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message

from chronicle_notebook.base._call import Method
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts._scalars import guid_to_wire
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2
from chronicle_notebook.sandbox._certificate import Certificate

Answer = Callable[[Any, grpc.ServicerContext], Any]


@dataclass
class Call:
    """What reached the server."""

    method: str
    request: bytes
    metadata: dict[str, str]
    time_remaining: float | None


CLASSIC_TEXT = """
service Webhooks {
   rpc Add (AddWebhooks) returns (.google.protobuf.Empty);
   rpc GetWebhooks (GetWebhooksRequest) returns (IEnumerable_WebhookDefinition);
}
"""


@dataclass
class ScriptedKernel:
    """Answers by method; everything else is UNIMPLEMENTED.

    What tells the generation is answered from the start: the compatibility check or, for ``classic``, the text of the
    contract. With ``generation=None`` it is not. ``plain`` serves without TLS, for a front that has it.
    """

    port: int = 0
    generation: str | None = "commands"
    certificate: Certificate | None = None
    client_authority: bytes | None = None
    """Who must have signed the certificate that a client shows."""
    plain: bool = False
    calls: list[Call] = field(default_factory=list)
    _answers: dict[str, tuple[Method[Any, Any], Answer]] = field(default_factory=dict)
    _server: grpc.Server | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when a call was cancelled by the client, or ended."""

    @property
    def connection_string(self) -> str:
        return f"chronicle://127.0.0.1:{self.port}/?auth=none"

    def on(self, method: Method[Any, Any], answer: Answer | Message | bytes | list[Message]) -> ScriptedKernel:
        """Answer a method with a message, a list of messages (for a stream), or a function of request and context."""
        if isinstance(answer, list):
            self._answers[method.path] = (method, lambda _request, _context: iter(answer))
        elif isinstance(answer, Message | bytes):
            self._answers[method.path] = (method, lambda _request, _context: answer)
        else:
            self._answers[method.path] = (method, answer)
        return self

    def fail(self, method: Method[Any, Any], code: grpc.StatusCode, details: str = "") -> ScriptedKernel:
        """Fail a method with a status."""

        def answer(_request: Any, context: grpc.ServicerContext) -> Any:
            context.abort(code, details)

        return self.on(method, answer)

    def count(self, method: Method[Any, Any]) -> int:
        """How often a method was called."""
        return sum(call.method == method.path for call in self.calls)

    def start(self) -> ScriptedKernel:
        certificate = self.certificate or Certificate.generate()
        self._tell_generation()
        server = grpc.server(
            ThreadPoolExecutor(16),
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_send_message_length", -1),
                ("grpc.max_receive_message_length", -1),
            ],
        )
        server.add_generic_rpc_handlers((_Handler(self),))
        if self.plain:
            self.port = server.add_insecure_port(f"127.0.0.1:{self.port}")
        else:
            credentials = grpc.ssl_server_credentials(
                [(certificate.key, certificate.chain)],
                root_certificates=self.client_authority,
                require_client_auth=self.client_authority is not None,
            )
            self.port = server.add_secure_port(f"127.0.0.1:{self.port}", credentials)
        server.start()
        self._server = server
        return self

    def _tell_generation(self) -> None:
        if self.generation == "commands" and methods.CHECK_COMPATIBILITY.path not in self._answers:
            self.on(
                methods.CHECK_COMPATIBILITY,
                clients_pb2.CompatibilityResponse(IsCompatible=True, ServerVersion="19.29.4"),
            )
        if self.generation == "classic" and methods.GET_DESCRIPTOR_SET.path not in self._answers:
            self.on(methods.GET_DESCRIPTOR_SET, clients_pb2.DescriptorSetResponse(SchemaDefinition=CLASSIC_TEXT))

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop(0).wait()
            self._server = None


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, kernel: ScriptedKernel) -> None:
        self._kernel = kernel

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        found = self._kernel._answers.get(details.method)
        if found is None:
            return None
        method, answer = found
        metadata = {key: str(value) for key, value in details.invocation_metadata}

        def note(request: bytes, context: grpc.ServicerContext) -> Any:
            self._kernel.calls.append(Call(details.method, request, metadata, context.time_remaining()))
            context.add_callback(self._kernel.ended.set)
            return method.request.FromString(request)

        def unary(request: bytes, context: grpc.ServicerContext) -> bytes:
            result = answer(note(request, context), context)
            return result if isinstance(result, bytes) else result.SerializeToString()

        def stream(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            for each in answer(note(request, context), context):
                yield each if isinstance(each, bytes) else each.SerializeToString()

        if method.streaming:
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)


@contextmanager
def scripted(port: int = 0, **settings: Any) -> Iterator[ScriptedKernel]:
    kernel = ScriptedKernel(port, **settings).start()
    try:
        yield kernel
    finally:
        kernel.stop()


def enveloped(kind: type[Any], data: Iterable[Message] | Message | None = None, **fields: Any) -> Any:
    """A successful envelope around some data."""
    result = kind(CorrelationId=guid_to_wire(uuid4()), IsAuthorized=True, **fields)
    if isinstance(data, Message):
        result.Data.CopyFrom(data)
    elif data is not None:
        result.Data.extend(data)
    return result
