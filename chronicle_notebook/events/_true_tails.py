"""The tails of observers, compared with the event sequences.

A kernel shows the number that it has offered to an observer last as the observer's tail. A webhook that waits for a
slow target then looks as if it had caught up, until a check once a minute, and an observer that has handled nothing
shows no tail at all. The tail of the sequence for the event types of the observer was right in every case (seen on
16.37.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._errors import KernelError
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._kernel_defects import by_key
from chronicle_notebook.model import EVENT_LOG, ObserverState

STALE_TAIL = "stale-tail"
"""The bug of the kernels whose tails are compared. With other kernels nothing is asked."""

Place = tuple[str, str]
"""A namespace and an event sequence."""


def event_log_tail(kernel: KernelGateway, event_store: str, namespace: str) -> Mapping[str, int | None]:
    """The number of the last event of the event log by namespace, read early for :func:`with_true_tails`.

    Empty where nobody needs it, and if the kernel does not say: whoever needs it then asks again.
    """
    if STALE_TAIL in by_key(kernel.known_defects):
        with suppress(KernelError):
            return {namespace: kernel.tail(event_store, namespace, EVENT_LOG)}
    return {}


def with_true_tails(
    kernel: KernelGateway,
    event_store: str,
    observers: Sequence[ObserverState],
    logs: Mapping[str, int | None] | None = None,
) -> list[ObserverState]:
    """The observers, those of webhooks with the last event of their types as the tail.

    One call for each namespace and sequence, and one for each event type where something waits.

    :param logs: the last number of the event log by namespace, as far as it was just read.
    """
    if STALE_TAIL not in by_key(kernel.known_defects):
        return [*observers]
    doubtful = [each for each in observers if each.kind == "external" and each.event_types]
    whole: dict[tuple[str, str, str | None], int | None]
    whole = {(space, EVENT_LOG, None): tail for space, tail in (logs or {}).items()}
    whole |= tails(kernel, event_store, {(*_place(each), None) for each in doubtful} - whole.keys())
    behind = [each for each in doubtful if _later(each, whole[*_place(each), None])]
    wanted = {(*_place(each), kind.id) for each in behind for kind in each.event_types}
    last_of = tails(kernel, event_store, wanted)
    found: dict[tuple[str, str], int] = {}
    for each in behind:
        own = [last_of[*_place(each), kind.id] for kind in each.event_types]
        last = max((number for number in own if number is not None), default=None)
        if last is not None and _later(each, last):
            found[each.id, each.namespace] = last
    return [
        replace(each, tail_sequence_number=found.get((each.id, each.namespace), each.tail_sequence_number))
        for each in observers
    ]


def _place(observer: ObserverState) -> Place:
    return observer.namespace, observer.event_sequence_id


def _later(observer: ObserverState, tail: int | None) -> bool:
    """Whether the observer has not seen this number, and does not show it as its tail."""
    shown = observer.tail_sequence_number
    return tail is not None and tail >= observer.next_sequence_number and (shown is None or tail > shown)


def tails(
    kernel: KernelGateway, event_store: str, wanted: Iterable[tuple[str, str, str | None]]
) -> Mapping[tuple[str, str, str | None], int | None]:
    """The last numbers of event sequences, each of all events or of one event type."""
    keys = sorted(wanted, key=repr)
    asked = [partial(kernel.tail, event_store, space, sequence, event_type=kind) for space, sequence, kind in keys]
    return dict(zip(keys, at_once(*asked), strict=True))


def have_hashes(kernel: KernelGateway, event_store: str, namespaces: Iterable[str], sequence: str) -> bool | None:
    """Whether the latest event of a namespace has a hash, which events lack in memory; None if there is no event."""
    for namespace in namespaces:
        tail = kernel.tail(event_store, namespace, sequence)
        for event in [] if tail is None else kernel.stored_events(event_store, namespace, sequence, start=tail):
            return bool(event.hash)
    return None
