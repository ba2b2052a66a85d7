"""The classic services Observers and FailedPartitions: fewer methods, and fewer fields."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.commands import methods as shared
from chronicle_notebook.contracts.wire import observation_pb2 as wire
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.services._failed_partitions import FailedPartitionsService
from chronicle_notebook.sandbox.services._observers import ObserversService


class ClassicObservationService:
    """The methods that both contracts share, without later fields."""

    def __init__(self, kernel: Kernel) -> None:
        self._observers = ObserversService(kernel)
        self._partitions = FailedPartitionsService(kernel)

    def served(self) -> list[Served]:
        """The methods of both services."""
        return [
            Served(methods.CLEAR_OBSERVER_QUARANTINE, self._observers.clear_observer_quarantine),
            Served(methods.GET_OBSERVER_INFORMATION, self._observers.information),
            Served(methods.GET_OBSERVERS, self._observers.get),
            Served(methods.OBSERVE_OBSERVERS, self._observers.observe),
            Served(methods.REPLAY, self._observers.replay),
            Served(methods.REPLAY_PARTITION, self._observers.replay_partition),
            Served(methods.RETRY_PARTITION, self.retry),
            Served(shared.GET_CONNECTED_CLIENTS_FOR_OBSERVER, self._observers.clients),
            Served(shared.GET_REPLAYABLE_OBSERVERS_FOR_EVENT_TYPES, self._observers.replayable),
            Served(shared.WAIT_FOR_COMPLETION, self.wait),
            Served(methods.GET_FAILED_PARTITIONS, self.failed),
            Served(methods.OBSERVE_FAILED_PARTITIONS, self.observe_failed),
        ]

    def retry(self, request: wire.RetryPartition) -> Empty:
        """Retry a failed partition now, also a quarantined one. An unknown one is ignored."""
        self._observers.retry_any(request)
        return Empty()

    def wait(self, request: wire.WaitForObserverCompletionRequest) -> wire.WaitForObserverCompletionResponse:
        """Wait until every subscribed observer of a sequence is past the tail or has a failed partition."""
        answer = self._observers.wait(request)
        for partition in answer.FailedPartitions:
            _strip(partition)
        return wire.WaitForObserverCompletionResponse(
            IsSuccess=answer.IsSuccess, FailedPartitions=answer.FailedPartitions
        )

    def failed(self, request: wire.GetFailedPartitionsRequest) -> wire.IEnumerable_FailedPartition:
        """The failed partitions in a namespace. The answer does not say which are quarantined."""
        return _stripped(self._partitions.get(request))

    def observe_failed(
        self, request: wire.GetFailedPartitionsRequest, context: grpc.ServicerContext
    ) -> Iterator[wire.IEnumerable_FailedPartition]:
        """The complete list at once and after changes."""
        for answer in self._partitions.observe(request, context):
            # A copy, because the original is still compared with the next one.
            copy = wire.IEnumerable_FailedPartition()
            copy.CopyFrom(answer)
            yield _stripped(copy)


def _stripped(answer: wire.IEnumerable_FailedPartition) -> wire.IEnumerable_FailedPartition:
    for partition in answer.items:
        _strip(partition)
    return answer


def _strip(partition: wire.FailedPartition) -> None:
    partition.ClearField("IsResolved")
    partition.ClearField("IsQuarantined")
    for attempt in partition.Attempts:
        attempt.ClearField("Kind")
