"""Event stores, their namespaces and the sequences in them, in storage."""

from __future__ import annotations

from chronicle_notebook.sandbox.storage._database import Database


class EventStoreTable:
    """Names and keys. There are few of all three, so callers keep them in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stores(self) -> list[tuple[int, str]]:
        """Key and name of each event store, oldest first."""
        return self._database.rows("SELECT key, name FROM event_stores ORDER BY key")

    def namespaces(self) -> list[tuple[int, int, str]]:
        """Key, store and name of each namespace, oldest first."""
        return self._database.rows("SELECT key, store, name FROM namespaces ORDER BY key")

    def sequences(self) -> list[tuple[int, int, str]]:
        """Key, namespace and name of each sequence that was used, oldest first."""
        return self._database.rows("SELECT key, namespace, name FROM sequences ORDER BY key")

    def add_store(self, name: str) -> int:
        """Store an event store, and return its key."""
        return self._insert("INSERT INTO event_stores (name) VALUES (?)", name)

    def add_namespace(self, store: int, name: str) -> int:
        """Store a namespace, and return its key."""
        return self._insert("INSERT INTO namespaces (store, name) VALUES (?, ?)", store, name)

    def add_sequence(self, namespace: int, name: str) -> int:
        """Store a sequence, and return its key."""
        return self._insert("INSERT INTO sequences (namespace, name) VALUES (?, ?)", namespace, name)

    def _insert(self, sql: str, *values: object) -> int:
        with self._database.transaction() as connection:
            key = connection.execute(sql, values).lastrowid
        if key is None:
            raise RuntimeError("the row got no key")
        return key
