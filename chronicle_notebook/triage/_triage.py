"""The triage of an event store: every webhook with its condition, the worst first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, overload

from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import count
from chronicle_notebook.display._listing import Column, Listing, counted
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.display._table_and_card import Card, Tone
from chronicle_notebook.triage._condition import Condition, TriageRow, age, duration, hour, of_most

_TIME = "datetime64[ns, UTC]"


@public
class Triage(Listing[TriageRow]):
    """The webhooks of an event store, the worst first. :meth:`Client.triage` returns it.

    It shows itself as a card with one line for each cause, and a table of everything that needs a person.
    """

    def __init__(
        self, rows: Sequence[TriageRow], *, origin: Origin, remarks: Sequence[str] = (), webhooks: int | None = None
    ) -> None:
        super().__init__(
            rows,
            _columns(origin.read_at),
            caption=f"Webhooks of event store {origin.event_store!r}, worst first",
            empty="No webhook needs attention.",
            origin=origin,
        )
        self.origin = origin
        """The kernel, the event store, and the time of reading."""
        self.remarks = tuple(remarks)
        """What the kernel could not answer, as sentences."""
        self.webhooks = sum(each.definition is not None for each in rows) if webhooks is None else webhooks
        """The number of all webhooks of the event store."""

    def _of(self, items: Sequence[TriageRow]) -> Triage:
        return Triage(items, origin=self.origin, remarks=self.remarks, webhooks=self.webhooks)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restored, (tuple(self), self.origin, self.remarks, self.webhooks))

    @overload
    def __getitem__(self, key: int | str) -> TriageRow: ...

    @overload
    def __getitem__(self, key: slice) -> Triage: ...

    def __getitem__(self, key: int | str | slice) -> TriageRow | Triage:
        """A row by its position or by the id of its webhook, or several rows by their positions.

        :raises KeyError: there is no row for this webhook.
        """
        if isinstance(key, str):
            found = self.find(key)
            if found is None:
                raise KeyError(key)
            return found
        if isinstance(key, slice):
            return self._of(tuple(self)[key])
        return super().__getitem__(key)

    def find(self, webhook: str) -> TriageRow | None:
        """The row of a webhook; None if there is none."""
        return next((each for each in self if each.webhook == webhook), None)

    def of(self, webhooks: Collection[str]) -> Triage:
        """The rows of some webhooks, by their ids."""
        return self._of([each for each in self if each.webhook in webhooks])

    @property
    def failing(self) -> Triage:
        """The rows that fail: a partition fails, or the whole observer is quarantined."""
        return self._of([each for each in self if each.fails])

    @property
    def troubled(self) -> Triage:
        """The rows that are neither healthy nor just delivering."""
        return self._of([each for each in self if each.severity != "none"])

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of rows by condition, the worst first."""
        found = Counter(each.condition for each in self)
        return {each.value: found[each] for each in Condition if found[each]}

    @property
    def partitions(self) -> int:
        """The number of failed partitions."""
        return sum(len(each.failed) for each in self)

    @property
    def waiting(self) -> int:
        """How many events wait, as far as they were counted."""
        return sum(each.waiting or 0 for each in self)

    def by_cause(self) -> Mapping[str, Triage]:
        """The failing rows by their most frequent cause, the cause with the most rows first. An open circuit counts as
        the cause behind it."""
        found: defaultdict[str, list[TriageRow]] = defaultdict(list)
        for each in self.failing:
            found["other" if each.cause is None else each.cause.key].append(each)
        ordered = sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))
        return {cause: self._of(rows) for cause, rows in ordered}

    @property
    def headline(self) -> str:
        """One sentence: how many webhooks fail, and how much waits."""
        failing = self.failing
        where = f"in event store {self.origin.event_store!r}"
        if not failing:
            return f"No webhook fails {where}"
        waits = f", {count(failing.waiting, 'event waits', 'events wait')}" if failing.waiting else ""
        others = sum(each.kind not in {"webhook", "removed webhook"} for each in failing)
        numbers = {"webhook": len(failing) - others, "other observer": others}
        named = " and ".join(count(number, noun) for noun, number in numbers.items() if number)
        fails = f"{named} {'fails' if len(failing) == 1 else 'fail'} {where}"
        return f"{fails}: {counted(failing.partitions, 'partition')}{waits}"

    def facts(self) -> dict[str, object]:
        """The triage as plain data for JSON. ``rows`` has what needs attention; healthy webhooks are only counted.

        ``partitions`` and ``waiting`` are those of what fails, as in the headline; ``..._in_all`` count every webhook.
        """
        failing = self.failing
        now = self.origin.read_at
        return {
            "server": self.origin.server,
            "event_store": self.origin.event_store,
            "read_at": now.astimezone(UTC).isoformat(),
            "headline": self.headline,
            "webhooks": self.webhooks,
            "failing": len(failing),
            "partitions": failing.partitions,
            "partitions_in_all": self.partitions,
            "waiting": failing.waiting,
            "waiting_in_all": self.waiting,
            "counts": dict(self.counts),
            "remarks": list(self.remarks),
            "rows": [each.facts(now) for each in self.troubled],
        }

    def _card(self) -> Card:
        """The summary: one line for each cause."""
        failing, now = self.failing, self.origin.read_at
        facts = [(cause, _told(rows, now)) for cause, rows in self.by_cause().items()]
        other = [
            f"{number} {condition}"
            for condition, number in self.counts.items()
            if condition not in {"quarantined", "given up", "failing"}
        ]
        if other:
            facts.append(("others", ", ".join(other)))
        notes = [*self.remarks, *_clock_note(failing, now), f"{counted(self.webhooks, 'webhook')} in all."]
        tone = Tone.BAD if failing else Tone.WARNING if self._stands else Tone.GOOD
        return Card(
            heading=f"{'! ' if failing or self._stands else ''}{self.headline}",
            facts=facts,
            notes=notes,
            tone=tone,
            banner=self.origin.banner,
        )

    @property
    def _stands(self) -> bool:
        return any(each.severity == "medium" for each in self)

    def __repr__(self) -> str:
        return f"{self._card().text()}\n{self._troubles()!r}"

    def _repr_html_(self) -> str:
        return f"{self._card().html()}{self._troubles()._repr_html_()}"

    def _troubles(self) -> Listing[TriageRow]:
        """The table of the rows that need attention. The banner is above the card."""
        return Listing(tuple(self.troubled), self._columns, caption=self._caption, empty=self._empty, foot=self._foot)


def _restored(rows: Sequence[TriageRow], origin: Origin, remarks: Sequence[str], webhooks: int) -> Triage:
    return Triage(rows, origin=origin, remarks=remarks, webhooks=webhooks)


def _told(rows: Triage, now: datetime) -> str:
    """The facts about the rows of one cause."""
    times = [each.since for each in rows if each.since is not None]
    parts = [f"{len(rows)}: {', '.join(each.webhook for each in rows[:5])}{', …' if len(rows) > 5 else ''}"]
    if rows.partitions:
        parts.append(counted(rows.partitions, "partition"))
    if times:
        parts.append(age(min(times), now).strip())
    if rows.waiting:
        parts.append(count(rows.waiting, "event waits", "events wait"))
    given_up = sum(each.given_up for each in rows)
    if given_up:
        parts.append(f"{given_up} given up")
    return "; ".join(parts)


def _clock_note(rows: Triage, now: datetime) -> list[str]:
    """A remark if the kernel's clock is ahead of this machine's: then the estimates are too late."""
    ahead = max(
        ((each.last_attempt - now).total_seconds() for each in rows if each.last_attempt is not None), default=0
    )
    if ahead <= 5:
        return []
    return [
        f"The kernel's clock is ahead of this machine's by at least {duration(ahead)}: times here are the kernel's."
    ]


def _columns(now: datetime) -> Sequence[Column[TriageRow]]:
    def since(row: TriageRow) -> str:
        return age(row.since, now).removeprefix(" since ") or "–"

    def named(row: TriageRow) -> str:
        return row.webhook if row.kind == "webhook" else f"{row.webhook} ({row.kind})"

    def upcoming(row: TriageRow) -> str:
        if not row.failed:
            return "–"
        if row.given_up == len(row.failed):
            return row.outlook(now)
        when = row.next_attempt
        return "–" if when is None else f"about {hour(max(when, now))}"

    def tried(row: TriageRow) -> str:
        return of_most(row.attempts) if row.failed else "–"

    return (
        Column("webhook", "Webhook", lambda each: each.webhook, text=named),
        Column("condition", "Condition", lambda each: each.condition, "category"),
        Column("kind", "Kind", lambda each: each.kind, "category", shown=False),
        Column("severity", "Severity", lambda each: each.severity, "category", shown=False),
        Column("cause", "Cause", lambda each: "" if each.cause is None else str(each.cause)),
        Column("since", "Since", lambda each: each.since, _TIME, text=since),
        Column("waiting", "Waiting", lambda each: each.waiting, "Int64"),
        Column("partitions", "Partitions", lambda each: len(each.failed), "Int64"),
        Column("namespaces", "Namespaces", lambda each: ", ".join(each.namespaces), shown=False),
        Column("attempts", "Attempts", lambda each: each.attempts, "Int64", text=tried),
        Column("last_attempt", "Last attempt", lambda each: each.last_attempt, _TIME, shown=False),
        Column("next_attempt", "Next attempt", lambda each: each.next_attempt, _TIME, text=upcoming),
        Column("given_up", "Given up", lambda each: each.told_quarantine, "category", shown=False),
        Column("given_up_partitions", "Given up", lambda each: each.given_up, "Int64", shown=False),
        Column("outlook", "Outlook", lambda each: each.outlook(now), shown=False),
        Column("next_step", "Next step", lambda each: each.next_step),
    )
