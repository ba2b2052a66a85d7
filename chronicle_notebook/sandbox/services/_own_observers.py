"""The kernel's own reactors, as observers that lists show, and what they failed on."""

from __future__ import annotations

from collections.abc import Iterator

from chronicle_notebook.contracts._scalars import guid_to_wire, number_to_wire
from chronicle_notebook.contracts.wire import observation_pb2 as wire
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._kernel_types import OWN_OBSERVERS, WEBHOOK_REACTOR, OwnObserver
from chronicle_notebook.sandbox._stores import DEFAULT_NAMESPACE, SYSTEM_SEQUENCE, SequenceScope
from chronicle_notebook.sandbox.storage._events import Filter


def information(kernel: Kernel, store: str, namespace: str) -> Iterator[wire.ObserverInformation]:
    """The kernel's own observers in a namespace, where the behaviour shows them.

    They have work in the namespace Default alone; in every other one, also one that does not exist, they are listed
    without a state. The numbers of those that find no event do not move here; a kernel's move once a minute.
    """
    # D2 in docs/fidelity.md: the numbers of reactors without events stay, because they say nothing about webhooks.
    if kernel.behaviour.own_workings_shown:
        for own in OWN_OBSERVERS:
            yield _information(kernel, own, store, namespace)


def _information(kernel: Kernel, own: OwnObserver, store: str, namespace: str) -> wire.ObserverInformation:
    at_work = namespace.lower() == DEFAULT_NAMESPACE.lower()
    scope = kernel.stores.find_scope(store, DEFAULT_NAMESPACE, SYSTEM_SEQUENCE) if at_work else None
    wanted = Filter(types=own.types)
    last = None if scope is None else _last(kernel, store, scope, wanted)
    handled = 0
    if scope is not None and not kernel.behaviour.handled_unlisted:
        handled = kernel.events.count(scope.key, wanted)
    return wire.ObserverInformation(
        Id=own.id,
        EventSequenceId=SYSTEM_SEQUENCE,
        Type=wire.Reactor,
        Owner=wire.Kernel,
        EventTypes=[wire.EventType(Id=name, Generation=1) for name in own.types],
        NextEventSequenceNumber=0 if last is None else last + 1,
        LastHandledEventSequenceNumber=number_to_wire(last),
        RunningState=wire.Active if at_work else wire.OBSERVER_RUNNING_STATE_Unknown,
        IsReplayable=False,
        TailEventSequenceNumber=number_to_wire(last),
        HandledEventCount=handled,
    )


def _last(kernel: Kernel, store: str, scope: SequenceScope, wanted: Filter) -> int | None:
    """The last event that was applied: not one that failed, nor one that waits for it."""
    blocked = {failure.webhook: failure.number for failure in kernel.reactor.failures(kernel.store(store))}
    if not blocked:
        return kernel.events.tail(scope.key, wanted)
    applied = [
        event.number
        for event in kernel.events.page(scope.key, wanted)
        if event.number < blocked.get(event.source, event.number + 1)
    ]
    return max(applied, default=None)


def failed(kernel: Kernel, store: str, namespace: str) -> Iterator[wire.FailedPartition]:
    """The webhooks for which an event about them could not be applied, where the behaviour shows them.

    There is one attempt at each, since any other one fails in the same way; a kernel goes on trying. No stack trace is
    made up.
    """
    if not kernel.behaviour.own_workings_shown or namespace.lower() != DEFAULT_NAMESPACE.lower():
        return
    for failure in kernel.reactor.failures(kernel.store(store)):
        yield wire.FailedPartition(
            Id=guid_to_wire(failure.id),
            ObserverId=WEBHOOK_REACTOR.id,
            Partition=failure.webhook,
            Attempts=[
                wire.FailedPartitionAttempt(
                    Occurred=wire.SerializableDateTimeOffset(Value=failure.occurred),
                    SequenceNumber=failure.number,
                    Messages=[failure.message],
                    Kind=wire.Handling,
                )
            ],
        )
