"""The service ConnectionService (source: K/Core/Services/Clients/ConnectionService.cs)."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import grpc
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts import wire as wire_package
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2 as wire
from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.services._compatibility import incompatibilities
from chronicle_notebook.sandbox.services._host import PROTOCOL_VERSION, VERSION

KEEP_ALIVE = 1.0
"""Seconds between two signs of life."""
SILENCE = 5.0
"""Seconds after which a silent client is dropped from the list."""


@dataclass(slots=True)
class _Client:
    request: wire.ConnectRequest
    seen: float
    seen_text: str


class ConnectionService:
    """Keeps the list of connected clients. Webhooks and events work without being on it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._mutex = threading.Lock()
        self._clients: dict[str, _Client] = {}

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.CONNECT, self.connect),
            Served(methods.KEEP_ALIVE, self.keep_alive),
            Served(methods.GET_CONNECTED_CLIENTS, self.get),
            Served(methods.OBSERVE_CONNECTED_CLIENTS, self.observe),
            Served(methods.GET_DESCRIPTOR_SET, self.descriptor_set),
            Served(methods.CHECK_COMPATIBILITY, self.check),
        ]

    def connect(
        self, request: wire.ConnectRequest, context: grpc.ServicerContext
    ) -> Iterator[wire.ConnectionKeepAlive]:
        """Sign up; a keep-alive at once and then every second, until the caller goes away."""
        pulse = self._kernel.topics.pulse
        if not context.add_callback(pulse.wake):
            return
        with self._mutex:
            self._clients[request.ConnectionId] = _Client(request, time.monotonic(), _moment.now())
        self._kernel.topics.change("clients")
        try:
            while context.is_active():
                yield wire.ConnectionKeepAlive(ConnectionId=request.ConnectionId)
                pulse.wait(0, context, KEEP_ALIVE)
        finally:
            with self._mutex:
                self._clients.pop(request.ConnectionId, None)
            self._kernel.topics.change("clients")

    def keep_alive(self, request: wire.ConnectionKeepAlive) -> Empty:
        """A sign of life of a client; one that is not known is ignored."""
        with self._mutex:
            client = self._clients.get(request.ConnectionId)
            if client is not None:
                client.seen, client.seen_text = time.monotonic(), _moment.now()
        return Empty()

    def get(self, _request: Empty) -> wire.IEnumerable_ConnectedClient:
        """The clients that gave a sign of life in the last five seconds, and those that run in a debugger."""
        oldest = time.monotonic() - SILENCE
        with self._mutex:
            clients = [
                client
                for client in self._clients.values()
                if client.seen >= oldest or client.request.IsRunningWithDebugger
            ]
            return wire.IEnumerable_ConnectedClient(items=[_message(client) for client in clients])

    def observe(self, request: Empty, context: grpc.ServicerContext) -> Iterator[wire.IEnumerable_ConnectedClient]:
        """The list at once and when it changes, looked at each second."""
        topic = self._kernel.topics.of("clients")
        if not context.add_callback(topic.wake):
            return
        before: set[str] | None = None
        while context.is_active():
            seen = topic.version
            current = self.get(request)
            ids = {client.ConnectionId for client in current.items}
            if ids != before:
                yield current
            before = ids
            topic.wait(seen, context, 1.0)

    def check(self, request: wire.CompatibilityRequest) -> wire.CompatibilityResponse:
        """Whether everything that the client's descriptors declare is served in the same shape."""
        found = incompatibilities(request.DescriptorSet)
        return wire.CompatibilityResponse(
            IsCompatible=not found,
            Incompatibilities=found,
            ServerVersion=VERSION,
            ServerProtocolVersion=PROTOCOL_VERSION,
        )

    def descriptor_set(self, _request: Empty) -> wire.DescriptorSetResponse:
        """The text of all services, one after the other, in the form the kernel has: without ``optional``."""
        folder = resources.files(wire_package)
        texts = [
            entry.read_text(encoding="utf-8")
            for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
            if entry.name.endswith(".proto")
        ]
        return wire.DescriptorSetResponse(SchemaDefinition=re.sub(r"\boptional (?=\S+ \S+ = )", "", "\n".join(texts)))


def _message(client: _Client) -> wire.ConnectedClient:
    request = client.request
    return wire.ConnectedClient(
        ConnectionId=request.ConnectionId,
        Version=request.ClientVersion,
        LastSeen=wire.SerializableDateTimeOffset(Value=client.seen_text),
        IsRunningWithDebugger=request.IsRunningWithDebugger,
        ProcessId=request.ProcessId,
        ProcessPath=request.ProcessPath,
        MachineName=request.MachineName,
        ClientType=request.ClientType,
    )
