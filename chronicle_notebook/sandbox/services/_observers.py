"""The service Observers. Its answers have no envelope."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import grpc
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts._scalars import UNAVAILABLE, event_type_to_wire, number_to_wire
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import observation_pb2 as wire
from chronicle_notebook.sandbox._exceptions import ArgumentNullException, NullReferenceException
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox._stores import EVENT_LOG, SequenceScope
from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.delivery._partition import Partition
from chronicle_notebook.sandbox.services import _own_observers
from chronicle_notebook.sandbox.services._failed_partitions import failed
from chronicle_notebook.sandbox.storage._events import Filter

NO_SEQUENCE = -1
"""The key of a sequence that is not in storage."""
NO_JOB = "00000000-0000-0000-0000-000000000000"


class NamespaceRequest(Protocol):
    """A request that is about a namespace of an event store."""

    EventStore: str
    Namespace: str


class ObserverRequest(Protocol):
    """A request for one observer."""

    EventStore: str
    Namespace: str
    ObserverId: str
    EventSequenceId: str


class ObserversService:
    """Shows the progress of webhooks, and changes it. Everything is for one namespace."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.GET_OBSERVERS, self.get),
            Served(methods.OBSERVE_OBSERVERS, self.observe),
            Served(methods.GET_OBSERVER_INFORMATION, self.information),
            Served(methods.GET_REPLAYABLE_OBSERVERS_FOR_EVENT_TYPES, self.replayable),
            Served(methods.GET_CONNECTED_CLIENTS_FOR_OBSERVER, self.clients),
            Served(methods.REPLAY, self.replay),
            Served(methods.REPLAY_PARTITION, self.replay_partition),
            Served(methods.RETRY_PARTITION, self.retry_partition),
            Served(methods.CLEAR_FAILED_PARTITIONS, self.clear_failed_partitions),
            Served(methods.CLEAR_PARTITION_QUARANTINE, self.clear_partition_quarantine),
            Served(methods.CLEAR_OBSERVER_QUARANTINE, self.clear_observer_quarantine),
            Served(methods.REMOVE_OBSERVER, self.remove),
            Served(methods.WAIT_FOR_COMPLETION, self.wait),
        ]

    def get(self, request: wire.AllObserversRequest) -> wire.IEnumerable_ObserverInformation:
        """Every observer of a namespace, including those of removed webhooks."""
        named(request)
        shown = [
            self._information(observer) for observer in self._kernel.observers(request.EventStore, request.Namespace)
        ]
        shown += self._of_no_namespace(request)
        if self._kernel.behaviour.handled_unlisted:
            for row in shown:
                row.ClearField("HandledEventCount")
        own = _own_observers.information(self._kernel, request.EventStore, request.Namespace)
        return wire.IEnumerable_ObserverInformation(items=[*own, *shown])

    def _of_no_namespace(self, request: wire.AllObserversRequest) -> Iterator[wire.ObserverInformation]:
        """The webhooks of a store as observers of a namespace that does not exist, where the behaviour lists them."""
        store = self._kernel.store(request.EventStore)
        if not self._kernel.behaviour.own_workings_shown or request.Namespace.lower() in store.namespaces:
            return
        for webhook in self._kernel.registry.of(store):
            scope = SequenceScope(NO_SEQUENCE, store.name, request.Namespace, webhook.sequence)
            row = self._information(Observer(scope, webhook))
            row.RunningState = wire.OBSERVER_RUNNING_STATE_Unknown
            yield row

    def observe(
        self, request: wire.AllObserversRequest, context: grpc.ServicerContext
    ) -> Iterator[wire.IEnumerable_ObserverInformation]:
        """The complete list at once and after changes, at most ten times a second."""
        named(request)
        for first in self._kernel.observer_changes(context, request.EventStore, request.Namespace):
            current = self.get(request)
            if first or current.items:
                yield current

    def information(self, request: wire.GetObserverInformationRequest) -> wire.ObserverInformation:
        """One observer, with IsSubscribed, which lists never have. An unknown id gives an empty answer."""
        named(request, "ObserverId")
        observer = self._find(request)
        if observer is None:
            return self._unknown(request)
        information = self._information(observer)
        information.IsSubscribed = observer.subscribed
        return information

    def _unknown(self, request: wire.GetObserverInformationRequest) -> wire.ObserverInformation:
        """One of the kernel's own, or what a kernel says of an observer that there is not."""
        own = _own_observers.information(self._kernel, request.EventStore, request.Namespace)
        found = next((each for each in own if each.Id == request.ObserverId), None)
        if found is not None:
            return found
        sequence = request.EventSequenceId or EVENT_LOG
        scope = self._kernel.stores.find_scope(request.EventStore, request.Namespace, sequence)
        return wire.ObserverInformation(
            Id=request.ObserverId,
            EventSequenceId=sequence,
            LastHandledEventSequenceNumber=UNAVAILABLE,
            RunningState=wire.OBSERVER_RUNNING_STATE_Disconnected,
            IsReplayable=False,
            TailEventSequenceNumber=number_to_wire(None if scope is None else self._kernel.log.tail(scope.key)),
        )

    def replayable(
        self, request: wire.GetReplayableObserversForEventTypesRequest
    ) -> wire.IEnumerable_ObserverInformation:
        """The observers of one of these event types. Every webhook is replayable."""
        ids = {event_type.Id for event_type in request.EventTypes}
        observers = self._kernel.observers(request.EventStore, request.Namespace)
        return wire.IEnumerable_ObserverInformation(
            items=[self._information(observer) for observer in observers if observer.webhook.event_type_ids & ids]
        )

    def clients(self, request: wire.GetConnectedClientsForObserverRequest) -> wire.IEnumerable_ConnectedClient:
        """Empty: the kernel itself observes webhooks, without a client."""
        self._kernel.store(request.EventStore)
        return wire.IEnumerable_ConnectedClient()

    def replay(self, request: wire.Replay) -> wire.ReplayResponse:
        """Replay an observer. The answer is the zero GUID if the observer is unknown or not subscribed."""
        named(request, "ObserverId")
        observer = self._find(request)
        if observer is not None:
            self._kernel.engine.check_alive(observer)
        job = None if observer is None else self._kernel.engine.replay(observer)
        return wire.ReplayResponse(JobId=job or NO_JOB)

    def replay_partition(self, request: wire.ReplayPartition) -> Empty:
        """Replay one event source."""
        named(request, "ObserverId")
        partitioned(request)
        observer = self._find(request)
        if observer is not None:
            self._kernel.engine.check_alive(observer)
            self._kernel.engine.replay_partition(observer, request.Partition)
        return Empty()

    def retry_partition(self, request: wire.RetryPartition) -> wire.RetryPartitionResponse:
        """Retry a failed partition now. The number of attempts stays.

        A quarantined partition is refused with a separate outcome (assumed from the outcome's name).
        """
        partitioned(request)
        found = self._find_partition(request)
        if found is None:
            return wire.RetryPartitionResponse(Outcome=wire.PartitionNotFound)
        observer, partition = found
        if partition.quarantined:
            return wire.RetryPartitionResponse(Outcome=wire.PartitionQuarantined)
        self._kernel.engine.retry(observer, partition)
        return wire.RetryPartitionResponse(Outcome=wire.Started)

    def retry_any(self, request: wire.RetryPartition) -> None:
        """Retry a failed partition now, also a quarantined one. An unknown one is ignored."""
        partitioned(request)
        found = self._find_partition(request)
        if found is not None:
            self._kernel.engine.retry(*found)

    def clear_failed_partitions(self, request: wire.ClearFailedPartitions) -> Empty:
        """Forget the failed partitions of an observer. Their waiting events are never delivered."""
        observer = self._find(request)
        if observer is not None:
            self._kernel.engine.clear(observer)
        return Empty()

    def clear_partition_quarantine(
        self, request: wire.ClearPartitionQuarantine
    ) -> wire.ClearPartitionQuarantineResponse:
        """End the quarantine of a partition, and retry it if the request says so."""
        found = self._find_partition(request)
        if found is None:
            return wire.ClearPartitionQuarantineResponse(Outcome=wire.NotFound)
        observer, partition = found
        if not partition.quarantined:
            return wire.ClearPartitionQuarantineResponse(Outcome=wire.NotQuarantined)
        if request.RetryImmediately:
            self._kernel.engine.retry(observer, partition)
        else:
            self._kernel.engine.release(observer, partition)
        return wire.ClearPartitionQuarantineResponse(Outcome=wire.Cleared, RetryOutcome=wire.Started)

    def clear_observer_quarantine(self, request: wire.ClearObserverQuarantine) -> Empty:
        """Does nothing: by default a kernel never quarantines an observer, and the sandbox never does."""
        self._kernel.store(request.EventStore)
        return Empty()

    def remove(self, request: wire.RemoveObserver) -> wire.RemoveObserverResponse:
        """Forget an observer in every namespace, if it is not subscribed in any."""
        store = self._kernel.store(request.EventStore)
        found = [
            observer
            for observer in self._kernel.engine.observers()
            if observer.scope.store == store.name
            and observer.webhook.id == request.ObserverId
            and observer.scope.sequence == (request.EventSequenceId or EVENT_LOG)
        ]
        if not found:
            return wire.RemoveObserverResponse(Outcome=wire.ObserverNotFound)
        for observer in found:
            if observer.subscribed:
                return wire.RemoveObserverResponse(
                    Outcome=wire.ObserverSubscribed, BlockingNamespace=observer.scope.namespace
                )
        self._kernel.engine.remove((observer.scope.key, observer.webhook.id) for observer in found)
        return wire.RemoveObserverResponse(Outcome=wire.Removed)

    def wait(self, request: wire.WaitForObserverCompletionRequest) -> wire.WaitForObserverCompletionResponse:
        """Wait until every subscribed observer of a sequence is past the tail or has a failed partition.

        A kernel waits without limit when TimeoutMilliseconds is absent; the sandbox gives up after a minute, or after
        ten where the behaviour waits for all.
        """
        longest = 600.0 if self._kernel.behaviour.completion_waits_for_all else 60.0
        until = time.monotonic() + (request.TimeoutMilliseconds / 1000 or longest)
        while True:
            observers = [
                observer
                for observer in self._kernel.observers(request.EventStore, request.Namespace)
                if observer.scope.sequence == (request.EventSequenceId or EVENT_LOG) and observer.subscribed
            ]
            partitions = failed(observers)
            behind = [
                observer.webhook.id
                for observer in observers
                if observer.webhook.event_types and self._is_behind(observer, request.TailEventSequenceNumber)
            ]
            timed_out = time.monotonic() >= until
            if not behind or timed_out:
                return wire.WaitForObserverCompletionResponse(
                    IsSuccess=not behind and not partitions,
                    FailedPartitions=partitions,
                    TimedOut=bool(behind),
                    OutstandingObservers=behind,
                )
            self._kernel.topics.check()
            time.sleep(0.02)

    def _is_behind(self, observer: Observer, tail: int) -> bool:
        if self._kernel.behaviour.completion_waits_for_all:
            return observer.next <= tail
        if observer.position > tail:
            return False
        wanted = Filter(types=sorted(observer.webhook.event_type_ids))
        until = min(tail + 1, 2**63 - 1)
        return bool(self._kernel.events.page(observer.scope.key, wanted, observer.position, until, limit=1))

    def _find(self, request: ObserverRequest) -> Observer | None:
        sequence = request.EventSequenceId or EVENT_LOG
        self._kernel.store(request.EventStore)
        scope = self._kernel.stores.find_scope(request.EventStore, request.Namespace, sequence)
        return None if scope is None else self._kernel.engine.find(scope.key, request.ObserverId)

    def _find_partition(
        self, request: wire.RetryPartition | wire.ClearPartitionQuarantine
    ) -> tuple[Observer, Partition] | None:
        observer = self._find(request)
        partition = None if observer is None else observer.partitions.get(request.Partition)
        return None if observer is None or partition is None else (observer, partition)

    def _information(self, observer: Observer) -> wire.ObserverInformation:
        types = observer.webhook.event_types
        if self._kernel.behaviour.tombstone_lost:
            types = tuple(replace(kind, tombstone=False) for kind in types)
        # IsReplayable is left out: the kernel subscribes every webhook as replayable, and missing means true.
        return wire.ObserverInformation(
            Id=observer.webhook.id,
            EventSequenceId=observer.scope.sequence,
            Type=wire.External,
            Owner=wire.Kernel,
            EventTypes=[event_type_to_wire(kind, wire.EventType()) for kind in types],
            NextEventSequenceNumber=observer.next,
            LastHandledEventSequenceNumber=number_to_wire(observer.last),
            RunningState=_state(observer),
            TailEventSequenceNumber=number_to_wire(observer.tail),
            HandledEventCount=observer.handled,
        )


def named(request: NamespaceRequest, *others: str) -> None:
    """Raise what a kernel's call fails with when a request names no store, no namespace, or not what else it must."""
    if not all(getattr(request, name) for name in ("EventStore", "Namespace", *others)):
        raise ArgumentNullException


def partitioned(request: wire.ReplayPartition | wire.RetryPartition) -> None:
    """Raise what a kernel's call fails with when a request names no partition."""
    if not request.Partition:
        raise NullReferenceException


def _state(observer: Observer) -> wire.ObserverRunningState.ValueType:
    if not observer.subscribed or not observer.webhook.event_types:
        return wire.OBSERVER_RUNNING_STATE_Disconnected
    return wire.Replaying if observer.replay is not None else wire.Active
