"""Keeping progress while storage fails."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._stores import SequenceScope
from chronicle_notebook.sandbox._webhook import Webhook
from chronicle_notebook.sandbox.delivery._failure import Failure
from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.delivery._partition import Partition
from chronicle_notebook.sandbox.delivery._saver import Saver
from chronicle_notebook.sandbox.storage._database import Database
from chronicle_notebook.sandbox.storage._progress import ProgressTable
from tests.sandbox.conftest import Client, Endpoint, hook
from tests.waiting import LONG, eventually

CANARY = "canary-4711"


class Failing:
    """Makes every storing of progress fail while ``broken``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.broken = False
        self.failures = 0
        save = ProgressTable.save

        def guarded(table: ProgressTable, *rows: Any) -> None:
            if self.broken:
                self.failures += 1
                raise sqlite3.OperationalError(CANARY)
            save(table, *rows)

        monkeypatch.setattr(ProgressTable, "save", guarded)


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(monkeypatch)


def stored(data: Path) -> list[int]:
    """The number of handled events in the file, by observer."""
    connection = sqlite3.connect(data / "sandbox.db")
    try:
        return [row[0] for row in connection.execute("SELECT handled FROM observers WHERE id = 'h'")]
    finally:
        connection.close()


def test_progress_that_could_not_be_stored_is_stored_once_it_can_be(
    tmp_path: Path, endpoint: Endpoint, storage: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    with Sandbox(data=tmp_path, settle_delay=0) as sandbox:
        client = Client(sandbox.port)
        client.register_types("One")
        client.settle(hook("h", endpoint.url(), "One"))
        storage.broken = True
        client.append("a", "One")
        endpoint.expect([0])
        eventually(lambda: storage.failures >= 2)
        storage.broken = False
        eventually(lambda: stored(tmp_path) == [1])
        client.append("a", "One")
        eventually(lambda: stored(tmp_path) == [2])
        client.close()
    (record,) = [entry for entry in caplog.records if entry.levelno >= logging.WARNING]
    assert "OperationalError" in record.getMessage()
    assert CANARY not in caplog.text


def test_the_sandbox_stops_although_progress_cannot_be_stored(
    tmp_path: Path, endpoint: Endpoint, storage: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threading.enumerate())
    with Sandbox(data=tmp_path, settle_delay=0) as sandbox:
        client = Client(sandbox.port)
        client.register_types("One")
        client.settle(hook("h", endpoint.url(), "One"))
        client.append("a", "One")
        eventually(lambda: stored(tmp_path) == [1])
        storage.broken = True
        client.append("a", "One")
        endpoint.expect([0, 1])
        eventually(lambda: storage.failures > 0)
        client.close()
    left = set(threading.enumerate()) - before
    assert [thread.name for thread in left if thread.name.startswith("chronicle-sandbox")] == []
    assert "not stored" in caplog.text
    assert CANARY not in caplog.text
    storage.broken = False
    with Sandbox(data=tmp_path, settle_delay=0):
        endpoint.expect([0, 1, 1])  # sent again, never missed


def observer_of(id_: str) -> Observer:
    return Observer(SequenceScope(1, "shop", "Default", "event-log"), Webhook(id_, "", "event-log", (), active=False))


class Held(ProgressTable):
    """A table whose first storing waits until it is let go, and then fails."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.started = threading.Event()
        self.go = threading.Event()
        self.done = threading.Event()

    def save(self, observers: Iterable[Any], *rows: Any) -> None:
        taken = list(observers)
        if taken and not self.started.is_set():
            self.started.set()
            assert self.go.wait(LONG)
            raise sqlite3.OperationalError(CANARY)
        super().save(taken, *rows)
        if self.started.is_set():
            self.done.set()


def store_amid(table: Held, before: Callable[[Saver], None], meanwhile: Callable[[Saver], None]) -> None:
    """Note changes, and others while the first ones are being stored, which fails."""

    async def run() -> None:
        saver = Saver(table)
        before(saver)
        saving = asyncio.create_task(saver.run())
        assert await asyncio.to_thread(table.started.wait, 10)
        meanwhile(saver)
        table.go.set()
        assert await asyncio.to_thread(table.done.wait, 10)
        saver.close()
        await saving

    asyncio.run(run())


def test_what_changed_meanwhile_is_newer_than_what_could_not_be_stored(tmp_path: Path) -> None:
    database = Database(tmp_path / "sandbox.db")
    table = Held(database)
    kept, resolved, gone, old, new = (observer_of(id_) for id_ in ("kept", "resolved", "gone", "again", "again"))
    one, two = Partition("one", 3), Partition("two", 4)
    for partition in (one, two):
        partition.fail(partition.position, Failure(("refused",)))
    kept.handled, old.handled, new.handled = 5, 6, 7

    def before(saver: Saver) -> None:
        saver.partition(kept, one)
        saver.partition(resolved, two)
        saver.changed(gone)
        saver.changed(old)

    def meanwhile(saver: Saver) -> None:
        kept.handled = 8
        saver.resolved(resolved, two)
        saver.removed(gone)
        saver.removed(old)
        saver.changed(new)

    store_amid(table, before, meanwhile)
    assert {row.id: row.handled for row in table.observers()} == {"kept": 8, "resolved": 0, "again": 7}
    assert [(row.observer, row.partition) for row in table.partitions()] == [("kept", "one")]
    database.close()


def test_a_removal_that_could_not_be_stored_is_not_forgotten(tmp_path: Path) -> None:
    database = Database(tmp_path / "sandbox.db")
    table = Held(database)
    gone, other = observer_of("gone"), observer_of("other")
    table.save([], [], [])
    ProgressTable(database).save([gone.row()], [], [])

    def before(saver: Saver) -> None:
        saver.removed(gone)
        saver.changed(other)

    store_amid(table, before, lambda _saver: None)
    assert [row.id for row in table.observers()] == ["other"]
    database.close()
