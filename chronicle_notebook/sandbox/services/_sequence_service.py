"""What the services EventSequences of both contracts share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from chronicle_notebook.contracts._scalars import UNAVAILABLE, number_to_wire
from chronicle_notebook.contracts.wire import sequences_classic_pb2 as classic, sequences_pb2 as wire
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._log import Appended
from chronicle_notebook.sandbox._stores import EVENT_LOG, OUTBOX, SYSTEM_SEQUENCE, SequenceScope
from chronicle_notebook.sandbox.services import _sequence_wire as convert
from chronicle_notebook.sandbox.storage._events import Filter


class NamespacedRequest(Protocol):
    """A request for one namespace."""

    EventStore: str
    Namespace: str


class SequenceRequest(NamespacedRequest, Protocol):
    """A request for one sequence."""

    EventSequenceId: str


class SequenceService:
    """Appends events and reads them. Appending to a store or namespace that does not exist creates it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def _names(self, request: NamespacedRequest) -> list[str]:
        """``event-log``, ``system``, and the other used sequences of a namespace. Kernels that were run have ``outbox``
        in each namespace."""
        store = self._kernel.store(request.EventStore)
        place = store.namespaces.get(request.Namespace.lower())
        always = (EVENT_LOG, SYSTEM_SEQUENCE, *((OUTBOX,) if self._kernel.behaviour.own_workings_shown else ()))
        return list(dict.fromkeys((*always, *(place.sequences if place else ()))))

    def _append(
        self,
        request: SequenceRequest,
        events: Sequence[Event],
        scopes: Mapping[str, wire.ConcurrencyScope | classic.ConcurrencyScope],
    ) -> Appended:
        kernel = self._kernel
        scope = kernel.stores.scope(request.EventStore, request.Namespace, request.EventSequenceId)
        expected = {source: convert.expectation(source, demanded) for source, demanded in scopes.items()}
        return kernel.log.append(kernel.store(request.EventStore), scope, events, expected)

    def _scope(self, request: SequenceRequest) -> SequenceScope | None:
        """The sequence of a read request; None if it was never used. Naming an event store creates it, here too."""
        self._kernel.store(request.EventStore)
        return self._kernel.stores.find_scope(request.EventStore, request.Namespace, request.EventSequenceId)

    def _page(self, scope: SequenceScope | None, wanted: Filter, first: int, until: int | None = None) -> list[Event]:
        """The matching events, from number ``first`` on and below ``until``."""
        # Numbers over 2^63-1 are marks, and too large for storage to compare.
        if first == UNAVAILABLE and self._kernel.behaviour.events_as_sql:
            first = 0  # a kernel on SQL takes this one for no bound
        if scope is None or first >= 2**63:
            return []
        return self._kernel.events.page(scope.key, wanted, first, until)

    def _tail(self, request: SequenceRequest, wanted: Filter) -> int:
        """The highest number of a matching event; 2^64-1 if there is none."""
        scope = self._scope(request)
        return number_to_wire(None if scope is None else self._kernel.events.tail(scope.key, wanted))
