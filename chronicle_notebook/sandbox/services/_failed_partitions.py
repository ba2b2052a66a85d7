"""The service FailedPartitions. Its answers have no envelope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import grpc

from chronicle_notebook.contracts._scalars import guid_to_wire
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import observation_pb2 as wire
from chronicle_notebook.sandbox._exceptions import ArgumentException, ArgumentNullException
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.delivery._partition import Attempt, Partition
from chronicle_notebook.sandbox.services import _own_observers


class FailedPartitionsService:
    """Lists event sources that wait for a retry. Resolved ones are left out."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.GET_FAILED_PARTITIONS, self.get),
            Served(methods.OBSERVE_FAILED_PARTITIONS, self.observe),
        ]

    def get(self, request: wire.GetFailedPartitionsRequest) -> wire.IEnumerable_FailedPartition:
        """The failed partitions in a namespace, of one observer or, without ObserverId, of all."""
        if not request.EventStore or not request.Namespace:
            raise ArgumentNullException
        only = request.ObserverId if request.HasField("ObserverId") else None
        observers = self._kernel.observers(request.EventStore, request.Namespace)
        own = _own_observers.failed(self._kernel, request.EventStore, request.Namespace)
        found = [
            *failed(observer for observer in observers if only in (None, observer.webhook.id)),
            *(each for each in own if only in (None, each.ObserverId)),
        ]
        if only is None and self._kernel.behaviour.same_partition_breaks_list:
            _check_partitions(found)
        return wire.IEnumerable_FailedPartition(items=found)

    def observe(
        self, request: wire.GetFailedPartitionsRequest, context: grpc.ServicerContext
    ) -> Iterator[wire.IEnumerable_FailedPartition]:
        """The complete list at once and after changes."""
        before: wire.IEnumerable_FailedPartition | None = None
        for first in self._kernel.observer_changes(context, request.EventStore, request.Namespace):
            current = self.get(request)
            repeated = self._kernel.behaviour.streams_poll and (first or bool(current.items))
            if repeated or current != before:
                yield current
            before = current


def failed(observers: Iterable[Observer]) -> list[wire.FailedPartition]:
    """The failed partitions of observers."""
    return [
        _message(observer, partition)
        for observer in observers
        for partition in list(observer.partitions.values())
        if partition.failed
    ]


def _check_partitions(found: Iterable[wire.FailedPartition]) -> None:
    """Raise what listing the partitions fails with when two observers fail on the same one."""
    seen: set[str] = set()
    for each in found:
        if each.Partition in seen:
            raise ArgumentException(f"An item with the same key has already been added. Key: {each.Partition}")
        seen.add(each.Partition)


def _message(observer: Observer, partition: Partition) -> wire.FailedPartition:
    return wire.FailedPartition(
        Id=guid_to_wire(partition.id),
        ObserverId=observer.webhook.id,
        Partition=partition.source,
        Attempts=[_attempt(attempt) for attempt in partition.attempts],
        IsQuarantined=partition.quarantined,
    )


def _attempt(attempt: Attempt) -> wire.FailedPartitionAttempt:
    return wire.FailedPartitionAttempt(
        Occurred=wire.SerializableDateTimeOffset(Value=attempt.occurred),
        SequenceNumber=attempt.number,
        Messages=attempt.messages,
        Kind=wire.FailureKind.ValueType(attempt.kind),
    )
