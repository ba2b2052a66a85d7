"""Transactions that end badly."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from chronicle_notebook.sandbox.storage._database import Database
from chronicle_notebook.sandbox.storage._progress import ObserverRow, ProgressTable

ADD = "INSERT INTO event_stores (name) VALUES (?)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "sandbox.db")
    yield found
    found.close()


def names(database: Database) -> list[str]:
    return [row[0] for row in database.rows("SELECT name FROM event_stores ORDER BY key")]


def run(database: Database, statements: Iterable[tuple[str, str]]) -> None:
    """Execute statements with one parameter each in one transaction."""
    with database.transaction() as writer:
        for sql, value in statements:
            writer.execute(sql, [value])


def test_a_commit_that_fails_leaves_nothing_behind_and_later_transactions_are_committed(database: Database) -> None:
    with database.transaction() as writer:
        writer.execute("CREATE TABLE rule (store INTEGER REFERENCES event_stores (key) DEFERRABLE INITIALLY DEFERRED)")
    writer.execute("PRAGMA foreign_keys = ON")  # checked at COMMIT, which then fails with its transaction still open
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        run(database, [(ADD, "lost"), ("INSERT INTO rule VALUES (?)", "99")])
    with database.transaction() as writer:
        writer.execute(ADD, ["kept"])
    assert names(database) == ["kept"]


def test_an_error_that_ended_the_transaction_by_itself_is_the_one_that_is_told(database: Database) -> None:
    with database.transaction() as writer:
        writer.execute(ADD, ["before"])
    most = writer.execute("PRAGMA page_count").fetchone()[0] + 2
    writer.execute(f"PRAGMA max_page_count = {most}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        run(database, [(ADD, f"{number}" + "x" * 500) for number in range(500)])
    writer.execute(f"PRAGMA max_page_count = {most + 100}")
    with database.transaction() as writer:
        writer.execute(ADD, ["after"])
    assert names(database) == ["before", "after"]


@pytest.mark.parametrize("count", [1, 5, 64, 151])
def test_every_observer_is_stored_however_many_change_at_once(database: Database, count: int) -> None:
    table = ProgressTable(database)
    rows = [ObserverRow(1, f"h-{each:03}", "[]", each, each + 1, each, 2, None, None, None) for each in range(count)]
    table.save(rows[:1], [], [])
    table.save(rows, [], [])
    assert table.observers() == rows
