"""Answers that a recording does not have, put together from others that it has at the same point of time.

Each stands for a call that this project began to make after the recordings were made, and says the same as the answers
that it is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import observation_pb2, sequences_classic_pb2
from tests.recorded import evening
from tests.recorded.recording import Call

Latest = Callable[[str, str], bytes | None]
"""The recorded answer to a call of that path and meaning at this point of time."""
_NOTHING = 2**64 - 1
_DISCONNECTED = 4


def derive(path: str, request: bytes, latest: Latest, written: Iterable[Call]) -> bytes | None:
    """An answer; None where there is nothing to make it of."""
    if path == classic.GET_TAIL_SEQUENCE_NUMBER.path:
        return _tail(classic.GET_TAIL_SEQUENCE_NUMBER.request.FromString(request), written)
    if path == methods.GET_OBSERVER_INFORMATION.path:
        return _observer(observation_pb2.GetObserverInformationRequest.FromString(request), latest)
    if path == classic.APPEND.path:
        return _appended(classic.APPEND.request.FromString(request), latest)
    if path == methods.GET_FAILED_PARTITIONS.path:
        return _failed(observation_pb2.GetFailedPartitionsRequest.FromString(request), latest, written)
    return None


def _observer(asked: observation_pb2.GetObserverInformationRequest, latest: Latest) -> bytes | None:
    """One observer out of all. An unknown one is answered too, as disconnected."""
    every = observation_pb2.AllObserversRequest(EventStore=asked.EventStore, Namespace=asked.Namespace)
    path = methods.GET_OBSERVERS.path
    answer = latest(path, evening.meaning(path, every.SerializeToString(), "commands"))
    if answer is None:
        return None
    for found in observation_pb2.IEnumerable_ObserverInformation.FromString(answer).items:
        if found.Id == asked.ObserverId:
            return found.SerializeToString()
    unknown = observation_pb2.ObserverInformation(
        Id=asked.ObserverId,
        EventSequenceId=asked.EventSequenceId or "event-log",
        LastHandledEventSequenceNumber=_NOTHING,
        IsReplayable=False,
    )
    unknown.RunningState = _DISCONNECTED  # type: ignore[assignment]
    return unknown.SerializeToString()


def _failed(asked: observation_pb2.GetFailedPartitionsRequest, latest: Latest, written: Iterable[Call]) -> bytes | None:
    """The failed partitions of one observer out of those of all; none of a webhook that was not registered so far."""
    if not asked.ObserverId:
        return None
    every = observation_pb2.GetFailedPartitionsRequest(EventStore=asked.EventStore, Namespace=asked.Namespace)
    path = methods.GET_FAILED_PARTITIONS.path
    answer = latest(path, evening.meaning(path, every.SerializeToString(), "commands"))
    if answer is None:
        known = {each.Identifier for call in written for each in _added(call)}
        return None if asked.ObserverId in known else observation_pb2.IEnumerable_FailedPartition().SerializeToString()
    found = observation_pb2.IEnumerable_FailedPartition.FromString(answer).items
    own = [each for each in found if each.ObserverId == asked.ObserverId]
    return observation_pb2.IEnumerable_FailedPartition(items=own).SerializeToString()


def _appended(asked: sequences_classic_pb2.AppendRequest, latest: Latest) -> bytes | None:
    """The append of one event out of that of a list with one event."""
    listed = sequences_classic_pb2.AppendManyRequest(
        EventStore=asked.EventStore,
        Namespace=asked.Namespace,
        EventSequenceId=asked.EventSequenceId,
        CorrelationId=asked.CorrelationId,
        Causation=asked.Causation,
        CausedBy=asked.CausedBy,
        ConcurrencyScopes={asked.EventSourceId: asked.ConcurrencyScope},
    )
    listed.Events.add(EventSourceId=asked.EventSourceId, EventType=asked.EventType, Content=asked.Content)
    path = classic.APPEND_MANY.path
    answer = latest(path, evening.meaning(path, listed.SerializeToString(), "classic"))
    if answer is None:
        return None
    many = sequences_classic_pb2.AppendManyResponse.FromString(answer)
    one = sequences_classic_pb2.AppendResponse(
        CorrelationId=many.CorrelationId,
        SequenceNumber=many.SequenceNumbers[0] if many.SequenceNumbers else _NOTHING,
        ConstraintViolations=many.ConstraintViolations,
        Errors=many.Errors,
        ConcurrencyCheckPerformed=many.ConcurrencyCheckPerformed,
    )
    return one.SerializeToString()


def _tail(asked: sequences_classic_pb2.GetTailSequenceNumberRequest, written: Iterable[Call]) -> bytes:
    """The last number of a sequence, or of some event types, out of what was appended."""
    kinds = {each.Id for each in asked.EventTypes}
    place = (asked.EventStore, asked.Namespace, asked.EventSequenceId)
    numbers = [
        number
        for request, given in map(_listed, written)
        if (request.EventStore, request.Namespace, request.EventSequenceId) == place
        for event, number in zip(request.Events, given, strict=False)
        if not kinds or event.EventType.Id in kinds
    ]
    last = max(numbers, default=_NOTHING)
    return classic.GET_TAIL_SEQUENCE_NUMBER.response(SequenceNumber=last).SerializeToString()


def _listed(call: Call) -> tuple[Any, Iterable[int]]:
    """An append of events and the numbers that they got; nothing of another write."""
    if call.path != classic.APPEND_MANY.path or call.response is None:
        return classic.APPEND_MANY.request(), ()
    numbers = classic.APPEND_MANY.response.FromString(call.response).SequenceNumbers
    return classic.APPEND_MANY.request.FromString(call.request), numbers


def _added(call: Call) -> Iterable[Any]:
    """The webhooks of a registration; nothing of another write."""
    found: dict[str, Any] = {classic.ADD.path: classic.ADD, methods.ADD_WEBHOOKS.path: methods.ADD_WEBHOOKS}
    return found[call.path].request.FromString(call.request).Webhooks if call.path in found else ()
