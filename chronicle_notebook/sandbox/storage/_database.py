"""The database file, its schema and its connections."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import SandboxError
from chronicle_notebook.sandbox._data_folder import private

VERSION = 4

_SCHEMA = """
CREATE TABLE event_stores (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);
CREATE TABLE namespaces (
    key INTEGER PRIMARY KEY, store INTEGER NOT NULL, name TEXT NOT NULL COLLATE NOCASE, UNIQUE (store, name));
CREATE TABLE sequences (
    key INTEGER PRIMARY KEY, namespace INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (namespace, name));
CREATE TABLE event_types (
    store INTEGER, id TEXT, generation INTEGER, tombstone INTEGER, schema TEXT, owner INTEGER, source INTEGER,
    PRIMARY KEY (store, id, generation));
CREATE TABLE events (
    sequence INTEGER, number INTEGER, type TEXT, generation INTEGER, tombstone INTEGER, source TEXT, content TEXT,
    source_type TEXT, stream_type TEXT, stream_id TEXT, occurred TEXT, correlation TEXT, causation TEXT, caused_by TEXT,
    tags TEXT, subject TEXT, hash TEXT, many INTEGER, PRIMARY KEY (sequence, number)) WITHOUT ROWID;
CREATE INDEX events_by_source ON events (sequence, source, number);
CREATE INDEX events_by_type ON events (sequence, type, number);
CREATE TABLE webhooks (
    store INTEGER, id TEXT, sequence TEXT, event_types TEXT, url TEXT, headers TEXT, authorization TEXT,
    replayable INTEGER, active INTEGER, PRIMARY KEY (store, id));
CREATE TABLE unsettled (store INTEGER, number INTEGER, webhook TEXT, PRIMARY KEY (store, number)) WITHOUT ROWID;
CREATE TABLE observers (
    sequence INTEGER, id TEXT, event_types TEXT, position INTEGER, next INTEGER, last INTEGER, handled INTEGER,
    tail INTEGER, replay_next INTEGER, replay_until INTEGER, PRIMARY KEY (sequence, id)) WITHOUT ROWID;
CREATE TABLE failed_partitions (
    sequence INTEGER, observer TEXT, partition TEXT, id TEXT, position INTEGER, replay_until INTEGER,
    quarantined INTEGER, attempts TEXT, PRIMARY KEY (sequence, observer, partition)) WITHOUT ROWID;
"""
_TOKENS = "CREATE TABLE IF NOT EXISTS tokens (digest BLOB PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID"
"""A table of its own, so that folders without it stay usable."""


class Database:
    """Two connections in WAL mode: one writes, and the other reads without waiting for the writer.

    A committed transaction survives the end of the process, ``kill -9`` included. Only the loss of the whole machine
    may lose the last ones (``synchronous = NORMAL``), which is good enough for a sandbox. Only the owner can read the
    files, because they contain headers in clear.
    """

    def __init__(self, path: Path) -> None:
        # SQLite creates the files beside it with its mode. Existing files keep their mode.
        for beside in ("-wal", "-shm"):
            if path.with_name(path.name + beside).exists():
                private(path.with_name(path.name + beside))
        private(path)
        self._write_lock = threading.RLock()
        self._read_lock = threading.Lock()
        self._writer = self._connect(path)
        try:
            self._prepare(path)
        except BaseException:
            self._writer.close()
            raise
        self._reader = self._connect(path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The writing connection in a transaction. Inside a transaction it joins that one."""
        with self._write_lock:
            if self._writer.in_transaction:
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk, for example, has already ended the transaction, and another ROLLBACK would hide that
                # error.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """The committed rows that match a query."""
        with self._read_lock:
            return self._reader.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """Close both connections."""
        with self._write_lock, self._read_lock:
            self._reader.close()
            self._writer.close()

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, path: Path) -> None:
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise SandboxError(
                f"The data in {path.parent} was written by another version of the sandbox ({version}, not {VERSION}).",
                hint="Give another data folder.",
            )
        if version == 0:
            self._writer.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {VERSION};COMMIT;")
        self._writer.execute(_TOKENS)
