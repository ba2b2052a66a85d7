"""The service ConnectionService (source: K/Core/Services/Clients/ConnectionService.cs)."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2 as wire
from chronicle_notebook.sandbox._connected import Connected
from chronicle_notebook.sandbox._contract import release_of
from chronicle_notebook.sandbox._contract_text import contract_text
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.services._compatibility import incompatibilities

KEEP_ALIVE = 1.0
"""The time in seconds between two keep-alive messages, as in a kernel. A ``time_scale`` below 1 shortens it."""
_LEAST = 0.01


class ConnectionService:
    """Keeps the list of connected clients. Webhooks and events work for other clients too."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._clients = kernel.clients

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.CONNECT, self.connect),
            Served(methods.KEEP_ALIVE, self.keep_alive),
            Served(methods.GET_CONNECTED_CLIENTS, self.get),
            Served(methods.OBSERVE_CONNECTED_CLIENTS, self.observe),
            Served(methods.GET_DESCRIPTOR_SET, self.descriptor_set),
            *([Served(methods.CHECK_COMPATIBILITY, self.check)] if self._kernel.profile.contract == "commands" else []),
        ]

    def connect(
        self, request: wire.ConnectRequest, context: grpc.ServicerContext
    ) -> Iterator[wire.ConnectionKeepAlive]:
        """Add the client; send a keep-alive at once and then every second, until the caller has gone.

        The first kernels of the commands contract send the first one after a second.
        """
        pulse = self._kernel.topics.pulse
        pause = max(_LEAST, KEEP_ALIVE * min(1.0, self._kernel.time_scale))
        if not context.add_callback(pulse.wake):
            return
        self._clients.add(request)
        try:
            if self._kernel.profile.early_events:
                pulse.wait(0, context, pause)
            while context.is_active():
                yield wire.ConnectionKeepAlive(ConnectionId=request.ConnectionId)
                pulse.wait(0, context, pause)
        finally:
            self._clients.remove(request.ConnectionId)

    def keep_alive(self, request: wire.ConnectionKeepAlive) -> Empty:
        """A keep-alive of a client. An unknown client is ignored."""
        self._clients.sign_of_life(request.ConnectionId)
        return Empty()

    def get(self, _request: Empty) -> wire.IEnumerable_ConnectedClient:
        """The clients that were alive in the last five seconds, and those that run in a debugger."""
        return wire.IEnumerable_ConnectedClient(items=[_message(client) for client in self._clients.all()])

    def observe(self, request: Empty, context: grpc.ServicerContext) -> Iterator[wire.IEnumerable_ConnectedClient]:
        """The list at once and when it has changed. It is checked each second."""
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
        """Whether the release has everything that the client's descriptors declare, in the same form."""
        profile = self._kernel.profile
        found = incompatibilities(request.DescriptorSet, profile.version)
        return wire.CompatibilityResponse(
            IsCompatible=not found,
            Incompatibilities=found,
            ServerVersion=profile.version,
            ServerProtocolVersion=profile.protocol,
        )

    def descriptor_set(self, _request: Empty) -> wire.DescriptorSetResponse:
        """The text of all services of the release, one after the other, also of those that are not served here."""
        return wire.DescriptorSetResponse(SchemaDefinition=contract_text(release_of(self._kernel.profile.version)))


def _message(client: Connected) -> wire.ConnectedClient:
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
