"""The state of a client, which ``client.status()`` and ``%chronicle`` show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chronicle_notebook.base._public import public
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._table_and_card import Card, clock


@public
@dataclass(frozen=True, slots=True, repr=False)
class Status(Displayed):
    """The facts about a client at one moment, with the time of one answer."""

    card: Card
    latency: float
    """Seconds from a call to its answer."""
    read_at: datetime

    def _display(self) -> Card:
        facts = [*self.card.facts, ("answers in", f"{self.latency * 1000:.1f} ms (at {clock(self.read_at)})")]
        return replace(self.card, facts=facts)
