"""Appended events, in storage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._event_type import EventTypeGeneration
from chronicle_notebook.sandbox.storage._database import Database

_COLUMNS = (
    "number, type, generation, tombstone, source, content, source_type, stream_type, stream_id, occurred, correlation, "
    "causation, caused_by, tags, subject, hash, many"
)
_SELECT = f"SELECT {_COLUMNS} FROM events WHERE sequence = ?"  # noqa: S608 - names of columns, no values


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions for events; None means any."""

    types: Sequence[str] | None = None
    source: str | None = None
    source_type: str | None = None
    stream_type: str | None = None
    stream_id: str | None = None

    def sql(self) -> tuple[str, list[object]]:
        """The conditions and their parameters."""
        clauses: list[str] = []
        values: list[object] = []
        if self.types is not None:
            clauses.append(f"type IN ({','.join('?' * len(self.types))})")
            values.extend(self.types)
        for column, value in (
            ("source", self.source),
            ("source_type", self.source_type),
            ("stream_type", self.stream_type),
            ("stream_id", self.stream_id),
        ):
            if value is not None:
                clauses.append(f"{column} = ?")
                values.append(value)
        return "".join(f" AND {clause}" for clause in clauses), values


class EventTable:
    """Events by sequence and number. Numbers begin with 0 and have no gaps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, sequence: int, events: Iterable[Event]) -> list[Event]:
        """Store events at the end, and return them with their numbers."""
        with self._database.transaction() as connection:
            found = connection.execute("SELECT max(number) FROM events WHERE sequence = ?", (sequence,)).fetchone()[0]
            first = 0 if found is None else found + 1
            numbered = [replace(event, number=number) for number, event in enumerate(events, first)]
            connection.executemany(
                f"INSERT INTO events (sequence, {_COLUMNS}) VALUES ({','.join('?' * 18)})",  # noqa: S608 - names of columns, no values
                [(sequence, *_row(event)) for event in numbered],
            )
        return numbered

    def tail(self, sequence: int, wanted: Filter, *, uncommitted: bool = False) -> int | None:
        """The highest number of a matching event; None if there is none.

        ``uncommitted`` includes events of the running transaction.
        """
        conditions, values = wanted.sql()
        sql = f"SELECT max(number) FROM events WHERE sequence = ?{conditions}"  # noqa: S608 - names of columns, no values
        parameters = (sequence, *values)
        if uncommitted:
            with self._database.transaction() as connection:
                found = connection.execute(sql, parameters).fetchone()[0]
        else:
            found = self._database.rows(sql, parameters)[0][0]
        return None if found is None else int(found)

    def tails(self) -> dict[int, int]:
        """The tail of every sequence that has events."""
        return dict(self._database.rows("SELECT sequence, max(number) FROM events GROUP BY sequence"))

    def count(self, sequence: int, wanted: Filter) -> int:
        """How many events fit."""
        conditions, values = wanted.sql()
        sql = f"SELECT count(*) FROM events WHERE sequence = ?{conditions}"  # noqa: S608 - names of columns, no values
        return int(self._database.rows(sql, (sequence, *values))[0][0])

    def identities(self) -> list[tuple[int, str]]:
        """The identities that caused events, by sequence, in the order of their first event."""
        return self._database.rows(
            "SELECT sequence, caused_by FROM events GROUP BY sequence, caused_by ORDER BY min(number)"
        )

    def page(
        self, sequence: int, wanted: Filter, first: int = 0, until: int | None = None, limit: int = -1
    ) -> list[Event]:
        """Matching events, from number ``first`` on and below ``until``, in order."""
        conditions, values = wanted.sql()
        bound = "" if until is None else " AND number < ?"
        parameters = [sequence, first, *([] if until is None else [until]), *values, limit]
        # SQLite creates the files beside it with its mode. Existing files keep their mode.
        conditions = conditions.replace(" type IN", " +type IN")
        sql = f"{_SELECT} AND number >= ?{bound}{conditions} ORDER BY number LIMIT ?"
        rows = self._database.rows(sql, parameters)
        return [_event(row) for row in rows]

    def sources(self, sequence: int, wanted: Filter, first: int, until: int) -> list[str]:
        """The event sources with a matching event, from number ``first`` on and below ``until``, by first event."""
        conditions, values = wanted.sql()
        conditions = conditions.replace(" type IN", " +type IN")
        sql = (
            f"SELECT source FROM events WHERE sequence = ? AND number >= ? AND number < ?{conditions} "  # noqa: S608 - names of columns, no values
            "GROUP BY source ORDER BY min(number)"
        )
        return [row[0] for row in self._database.rows(sql, (sequence, first, until, *values))]

    def numbered(self, sequence: int, numbers: Sequence[int]) -> list[Event]:
        """The events of these numbers, in order."""
        found: list[Event] = []
        for start in range(0, len(numbers), 500):
            part = numbers[start : start + 500]
            sql = f"{_SELECT} AND number IN ({','.join('?' * len(part))}) ORDER BY number"
            rows = self._database.rows(sql, (sequence, *part))
            found.extend(_event(row) for row in rows)
        return found


def _row(event: Event) -> tuple[Any, ...]:
    kind = event.type
    return (
        event.number, kind.id, kind.generation, kind.tombstone, event.source, event.content, event.source_type,
        event.stream_type, event.stream_id, event.occurred, event.correlation, event.causation, event.caused_by,
        event.tags, event.subject, event.hash, event.many,
    )  # fmt: skip


def _event(row: tuple[Any, ...]) -> Event:
    number, kind, generation, tombstone, *rest, many = row
    values: Any = (*rest, bool(many))
    return Event(number, EventTypeGeneration(kind, generation, bool(tombstone)), *values)
