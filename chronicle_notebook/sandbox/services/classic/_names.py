"""The classic services EventStores and Namespaces: lists of names (source: K/Contracts/EventStores)."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import (
    event_stores_classic_pb2 as stores,
    event_stores_pb2,
    namespaces_classic_pb2 as namespaces,
    namespaces_pb2,
)
from chronicle_notebook.sandbox._envelope import envelope, live
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.services._event_stores import EventStoresService
from chronicle_notebook.sandbox.services._namespaces import NamespacesService

_Stores = stores.QueryResult_IEnumerable_String
_Namespaces = namespaces.QueryResult_IEnumerable_String

OBSERVE_EVENT_STORES = Method(methods.EVENT_STORES, "ObserveEventStores", Empty, _Stores, streaming=True)
OBSERVE_NAMESPACES = Method(
    methods.NAMESPACES, "ObserveNamespaces", namespaces_pb2.AllNamespacesRequest, _Namespaces, streaming=True
)


class ClassicNamesService:
    """Lists event stores and namespaces, and creates them."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._stores = EventStoresService(kernel)
        self._namespaces = NamespacesService(kernel)

    def served(self) -> list[Served]:
        """The methods of both services."""
        return [
            Served(methods.ALL_EVENT_STORES, self.event_stores),
            Served(methods.ENSURE_EVENT_STORE, self.ensure_event_store),
            Served(OBSERVE_EVENT_STORES, self.observe_event_stores),
            Served(methods.ALL_NAMESPACES, self.namespaces),
            Served(methods.ENSURE_NAMESPACE, self.ensure_namespace),
            Served(OBSERVE_NAMESPACES, self.observe_namespaces),
        ]

    def event_stores(self, _request: Empty) -> _Stores:
        """Every store; ``System`` is always among them."""
        return envelope(_Stores, Data=[store.name for store in self._kernel.stores.all()])

    def ensure_event_store(self, request: event_stores_pb2.EnsureEventStoreRequest) -> event_stores_pb2.CommandResult:
        """Create a store with the namespace ``Default``. Does nothing if it exists."""
        return self._stores.ensure(request)

    def observe_event_stores(self, request: Empty, context: grpc.ServicerContext) -> Iterator[_Stores]:
        """The complete list at once and after each change."""
        return live(self._kernel.topics.follow(context, "stores"), lambda: self.event_stores(request))

    def namespaces(self, request: namespaces_pb2.AllNamespacesRequest) -> _Namespaces:
        """Every namespace of a store."""
        store = self._kernel.store_to_list(request.EventStore)
        names = [] if store is None else [space.name for space in self._kernel.stores.namespaces(store)]
        return envelope(_Namespaces, Data=names)

    def ensure_namespace(self, request: namespaces_pb2.EnsureNamespaceRequest) -> namespaces_pb2.CommandResult:
        """Create a namespace, which the store's webhooks then observe too. Does nothing if it exists."""
        return self._namespaces.ensure(request)

    def observe_namespaces(
        self, request: namespaces_pb2.AllNamespacesRequest, context: grpc.ServicerContext
    ) -> Iterator[_Namespaces]:
        """The complete list at once and after each change."""
        store = self._kernel.store(request.EventStore)
        return live(self._kernel.topics.follow(context, "namespaces", store.name), lambda: self.namespaces(request))
