"""The service Namespaces (source: K/Core/Namespaces)."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import namespaces_pb2 as wire
from chronicle_notebook.sandbox._envelope import envelope, live, required
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served

_Names = wire.QueryResult_IEnumerable_NamespaceNamesResponse


class NamespacesService:
    """Lists the namespaces of a store and creates them. Naming a store that does not exist creates it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.ALL_NAMESPACES, self.all),
            Served(methods.ENSURE_NAMESPACE, self.ensure),
            Served(methods.OBSERVE_NAMESPACES, self.observe),
        ]

    def all(self, request: wire.AllNamespacesRequest | wire.ObserveNamespacesRequest) -> _Names:
        """Every namespace of a store."""
        store = self._kernel.store_to_list(request.EventStore)
        names = [] if store is None else [namespace.name for namespace in self._kernel.stores.namespaces(store)]
        return envelope(_Names, Data=[wire.NamespaceNamesResponse(Name=name, Id=name) for name in names])

    def ensure(self, request: wire.EnsureNamespaceRequest) -> wire.CommandResult:
        """Create a namespace, which the store's webhooks then observe too. Does nothing if it exists."""
        required(
            (request.EventStore.strip(), "Event store name is required.", "EventStore"),
            (request.Namespace.strip(), "Namespace name is required.", "Namespace"),
        )
        self._kernel.stores.ensure_namespace(self._kernel.store(request.EventStore), request.Namespace)
        return envelope(wire.CommandResult)

    def observe(self, request: wire.ObserveNamespacesRequest, context: grpc.ServicerContext) -> Iterator[_Names]:
        """The complete list at once and after each change."""
        store = self._kernel.store(request.EventStore)
        return live(self._kernel.topics.follow(context, "namespaces", store.name), lambda: self.all(request))
