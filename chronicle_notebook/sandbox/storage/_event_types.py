"""Registered event types, in storage."""

from __future__ import annotations

from collections.abc import Iterable

from chronicle_notebook.sandbox._event_type import EventTypeGeneration, Registration
from chronicle_notebook.sandbox.storage._database import Database


class EventTypeTable:
    """One row per generation of an event type of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[tuple[int, Registration]]:
        """All registrations, with the keys of their stores."""
        rows = self._database.rows(
            "SELECT store, id, generation, tombstone, schema, owner, source FROM event_types ORDER BY rowid"
        )
        return [(row[0], Registration(EventTypeGeneration(row[1], row[2], bool(row[3])), *row[4:])) for row in rows]

    def save(self, store: int, registrations: Iterable[Registration], replaced: Iterable[str] = ()) -> None:
        """Store generations, replacing equal ones. The event types ``replaced`` keep no other generation."""
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM event_types WHERE store = ? AND id = ?", [(store, name) for name in replaced]
            )
            connection.executemany(
                "INSERT INTO event_types VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "tombstone = excluded.tombstone, schema = excluded.schema, owner = excluded.owner, "
                "source = excluded.source",
                [
                    (
                        store,
                        entry.type.id,
                        entry.type.generation,
                        entry.type.tombstone,
                        entry.schema,
                        entry.owner,
                        entry.source,
                    )
                    for entry in registrations
                ],
            )
