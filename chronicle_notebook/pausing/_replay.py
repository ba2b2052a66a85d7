"""Replays by the kernel: what one would send, and following one to its end.

A replay sends everything of an event source in requests of up to 100 events, several sources at a time, each event
with observation state 2 (seen on 16.37.1 on SQLite). A partition that the kernel has given up stays so, and one that
fails at the moment too: a replay delivers its events, and new ones wait all the same (seen on 16.37.1).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from chronicle_notebook.base._arguments import check_seconds
from chronicle_notebook.base._errors import AnswerTooLargeError, InvalidInputError, KernelError, did_you_mean
from chronicle_notebook.base._public import public
from chronicle_notebook.base._url import shown
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._kernel_defects import by_key
from chronicle_notebook.display._listing import counted
from chronicle_notebook.display._origin import Origin, Originated
from chronicle_notebook.display._table_and_card import Card, Tone
from chronicle_notebook.model import ObserverState, RunningState, WebhookDefinition
from chronicle_notebook.pausing._progress import DeliveryProgress, OnProgress, telling
from chronicle_notebook.pausing._replay_outcome import ReplayedPlace, ReplayOutcome
from chronicle_notebook.pausing._storage import Kept, refuse_hanging

COUNTED = 20_000
"""The largest number of events that are read in order to count those of the webhook's types. Kernels have no call that
counts them."""
PAUSE = 0.1
"""Seconds between two looks at the numbers of an observer."""
QUIET = 1.0
"""Seconds in which the numbers of an observer must stay at the end. A kernel begins a replay with some delay, and the
numbers before it look like those after it."""
_NOT_FREED = (
    "A replay does not bring back a partition that the kernel has given up, nor one that fails: new events of it wait "
    "as before. client.retry_failed_partitions(ID) does."
)
_BATCHED = "The events of an event source come together, up to 100 in a request, and each has observation state 2."
_AGAIN = "The target gets all of them again: it must expect events that it knows."
_IGNORED = "It was registered as not replayable, and this kernel replays it all the same (always-replayable)."


@public
@dataclass(frozen=True, slots=True)
class ReplayPlace:
    """What a replay sends in one namespace."""

    namespace: str
    events: int
    """The number of events."""
    exact: bool
    """Whether the number is exact. If not, there are too many events to count those of the webhook's types, and this is
    the number of all of them."""
    failing: int
    """The number of failed partitions, which a replay does not bring back."""
    blocked: bool = False
    """Whether each event is of a failed partition, so that the observer does not come to the end."""


@public
@dataclass(frozen=True, slots=True, repr=False)
class ReplayPlan(Originated):
    """A replay that was looked at and not started: :meth:`apply` starts it."""

    webhook: str
    target: str
    """The target URL without what may be secret in it."""
    partition: str | None
    """The event source; None for all of them."""
    places: tuple[ReplayPlace, ...]
    """The namespaces."""
    notes: tuple[str, ...]
    origin: Origin
    sequence: str = "event-log"
    """The event sequence of the webhook."""
    _kernel: KernelGateway = field(kw_only=True, compare=False)

    @property
    def events(self) -> int:
        """The number of events in all namespaces, or the largest number that it can be."""
        return sum(each.events for each in self.places)

    @property
    def exact(self) -> bool:
        """Whether the number of events is exact."""
        return all(each.exact for each in self.places)

    def apply(self, *, wait: float = 30.0, on_progress: OnProgress | None = None) -> ReplayOutcome:
        """Start the replay and follow it to its end. On a protected connection this needs the event store's name.

        Ctrl-C ends the following, not the replay: kernels have no call that stops one.

        :param wait: seconds to follow it. It goes on in the kernel after that.
        :param on_progress: called with a :class:`DeliveryProgress` while it runs.
        :raises ProtectedError: nobody gave the name of the event store; nothing was sent.
        :raises KernelError: the kernel refused, or could not be reached. The replay may have begun.
        """
        check_seconds(wait, field="wait")
        return run(self, self._kernel, wait=wait, on_progress=on_progress)

    def _display(self) -> Card:
        most = "" if self.exact else "at most "
        whole = f"partition {self.partition!r} of {self.webhook!r}" if self.partition else repr(self.webhook)
        return Card(
            heading=f"Replay of {whole}: {most}{counted(self.events, 'event')} to {self.target}. Nothing was sent.",
            facts=[
                (f"namespace {each.namespace}", f"{'' if each.exact else 'at most '}{counted(each.events, 'event')}")
                for each in self.places
            ],
            notes=[*self.notes, "plan.apply() starts it."],
            tone=Tone.WARNING,
            banner=self.origin.banner,
        )


def plan(
    kernel: KernelGateway,
    event_store: str,
    definition: WebhookDefinition,
    namespaces: Sequence[str],
    *,
    partition: str | None,
    storage: Kept | None,
) -> ReplayPlan:
    """Look at what a replay would send.

    :param namespaces: the namespaces to replay.
    :param storage: what the user says about the storage of the kernel.
    :raises NotSupportedError: the kernel most likely keeps its events in memory, where a replay hangs.
    :raises InvalidInputError: the webhook has no connected observer, or there is no event to replay.
    """
    sequence = definition.event_sequence_id
    told = refuse_hanging(kernel, event_store, namespaces, sequence, said=storage)
    observers = {space: _observer(kernel, event_store, space, definition.id) for space in namespaces}
    able = [space for space, found in observers.items() if found is not None]
    if not able:
        raise InvalidInputError(
            f"{definition.id!r} has no observer that is connected, so nothing can be replayed: it is inactive, or the "
            "kernel has just registered it.",
            field="webhook",
            hint=f'client.observers("{definition.id}") shows their state.',
        )
    places = tuple(_place(kernel, event_store, space, definition, partition) for space in able)
    if partition is not None and not any(each.events for each in places):
        raise InvalidInputError(
            f"There is no event of its types with the event source {partition!r}.",
            field="partition",
            hint=did_you_mean(partition, _sources(kernel, event_store, able, definition))
            or "A partition is the id of an event source.",
        )
    # A namespace without an event has nothing to replay, and in memory even that would hang the webhook.
    places = tuple(each for each in places if each.events)
    if not places:
        raise InvalidInputError(
            f"There is no event of the types of {definition.id!r}, so there is nothing to replay.",
            field="webhook",
            hint="client.event_log.read() shows the events of the event log.",
        )
    failing = any(each.failing for each in places)
    ignored = not definition.replayable and "always-replayable" in by_key(kernel.known_defects)
    notes = [_AGAIN, _BATCHED, *([_NOT_FREED] if failing else []), *([_IGNORED] if ignored else []), told]
    return ReplayPlan(
        webhook=definition.id,
        target=shown(definition.target_url),
        partition=partition,
        places=places,
        notes=tuple(each for each in notes if each),
        origin=kernel.origin(event_store),
        sequence=sequence,
        _kernel=kernel,
    )


def _observer(kernel: KernelGateway, event_store: str, namespace: str, webhook: str) -> ObserverState | None:
    """The connected observer of a webhook; None if there is none."""
    found = next((each for each in kernel.observers(event_store, namespace) if each.id == webhook), None)
    return None if found is None or found.running_state is RunningState.DISCONNECTED else found


def _place(
    kernel: KernelGateway, event_store: str, namespace: str, definition: WebhookDefinition, partition: str | None
) -> ReplayPlace:
    failed = kernel.failed_partitions(event_store, namespace, definition.id)
    failing = sum(partition in {None, each.partition} for each in failed)
    tail = kernel.tail(event_store, namespace, definition.event_sequence_id)
    most = 0 if tail is None else tail + 1
    if partition is None and most > COUNTED:
        return ReplayPlace(namespace, most, exact=False, failing=failing)
    try:
        events = kernel.stored_events(
            event_store,
            namespace,
            definition.event_sequence_id,
            event_source_id=partition,
            event_types=definition.event_types,
        )
    except AnswerTooLargeError:
        return ReplayPlace(namespace, most, exact=False, failing=failing)
    blocked = bool(events) and {each.event_source_id for each in events} <= {each.partition for each in failed}
    return ReplayPlace(namespace, len(events), exact=True, failing=failing, blocked=blocked)


def _sources(
    kernel: KernelGateway, event_store: str, namespaces: Sequence[str], definition: WebhookDefinition
) -> set[str]:
    """The event sources of events of its types, for a suggestion; none if there are too many events."""
    found: set[str] = set()
    for space in namespaces:
        tail = kernel.tail(event_store, space, definition.event_sequence_id)
        if tail is not None and tail < COUNTED:
            types = definition.event_types
            events = kernel.stored_events(event_store, space, definition.event_sequence_id, event_types=types)
            found |= {each.event_source_id for each in events}
    return found


def run(plan: ReplayPlan, kernel: KernelGateway, *, wait: float, on_progress: OnProgress | None) -> ReplayOutcome:
    """Start the replay in each namespace, and follow all of them."""
    started = time.monotonic()
    begun: dict[str, bool] = {}
    for each in plan.places:
        try:
            begun[each.namespace] = _begun(plan, kernel, each.namespace)
        except KernelError as error:
            error.hint = f"{error.hint} The replay may have begun: look at client.observers({plan.webhook!r}).".strip()
            raise
    # Where every partition fails, the numbers never come to the end: there is nothing to wait for.
    followed = [each for each in plan.places if begun[each.namespace] and not each.blocked]
    followed = followed if plan.partition is None else []
    try:
        with telling(f"Replaying {plan.webhook!r}", on_progress) as told:
            ended = _followed(kernel, plan, followed, started + wait, told)
    except KeyboardInterrupt as interruption:
        interruption.add_note(f"The replay of {plan.webhook!r} goes on in the kernel. Only the wait was interrupted.")
        raise
    return ReplayOutcome(
        webhook=plan.webhook,
        partition=plan.partition,
        places=tuple(
            ReplayedPlace(
                each.namespace,
                each.events,
                begun=begun[each.namespace],
                ended=None if plan.partition is not None else each.namespace in ended,
                failing=_failing(kernel, plan, each.namespace),
                blocked=each.blocked,
            )
            for each in plan.places
        ),
        waited=time.monotonic() - started,
        origin=kernel.origin(plan.event_store),
    )


def _begun(plan: ReplayPlan, kernel: KernelGateway, namespace: str) -> bool:
    """Start it in one namespace. Returns whether the kernel began it, as far as its answer says."""
    if plan.partition is None:
        return kernel.replay(plan.event_store, namespace, plan.webhook, plan.sequence) is not None
    kernel.replay_partition(plan.event_store, namespace, plan.webhook, plan.sequence, plan.partition)
    return True


def _failing(kernel: KernelGateway, plan: ReplayPlan, namespace: str) -> int:
    """How many of the partitions that were replayed fail now."""
    failed = kernel.failed_partitions(plan.event_store, namespace, plan.webhook)
    return sum(plan.partition in {None, each.partition} for each in failed)


def _followed(
    kernel: KernelGateway, plan: ReplayPlan, places: Sequence[ReplayPlace], until: float, told: OnProgress
) -> set[str]:
    """The namespaces in which the numbers of the observer came to the end of the replay and stayed there."""
    tails = {each.namespace: kernel.tail(plan.event_store, each.namespace, plan.sequence) for each in places}
    there_since: dict[str, float] = {}
    ended: set[str] = set()
    while len(ended) < len(places):
        done = 0
        for each in places:
            space, tail = each.namespace, tails[each.namespace]
            state = kernel.observer(plan.event_store, space, plan.webhook, plan.sequence)
            end = 0 if tail is None else tail + 1
            there = state.running_state is not RunningState.REPLAYING and state.next_sequence_number >= end
            done += each.events if there else min(state.handled_count or 0, each.events)
            now = time.monotonic()
            if not there:
                there_since.pop(space, None)
            elif now - there_since.setdefault(space, now) >= QUIET:
                ended.add(space)
        told(DeliveryProgress(done, plan.events, "events"))
        if time.monotonic() >= until:
            break
        if len(ended) < len(places):
            time.sleep(min(PAUSE, max(0.0, until - time.monotonic())))
    return ended
