"""The service EventStores (source: K/Core/EventStores)."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2 as wire
from chronicle_notebook.sandbox._envelope import envelope, live, required
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served

_Names = wire.QueryResult_IEnumerable_EventStoreNamesResponse


class EventStoresService:
    """Lists event stores and creates them."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.ALL_EVENT_STORES, self.all),
            Served(methods.ENSURE_EVENT_STORE, self.ensure),
            Served(methods.OBSERVE_EVENT_STORES, self.observe),
        ]

    def all(self, _request: Empty) -> _Names:
        """Every store; ``System`` is always among them."""
        names = [store.name for store in self._kernel.stores.all()]
        return envelope(_Names, Data=[wire.EventStoreNamesResponse(Name=name, Id=name) for name in names])

    def ensure(self, request: wire.EnsureEventStoreRequest) -> wire.CommandResult:
        """Create a store with the namespace ``Default``. Does nothing if it exists."""
        required((request.Name.strip(), "Event store name is required.", "Name"))
        self._kernel.make_store(request.Name)
        return envelope(wire.CommandResult)

    def observe(self, request: Empty, context: grpc.ServicerContext) -> Iterator[_Names]:
        """The complete list at once and after each change."""
        return live(self._kernel.topics.follow(context, "stores"), lambda: self.all(request))
