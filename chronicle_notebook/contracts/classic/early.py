"""The adapter for kernels up to 16.33.0, where event stores and namespaces have other services."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._errors import KernelFaultError
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.classic.gateway import ClassicGateway
from chronicle_notebook.contracts.wire import early_classic_pb2
from chronicle_notebook.model import FailedPartition


class EarlyGateway(ClassicGateway):
    """Speaks the `classic` generation of kernels up to 16.33.0. Implements ``KernelGateway``.

    All other calls are the same as in later kernels of the generation (seen on 16.33.0).
    """

    def event_stores(self) -> list[str]:
        """The names of all event stores."""
        return list(self._call(methods.GET_EARLY_EVENT_STORES, Empty()).items)

    def ensure_event_store(self, name: str) -> None:
        """Create an event store if it does not exist."""
        self._call(methods.ENSURE_EARLY_EVENT_STORE, early_classic_pb2.EnsureEventStore(Name=name))

    def namespaces(self, event_store: str) -> list[str]:
        """The names of the namespaces of an event store."""
        request = early_classic_pb2.GetNamespacesRequest(EventStore=event_store)
        return list(self._call(methods.GET_EARLY_NAMESPACES, request).items)

    def ensure_namespace(self, event_store: str, name: str) -> None:
        """Create a namespace if it does not exist."""
        request = early_classic_pb2.EnsureNamespace(EventStore=event_store, Name=name)
        self._call(methods.ENSURE_EARLY_NAMESPACE, request)

    def failed_partitions(
        self, event_store: str, namespace: str, observer_id: str | None = None
    ) -> list[FailedPartition]:
        """The partitions that fail now.

        The call for a whole namespace fails if two observers fail on the same partition (seen on 16.33.0). Then each
        observer is asked separately.
        """
        try:
            return super().failed_partitions(event_store, namespace, observer_id)
        except KernelFaultError:
            if observer_id is not None:
                raise
        found = []
        for observer in self.observers(event_store, namespace):
            found += super().failed_partitions(event_store, namespace, observer.id)
        return found
