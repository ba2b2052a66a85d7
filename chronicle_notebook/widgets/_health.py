"""The state of each webhook's deliveries, as an explorer shows it: the conditions of a triage, in words for a column.

A kernel counts the events that its observer has handled. This does not prove a delivery: some kernels count nearly
every answer of a target as handled. So no state here is called "delivered".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.model import ObserverState, RunningState, WebhookDefinition
from chronicle_notebook.pausing._paused import PausedWebhook
from chronicle_notebook.triage._condition import Condition, TriageRow
from chronicle_notebook.triage._triage import Triage
from chronicle_notebook.widgets._session import Session

UNKNOWN = "not known"
"""Nothing was read of it yet, or the kernel does not say."""
CAUGHT_UP = "caught up"
"""Everything of its types was handled."""
DELIVERING = Condition.DELIVERING.value
FAILING = Condition.FAILING.value
INACTIVE = Condition.INACTIVE.value
PAUSED = Condition.PAUSED.value

WORST_FIRST = (
    Condition.QUARANTINED.value,
    Condition.GIVEN_UP.value,
    FAILING,
    Condition.DISCONNECTED.value,
    Condition.STALLED.value,
    Condition.BLOCKED.value,
    RunningState.SUSPENDED.value,
    RunningState.REPLAYING.value,
    DELIVERING,
    CAUGHT_UP,
    UNKNOWN,
    PAUSED,
    INACTIVE,
)
"""All states, in the order in which a table shows them."""
GROUPS = {FAILING: (Condition.QUARANTINED.value, Condition.GIVEN_UP.value, FAILING)}
"""The states that a filter's choice includes, if it is not itself alone."""


@dataclass(frozen=True, slots=True)
class Health:
    """One webhook, all namespaces together."""

    state: str = UNKNOWN
    waiting: int | None = None
    """How many events of its types wait; None if this is not known."""
    at_most: int | None = None
    """An upper limit, if the number is not known: the events of all types that its observers have not seen yet."""
    row: TriageRow | None = None
    """What is known of it; None if nothing was read yet."""

    @property
    def failing(self) -> int:
        """The number of failed partitions."""
        return 0 if self.row is None else len(self.row.failed)


@dataclass(frozen=True)
class Deliveries:
    """The deliveries of an event store at one moment."""

    triage: Triage
    paused: Mapping[str, PausedWebhook] = field(default_factory=dict)
    """The paused webhooks, by id."""
    paused_error: InvalidInputError | None = None
    """Why the record of paused webhooks could not be read; None if it was read."""
    seen_at: datetime = field(default_factory=partial(datetime.now, UTC), compare=False)
    """When they were read, by the clock of this machine."""

    @property
    def read_at(self) -> datetime:
        """When they were read, by the kernel's clock if the two differ much."""
        return self.triage.origin.read_at

    @cached_property
    def rows(self) -> Mapping[str, TriageRow]:
        """By the id of the webhook."""
        return {row.webhook: row for row in self.triage}

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each row among all of them, the worst first."""
        return {row.webhook: place for place, row in enumerate(self.triage)}

    @cached_property
    def namespaces(self) -> int:
        """The number of namespaces with observers."""
        return len({observer.namespace for row in self.triage for observer in row.observers})

    @cached_property
    def unregistered(self) -> tuple[TriageRow, ...]:
        """What is not among the registered webhooks and needs a person: paused webhooks, and the failures of removed
        ones and of the kernel's own observers."""
        return tuple(row for row in self.triage if row.definition is None and (row.fails or row.webhook in self.paused))

    def health(self, webhook: str) -> Health:
        """The state of a webhook, or of another observer that fails."""
        row = self.rows.get(webhook)
        if row is None:
            return Health()
        # The observer has passed what waits behind a failed partition.
        at_most = sum(each.lag for each in row.observers) if row.waiting is None and not row.failed else None
        return Health(state_of(row), row.waiting, at_most, row)


def health_of(deliveries: Deliveries | None, definition: WebhookDefinition) -> Health:
    """The state of a registered webhook; before a reading only that it is inactive."""
    found = Health() if deliveries is None else deliveries.health(definition.id)
    return Health(INACTIVE) if found.row is None and not definition.active else found


def read_deliveries(client: Session, before: Deliveries | None = None) -> Deliveries:
    """Read the deliveries of all namespaces.

    :param before: the reading before. With it, a webhook that is slow and goes on is not called stalled.
    """
    paused, wrong = _paused(client)
    triage = client.triage(paused=tuple(paused), before=None if before is None else before.triage)
    return Deliveries(triage, paused, wrong)


def _paused(client: Session) -> tuple[dict[str, PausedWebhook], InvalidInputError | None]:
    """The paused webhooks, or why their record cannot be read: the states of the others are shown all the same."""
    try:
        return {each.id: each for each in client.webhooks.paused()}, None
    except InvalidInputError as error:
        return {}, error


def state_of(row: TriageRow) -> str:
    """The word for the state of a webhook."""
    if row.condition == Condition.HEALTHY:
        return _unusual(row.observers) or CAUGHT_UP
    if row.condition == Condition.DELIVERING:
        return _unusual(row.observers) or DELIVERING
    return row.condition


def state_in(row: TriageRow, observer: ObserverState) -> str:
    """The word for the state of a webhook in one namespace."""
    if observer.running_state is RunningState.QUARANTINED:
        return Condition.QUARANTINED.value
    failed = [each for each in row.failed if each.namespace == observer.namespace]
    if failed:
        return (Condition.GIVEN_UP if any(each.given_up for each in failed) else Condition.FAILING).value
    if observer.running_state is not RunningState.ACTIVE:
        unknown = observer.running_state is RunningState.UNKNOWN
        return UNKNOWN if unknown else observer.running_state.value
    # Where a triage says that nothing of its types waits, what the observer has not seen is for others.
    behind = observer.lag > 0 and row.condition != Condition.HEALTHY
    return (row.condition if row.condition == Condition.STALLED else DELIVERING) if behind else CAUGHT_UP


def _unusual(observers: tuple[ObserverState, ...]) -> str:
    """The state of an observer that neither fails nor simply works; empty if there is none."""
    states = {each.running_state for each in observers}
    return next((each.value for each in (RunningState.SUSPENDED, RunningState.REPLAYING) if each in states), "")
