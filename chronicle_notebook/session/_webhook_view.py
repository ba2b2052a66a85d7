"""One webhook as it is registered, with the progress of its deliveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronicle_notebook.base._public import public
from chronicle_notebook.display._origin import Origin, Originated
from chronicle_notebook.display._table_and_card import Card, Tone
from chronicle_notebook.model import FailedPartition, ObserverState, WebhookDefinition
from chronicle_notebook.model._webhook import facts

if TYPE_CHECKING:
    from chronicle_notebook.triage._condition import TriageRow


@public
@dataclass(frozen=True, slots=True, repr=False)
class WebhookView(Originated):
    """The result of ``client.describe(id)`` and ``%webhook show``."""

    definition: WebhookDefinition
    observers: tuple[ObserverState, ...]
    """Its observer in each namespace; none before the first delivery."""
    failed_partitions: tuple[FailedPartition, ...]
    origin: Origin
    shared_circuit: bool = False
    """Whether all targets of the kernel share one circuit, so that the failure of another target can be the reason."""

    @property
    def delivered(self) -> int | None:
        """The number of delivered events, in all namespaces; None if the kernel does not say.

        A replay sets the number back to 0, and on SQL storage a restart of the kernel as well.
        """
        counts = [each.handled_count for each in self.observers]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    @property
    def triage(self) -> TriageRow:
        """Why it fails and what to do next, from what was read for this view. The events that wait are not counted:
        :meth:`Client.triage` counts them."""
        from chronicle_notebook.triage._assess import assess
        from chronicle_notebook.triage._observed import Observed

        seen = Observed([self.definition], self.observers, self.failed_partitions, shared_circuit=self.shared_circuit)
        return assess(seen, origin=self.origin)[self.definition.id]

    def _display(self) -> Card:
        rows = [*facts(self.definition), *_progress(self.observers, self.failed_partitions)]
        failing = len(self.failed_partitions)
        row = self.triage
        rows += [("failing", each.told(self.origin.read_at)) for each in row.groups]
        if row.next_step:
            rows.append(("next step", row.next_step))
        return Card(
            heading=f"{'! ' if failing else ''}Webhook {self.definition.id!r} of event store {self.event_store!r}",
            facts=rows,
            notes=(*dict.fromkeys(each.outlook for each in self.failed_partitions if each.outlook), self.origin.stamp),
            tone=Tone.WARNING if failing else Tone.PLAIN,
            banner=self.origin.banner,
        )


def _progress(observers: Sequence[ObserverState], failed: Sequence[FailedPartition]) -> list[tuple[str, str]]:
    if not observers:
        return [("delivered", "nothing yet: it has no observer")]
    failing = Counter(each.namespace for each in failed)
    return [(f"in {each.namespace}", standing(each, failing[each.namespace])) for each in observers]


def standing(observer: ObserverState, failing: int) -> str:
    """The progress of an observer in words.

    :param failing: the number of its failed partitions.
    """
    to_come = f"at most {observer.lag:,} not seen yet" if observer.lag else ""
    # A kernel continues after a partition fails, and does not say how many of its events wait.
    fails = "partition fails and its events wait" if failing == 1 else "partitions fail and their events wait"
    idle = "caught up" if observer.started else "no event of its types yet"
    waiting = ", ".join(part for part in (to_come, f"{failing:,} {fails}" if failing else "") if part) or idle
    return f"{observer.running_state.value}, {_delivered(observer)}, {waiting}"


def _delivered(observer: ObserverState) -> str:
    if observer.handled_count is None:
        last = observer.last_handled_sequence_number
        return "number of deliveries not told" if last is None else f"delivered up to number {last:,}"
    return f"{observer.handled_count:,} delivered"
