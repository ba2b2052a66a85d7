"""Observers and failed partitions as tables and frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chronicle_notebook.display._listing import Column, Listing, counted
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import FailedPartition, ObserverState
from chronicle_notebook.model._observer import causes_of


def _quarantine(partition: FailedPartition) -> str:
    if partition.quarantined is None:
        return "probably" if partition.given_up else "not told"
    return "yes" if partition.quarantined else "no"


_OBSERVER = (
    Column[ObserverState]("id", "Id", lambda each: each.id),
    Column[ObserverState]("namespace", "Namespace", lambda each: each.namespace),
    Column[ObserverState]("kind", "Kind", lambda each: each.kind, "category"),
    Column[ObserverState]("state", "State", lambda each: each.running_state.value, "category"),
    Column[ObserverState]("handled", "Handled", lambda each: each.handled_count, "Int64"),
    Column[ObserverState]("last_handled", "Last", lambda each: each.last_handled_sequence_number, "Int64"),
    Column[ObserverState]("next", "Next", lambda each: each.next_sequence_number, "Int64"),
    Column[ObserverState]("tail", "Tail", lambda each: each.tail_sequence_number, "Int64"),
    Column[ObserverState]("lag", "Lag", lambda each: each.lag, "Int64"),
    Column[ObserverState]("event_sequence", "Sequence", lambda each: each.event_sequence_id),
)

_FAILED = (
    Column[FailedPartition]("observer", "Observer", lambda each: each.observer_id),
    Column[FailedPartition]("namespace", "Namespace", lambda each: each.namespace),
    Column[FailedPartition]("partition", "Partition", lambda each: each.partition),
    Column[FailedPartition]("attempts", "Attempts", lambda each: len(each.attempts), "Int64"),
    Column[FailedPartition](
        "last_attempt", "Last attempt", lambda each: _last(each, "occurred"), "datetime64[ns, UTC]"
    ),
    Column[FailedPartition](
        "sequence_number", "Failed at number", lambda each: _last(each, "sequence_number"), "Int64"
    ),
    Column[FailedPartition]("quarantined", "Quarantined", lambda each: each.quarantined, "boolean", text=_quarantine),
)


def _last(partition: FailedPartition, name: str) -> Any:
    return getattr(partition.attempts[-1], name) if partition.attempts else None


def observer_listing(observers: Sequence[ObserverState], *, where: str, origin: Origin) -> Listing[ObserverState]:
    """The progress of each observer."""
    return Listing(
        observers,
        _OBSERVER,
        caption=f"{counted(len(observers), 'observer')} of {where}",
        empty="No observer is known here. A webhook gets one in each namespace when it is registered as active.",
        origin=origin,
    )


def failed_partition_listing(
    partitions: Sequence[FailedPartition], *, where: str, origin: Origin
) -> Listing[FailedPartition]:
    """The partitions that fail."""
    causes = causes_of(partitions)
    message = Column[FailedPartition](
        "message", "Message", lambda each: f"{each.reason(causes)} {each.outlook}".strip()
    )
    return Listing(
        partitions,
        (*_FAILED[:-1], message, *_FAILED[-1:]),
        caption=f"{counted(len(partitions), 'failed partition')} of {where}",
        empty="No partition fails.",
        origin=origin,
    )
