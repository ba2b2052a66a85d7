"""The state of the observers of webhooks, in words that claim no more than a kernel reports.

A kernel counts the events that its observer has handled. This does not prove a delivery: some kernels count nearly
every answer of a target as handled. So no state here is called "delivered".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from chronicle_notebook.model import FailedPartition, ObserverState, RunningState, WebhookDefinition
from chronicle_notebook.widgets._session import Session

UNKNOWN = "not known"
INACTIVE = "inactive"
CAUGHT_UP = "caught up"
WORKING = "active"
"""The observer has not seen every number up to the tail. The rest need not contain an event for this webhook: an
observer moves on only when an event of its types comes."""
FAILING = "failing"

STATES = (CAUGHT_UP, WORKING, FAILING, "quarantined", "disconnected", "replaying", "suspended", INACTIVE, UNKNOWN)
"""All states, in the order of a filter's choices."""

_WORST_FIRST = ("quarantined", FAILING, "disconnected", "suspended", "replaying", WORKING, CAUGHT_UP, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Health:
    """One webhook, all namespaces together."""

    state: str = UNKNOWN
    """The worst state of its namespaces."""
    lag: int | None = None
    """How many events the observers have not seen yet. None if no observer is known, or if only events behind a failure
    are left, which a kernel does not count."""
    failing: int = 0
    """The number of failed partitions."""


@dataclass(frozen=True, slots=True)
class Space:
    """One webhook in one namespace."""

    observer: ObserverState
    state: str
    failed: tuple[FailedPartition, ...]

    @property
    def lag(self) -> int | None:
        """The same as in :class:`Health`."""
        return None if self.failed and not self.observer.lag else self.observer.lag


@dataclass(frozen=True, slots=True)
class Observers:
    """All observers at one moment."""

    spaces: Mapping[str, tuple[Space, ...]]
    """By the id of the webhook."""
    read_at: datetime

    def health(self, definition: WebhookDefinition) -> Health:
        """The state of a webhook."""
        spaces = self.spaces.get(definition.id, ())
        failing = sum(len(space.failed) for space in spaces)
        if not definition.active:
            return Health(INACTIVE, None, failing)
        if not spaces:
            return Health()
        worst = min((space.state for space in spaces), key=_WORST_FIRST.index)
        lag = sum(space.observer.lag for space in spaces)
        return Health(worst, None if failing and not lag else lag, failing)


def read_observers(client: Session) -> Observers:
    """Read all observers and failed partitions of all namespaces."""
    failed: dict[tuple[str, str], list[FailedPartition]] = {}
    for partition in client.failed_partitions():
        failed.setdefault((partition.observer_id, partition.namespace), []).append(partition)
    spaces: dict[str, list[Space]] = {}
    for observer in client.observers():
        partitions = tuple(failed.get((observer.id, observer.namespace), ()))
        spaces.setdefault(observer.id, []).append(Space(observer, _state(observer, partitions), partitions))
    return Observers({webhook: tuple(found) for webhook, found in spaces.items()}, datetime.now(UTC))


def _state(observer: ObserverState, failed: Iterable[FailedPartition]) -> str:
    partitions = list(failed)
    if observer.running_state is RunningState.QUARANTINED or any(each.quarantined for each in partitions):
        return "quarantined"
    if partitions:
        return FAILING
    if observer.running_state is RunningState.ACTIVE:
        return WORKING if observer.lag else CAUGHT_UP
    return UNKNOWN if observer.running_state is RunningState.UNKNOWN else observer.running_state.value
