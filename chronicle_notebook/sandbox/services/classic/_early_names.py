"""The services EventStores and Namespaces of kernels up to 16.33.0: under other names, and without an envelope."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import early_classic_pb2 as wire
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served


class EarlyNamesService:
    """Lists event stores and namespaces, and creates them (seen on 16.33.0)."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of both services."""
        return [
            Served(methods.GET_EARLY_EVENT_STORES, self.event_stores),
            Served(methods.ENSURE_EARLY_EVENT_STORE, self.ensure_event_store),
            Served(methods.OBSERVE_EARLY_EVENT_STORES, self.observe_event_stores),
            Served(methods.GET_EARLY_NAMESPACES, self.namespaces),
            Served(methods.ENSURE_EARLY_NAMESPACE, self.ensure_namespace),
            Served(methods.OBSERVE_EARLY_NAMESPACES, self.observe_namespaces),
        ]

    def event_stores(self, _request: Empty) -> wire.IEnumerable_String:
        """Every store; ``System`` is always among them."""
        return wire.IEnumerable_String(items=[store.name for store in self._kernel.stores.all()])

    def ensure_event_store(self, request: wire.EnsureEventStore) -> Empty:
        """Create a store with the namespace ``Default``. Does nothing if it exists."""
        self._kernel.make_store(request.Name)
        return Empty()

    def observe_event_stores(self, request: Empty, context: grpc.ServicerContext) -> Iterator[wire.IEnumerable_String]:
        """The complete list at once and after each change."""
        for _ in self._kernel.topics.follow(context, "stores"):
            yield self.event_stores(request)

    def namespaces(self, request: wire.GetNamespacesRequest) -> wire.IEnumerable_String:
        """Every namespace of a store."""
        store = self._kernel.store_to_list(request.EventStore)
        places = [] if store is None else self._kernel.stores.namespaces(store)
        return wire.IEnumerable_String(items=[place.name for place in places])

    def ensure_namespace(self, request: wire.EnsureNamespace) -> Empty:
        """Create a namespace, which the store's webhooks then observe too. Does nothing if it exists."""
        self._kernel.stores.ensure_namespace(self._kernel.store(request.EventStore), request.Name)
        return Empty()

    def observe_namespaces(
        self, request: wire.GetNamespacesRequest, context: grpc.ServicerContext
    ) -> Iterator[wire.IEnumerable_String]:
        """The complete list at once and after each change."""
        store = self._kernel.store(request.EventStore)
        for _ in self._kernel.topics.follow(context, "namespaces", store.name):
            yield self.namespaces(request)
