"""The progress of observers, and their failed partitions, in storage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from chronicle_notebook.sandbox.storage._database import Database

PartitionKey: TypeAlias = tuple[int, str, str]
"""Sequence, observer and partition."""
_OBSERVER = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_TOGETHER = (64, 16, 4, 1)
"""How many observers one statement stores. There are few sizes, because SQLite compiles each statement once, and no
release of it allows fewer than 999 values."""


@dataclass(frozen=True, slots=True)
class ObserverRow:
    """The stored state of an observer."""

    sequence: int
    id: str
    event_types: str
    position: int
    next: int
    last: int | None
    handled: int
    tail: int | None
    replay_next: int | None
    replay_until: int | None


@dataclass(frozen=True, slots=True)
class PartitionRow:
    """The stored state of a failed partition."""

    sequence: int
    observer: str
    partition: str
    id: str
    position: int
    replay_until: int
    quarantined: bool
    attempts: str


class ProgressTable:
    """Observers and failed partitions, stored together, so that after a crash they agree."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def observers(self) -> list[ObserverRow]:
        """Every observer."""
        rows = self._database.rows(
            "SELECT sequence, id, event_types, position, next, last, handled, tail, replay_next, replay_until "
            "FROM observers"
        )
        return [ObserverRow(*row) for row in rows]

    def partitions(self) -> list[PartitionRow]:
        """Every failed partition."""
        rows = self._database.rows(
            "SELECT sequence, observer, partition, id, position, replay_until, quarantined, attempts "
            "FROM failed_partitions"
        )
        return [PartitionRow(row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6]), row[7]) for row in rows]

    def save(
        self,
        observers: Iterable[ObserverRow],
        partitions: Iterable[PartitionRow],
        resolved: Iterable[PartitionKey],
        removed: Iterable[tuple[int, str]] = (),
    ) -> None:
        """Store changes in one transaction; ``removed`` are observers by sequence and id."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM observers WHERE sequence = ? AND id = ?", list(removed))
            connection.executemany(
                "DELETE FROM failed_partitions WHERE sequence = ? AND observer = ? AND partition = ?", list(resolved)
            )
            _put(
                connection,
                [
                    (
                        row.sequence, row.id, row.event_types, row.position, row.next, row.last, row.handled, row.tail,
                        row.replay_next, row.replay_until,
                    )
                    for row in observers
                ],
            )  # fmt: skip
            connection.executemany(
                "INSERT OR REPLACE INTO failed_partitions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        row.sequence, row.observer, row.partition, row.id, row.position, row.replay_until,
                        row.quarantined, row.attempts,
                    )
                    for row in partitions
                ],
            )  # fmt: skip


def _put(connection: sqlite3.Connection, observers: list[tuple[object, ...]]) -> None:
    """Store the state of observers.

    Each statement has many rows. With one row each, as in ``executemany``, this thread and the one that delivers would
    wait for each other at each row.
    """
    at = 0
    for size in _TOGETHER:
        statement = f"INSERT OR REPLACE INTO observers VALUES {', '.join([_OBSERVER] * size)}"  # noqa: S608 - no values
        while len(observers) - at >= size:
            connection.execute(statement, [value for row in observers[at : at + size] for value in row])
            at += size
