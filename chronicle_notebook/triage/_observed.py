"""What is read of a kernel for a triage, in one pass over all namespaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._errors import (
    AnswerTooLargeError,
    KernelError,
    MethodNotImplementedError,
    PermissionDeniedError,
    ProtocolError,
    RequestRefusedError,
)
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import AppendedEvent, FailedPartition, ObserverState, RunningState, WebhookDefinition
from chronicle_notebook.model._observer import REACTOR_NAMESPACE, REACTOR_SEQUENCE, WEBHOOK_REACTOR
from chronicle_notebook.triage._cause import SHARED_DEFECT
from chronicle_notebook.triage._condition import in_utc

MOST_EVENTS = 20_000
"""The longest part of a sequence that is read to count the events that wait. Kernels have no paging."""
MOST_SOURCES = 300
"""The largest number of event sources of a sequence that are read one by one."""
MOST_ASKED = 200
"""The largest number of observers that are asked for one by one although nobody knows that they are behind."""
_UNTOLD = -1
"""Stands for a tail that the kernel did not tell."""
EVENTS_FOR_A_CALL = 100
"""So many events in one answer cost about as much as another call."""

_UNANSWERED = (
    AnswerTooLargeError,
    MethodNotImplementedError,
    PermissionDeniedError,
    ProtocolError,
    RequestRefusedError,
)
"""Errors about one answer. The kernel can still answer the other calls."""

_ADDED = "WebhookAdded"
"""The type of the kernel's own event about a new webhook, with the id of the webhook as its event source."""
OLD = 60.0
"""The age of a waiting event, in seconds, from which on the registration of its webhook is looked up."""

Place = tuple[str, str]
"""A namespace and an event sequence."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The events of its types that an observer without a failed partition has not handled."""

    count: int | None
    """None if they were not counted."""
    since: datetime | None
    """Since when the first of them waits: when it occurred, or when the webhook was registered if that was later. None
    if that was not read."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The webhooks of an event store and the state of their deliveries, as they were read."""

    webhooks: Sequence[WebhookDefinition] = ()
    observers: Sequence[ObserverState] = ()
    failed: Sequence[FailedPartition] = ()
    queues: Mapping[tuple[str, str], Queue] = field(default_factory=dict)
    """By namespace and id of the observer, for observers with events that wait and without a failed partition."""
    waiting: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """By namespace, id of the observer and partition: how many events wait for a failed partition. A partition that is
    missing was not counted."""
    unchecked: frozenset[tuple[str, str]] = frozenset()
    """The observers, by namespace and id, of which nobody knows whether they are behind: the kernel did not tell the
    last event of their types."""
    shared_circuit: bool = False
    """Whether all targets of the kernel share one circuit."""
    unread: tuple[str, ...] = ()
    """What the kernel could not answer, as sentences."""


def read(kernel: KernelGateway, event_store: str, namespaces: Sequence[str]) -> Observed:
    """Read everything that a triage needs.

    The number of events that wait for a failed partition is the number of events of the webhook's types in this event
    source, from the number on at which the last attempt failed.
    """
    spaces = [*namespaces]
    calls: list[Callable[[], Any]] = [
        partial(kernel.webhooks, event_store),
        partial(_reactor, kernel, event_store, spaces),
        *(partial(kernel.observers, event_store, space) for space in spaces),
        *(partial(kernel.failed_partitions, event_store, space) for space in spaces),
    ]
    hooks, reactor, *answers = at_once(*calls)
    observers: list[ObserverState] = [each for found in answers[: len(spaces)] for each in found]
    failed: list[FailedPartition] = [each for found in answers[len(spaces) :] for each in found]
    if reactor is not None:
        observers = [
            reactor if (each.id, each.namespace) == (reactor.id, reactor.namespace) else each for each in observers
        ]
    return _Counting(kernel, event_store, hooks, observers, failed).complete()


def shares_circuit(kernel: KernelGateway) -> bool:
    """Whether all targets of the kernel share one circuit, as far as its release tells."""
    return any(each.key == SHARED_DEFECT for each in kernel.known_defects)


def _reactor(kernel: KernelGateway, event_store: str, namespaces: Sequence[str]) -> ObserverState | None:
    """The kernel's own observer of webhooks if it is quarantined. Only the answer about this one observer says so."""
    if REACTOR_NAMESPACE not in namespaces:
        return None
    try:
        state = kernel.observer(event_store, REACTOR_NAMESPACE, WEBHOOK_REACTOR, REACTOR_SEQUENCE)
    except KernelError:
        return None
    return state if state.running_state is RunningState.QUARANTINED else None


def _is_old(queue: Queue) -> bool:
    since = in_utc(queue.since)
    return since is not None and (datetime.now(UTC) - since).total_seconds() > OLD


class _Counting:
    """Finds out what waits."""

    def __init__(
        self,
        kernel: KernelGateway,
        event_store: str,
        hooks: Sequence[WebhookDefinition],
        observers: Sequence[ObserverState],
        failed: Sequence[FailedPartition],
    ) -> None:
        self._kernel, self._store = kernel, event_store
        self._hooks, self._observers, self._failed = hooks, observers, failed
        self._types = {hook.id: frozenset(kind.id for kind in hook.event_types) for hook in hooks}
        self._sequences = {hook.id: hook.event_sequence_id for hook in hooks}
        for each in observers:
            self._types.setdefault(each.id, frozenset(kind.id for kind in each.event_types))
            self._sequences.setdefault(each.id, each.event_sequence_id)
        self._tails: dict[Place, int | None] = {}
        self._untold: set[tuple[str, str, str]] = set()
        """The namespaces, sequences and event types whose tail the kernel did not tell; an empty type is any type."""
        self._unread: dict[str, None] = {}

    def complete(self) -> Observed:
        failing = {(each.namespace, each.observer_id) for each in self._failed}
        active = {hook.id for hook in self._hooks if hook.active and hook.event_types}
        running = [each for each in self._observers if each.id in active]
        self._read_tails({(each.namespace, each.event_sequence_id) for each in running} | self._failed_places())
        behind = [each for each in self._behind(running) if (each.namespace, each.id) not in failing]
        unchecked = self._unchecked(running)
        return Observed(
            self._hooks,
            self._checked([*behind, *unchecked[:MOST_ASKED]]),
            self._failed,
            self._queues(behind),
            self._waiting(),
            frozenset((each.namespace, each.id) for each in unchecked),
            shares_circuit(self._kernel),
            tuple(self._unread),
        )

    def _failed_places(self) -> set[Place]:
        return {
            (each.namespace, self._sequences[each.observer_id])
            for each in self._failed
            if self._sequences.get(each.observer_id, REACTOR_SEQUENCE) != REACTOR_SEQUENCE
        }

    def _read_tails(self, places: Iterable[Place]) -> None:
        wanted = [(*place, "") for place in sorted(places)]
        self._tails = {(space, sequence): tail for (space, sequence, _), tail in self._told_tails(wanted).items()}

    def _told_tails(self, wanted: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], int | None]:
        """The number of the last event, by namespace, sequence and event type; None if there is none or the kernel did
        not tell."""
        calls = [
            partial(self._try, _UNTOLD, self._kernel.tail, self._store, space, sequence, event_type=kind or None)
            for space, sequence, kind in wanted
        ]
        found = dict(zip(wanted, at_once(*calls), strict=True))
        self._untold |= {place for place, tail in found.items() if tail == _UNTOLD}
        return {place: None if tail == _UNTOLD else tail for place, tail in found.items()}

    def _behind(self, observers: Sequence[ObserverState]) -> list[ObserverState]:
        """The observers that have not handled the last event of their types.

        What the observers themselves say about their tail is not enough: behind a slow target kernels show the last
        event that they have offered (seen on 16.37.1).
        """
        late = [
            each
            for each in observers
            if (tail := self._tails[each.namespace, each.event_sequence_id]) is not None
            and tail >= each.next_sequence_number
        ]
        own = self._told_tails(
            sorted({(each.namespace, each.event_sequence_id, kind) for each in late for kind in self._types[each.id]})
        )
        return [
            each
            for each in late
            if any(
                (tail := own[each.namespace, each.event_sequence_id, kind]) is not None
                and tail >= each.next_sequence_number
                for kind in self._types[each.id]
            )
        ]

    def _unchecked(self, observers: Iterable[ObserverState]) -> list[ObserverState]:
        """The observers of which nobody knows whether they are behind."""
        return [
            each
            for each in observers
            if any(
                (each.namespace, each.event_sequence_id, kind) in self._untold for kind in ("", *self._types[each.id])
            )
        ]

    def _checked(self, behind: Sequence[ObserverState]) -> list[ObserverState]:
        """All observers. Those that are behind were asked for one by one: only that answer says that the kernel has
        quarantined the whole observer."""
        calls = [
            partial(
                self._try, each, self._kernel.observer, self._store, each.namespace, each.id, each.event_sequence_id
            )
            for each in behind
        ]
        asked: dict[tuple[str, str], ObserverState] = {
            (each.namespace, each.id): found for each, found in zip(behind, at_once(*calls), strict=True)
        }
        return [
            replace(each, running_state=found.running_state)
            if (found := asked.get((each.namespace, each.id))) is not None
            and found.running_state is RunningState.QUARANTINED
            else each
            for each in self._observers
        ]

    def _queues(self, behind: Sequence[ObserverState]) -> dict[tuple[str, str], Queue]:
        by_place: dict[Place, list[ObserverState]] = {}
        for each in behind:
            by_place.setdefault((each.namespace, each.event_sequence_id), []).append(each)
        places = sorted(by_place)
        starts = [min(each.next_sequence_number for each in by_place[place]) for place in places]
        calls = [partial(self._part, place, start) for place, start in zip(places, starts, strict=True)]
        events = at_once(*calls)
        found: dict[tuple[str, str], Queue] = {}
        for place, part in zip(places, events, strict=True):
            for each in by_place[place]:
                found[each.namespace, each.id] = self._queue(each, part)
        return self._from_registration(found)

    def _from_registration(self, queues: dict[tuple[str, str], Queue]) -> dict[tuple[str, str], Queue]:
        """The same queues; an event that is older than its webhook waits since the webhook was registered."""
        ids = list(dict.fromkeys(webhook for (_, webhook), each in queues.items() if _is_old(each)))[:MOST_ASKED]
        registered = dict(zip(ids, at_once(*(partial(self._registered, webhook) for webhook in ids)), strict=True))
        return {
            (space, webhook): replace(queue, since=max(since, moment))
            if (moment := registered.get(webhook)) is not None and (since := in_utc(queue.since)) is not None
            else queue
            for (space, webhook), queue in queues.items()
        }

    def _registered(self, webhook: str) -> datetime | None:
        """When a webhook was registered: the kernel appends an event for it (seen on 16.37.1). None if it does not
        tell."""
        try:
            told = self._kernel.events(
                self._store, REACTOR_NAMESPACE, REACTOR_SEQUENCE, start=0, event_source_id=webhook
            )
        except KernelError:
            return None
        moments = (in_utc(each.occurred) for each in told if each.type.id == _ADDED)
        return max((each for each in moments if each is not None), default=None)

    def _queue(self, observer: ObserverState, part: list[AppendedEvent] | None) -> Queue:
        if part is None:
            return Queue(None, None)
        own = [
            event
            for event in part
            if event.sequence_number >= observer.next_sequence_number and event.type.id in self._types[observer.id]
        ]
        return Queue(len(own), own[0].occurred if own else None)

    def _part(self, place: Place, start: int) -> list[AppendedEvent] | None:
        """The events from a number on; None if they are too many or cannot be read."""
        tail = self._tails.get(place)
        if tail is None:
            return None
        if tail - start > MOST_EVENTS:
            self._unread["Waiting events were not counted where more than 20,000 events follow."] = None
            return None
        found: list[AppendedEvent] | None = self._try(None, self._kernel.events, self._store, *place, start=start)
        return found

    def _waiting(self) -> dict[tuple[str, str, str], int]:
        by_place: dict[Place, list[FailedPartition]] = {}
        for each in self._failed:
            sequence = self._sequences.get(each.observer_id, REACTOR_SEQUENCE)
            if sequence != REACTOR_SEQUENCE and each.attempts:
                by_place.setdefault((each.namespace, sequence), []).append(each)
        found: dict[tuple[str, str, str], int] = {}
        for place, partitions in by_place.items():
            events = self._events_of(place, partitions)
            for each in partitions:
                part = events.get(each.partition)
                if part is not None:
                    found[each.namespace, each.observer_id, each.partition] = self._count(each, part)
        return found

    def _count(self, partition: FailedPartition, events: Iterable[AppendedEvent]) -> int:
        own = self._types.get(partition.observer_id)
        first = partition.attempts[-1].sequence_number
        return sum(event.sequence_number >= first and (not own or event.type.id in own) for event in events)

    def _events_of(
        self, place: Place, partitions: Sequence[FailedPartition]
    ) -> Mapping[str, Sequence[AppendedEvent] | None]:
        """The events of the failed partitions, by event source; None for an event source that was not read."""
        starts: dict[str, int] = {}
        for each in partitions:
            first = each.attempts[-1].sequence_number
            starts[each.partition] = min(first, starts.get(each.partition, first))
        start, tail = min(starts.values()), self._tails.get(place)
        if tail is None:
            return {}
        if tail - start <= min(MOST_EVENTS, EVENTS_FOR_A_CALL * len(starts)) or len(starts) > MOST_SOURCES:
            part = self._part(place, start)
            if part is None:
                return {}
            by_source: dict[str, list[AppendedEvent]] = {source: [] for source in starts}
            for event in part:
                if event.event_source_id in by_source:
                    by_source[event.event_source_id].append(event)
            return by_source
        calls = [
            partial(self._try, None, self._kernel.events, self._store, *place, start=number, event_source_id=source)
            for source, number in starts.items()
        ]
        return dict(zip(starts, at_once(*calls), strict=True))

    def _try(self, otherwise: Any, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """The answer to a call; ``otherwise`` if the kernel fails on it, as some kernels do on some events."""
        try:
            return call(*arguments, **named)
        except _UNANSWERED as error:
            self._unread[f"Not everything could be counted: {error.message}"] = None
            return otherwise
