"""The files of a sandbox are for its owner alone, whatever folder they are in and whatever the umask says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.model import BearerAuthorization, EventType, WebhookDefinition
from chronicle_notebook.sandbox import Sandbox
from tests.waiting import eventually

CANARY = "qx9canary7"
HOOK = WebhookDefinition(
    "h", "http://127.0.0.1:9/in", (EventType("A"),), BearerAuthorization(Secret(CANARY)), headers={"x-note": CANARY}
)


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """What is open to others, by its name."""
    # A socket is as closed as the folder that it is in.
    found = [path for path in folder.rglob("*") if not path.is_socket()]
    told = {path.relative_to(folder).as_posix(): path.lstat().st_mode & 0o777 for path in found}
    return {name: oct(mode) for name, mode in told.items() if mode & 0o077}


def fill(folder: Path) -> dict[str, str]:
    """Let a sandbox keep a webhook there, and look while it runs."""
    with (
        Sandbox(data=folder, settle_delay=0.01, auth=True) as kernel,
        cn.connect(kernel.connection_string, event_store="shop", name="private") as client,
    ):
        client.ensure_event_store()
        client._kernel.add_webhooks("shop", [HOOK])
        eventually(client.webhooks.ids)
        assert {"sandbox.db", "sandbox.db-wal", "sandbox.db-shm"} <= {path.name for path in folder.iterdir()}
        return modes(folder)


def test_in_a_folder_that_is_open_to_all_the_files_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o777)
    assert fill(folder) == {}
    assert modes(folder) == {}
    assert folder.stat().st_mode & 0o777 == 0o777, "a folder that was there is left as it was"


def test_a_folder_that_is_made_is_closed_too(tmp_path: Path) -> None:
    assert fill(tmp_path / "made") == {}
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700


def test_files_that_an_earlier_one_left_open_are_closed(tmp_path: Path) -> None:
    fill(tmp_path)
    for path in tmp_path.iterdir():
        path.chmod(0o644)
    assert fill(tmp_path) == {}


def test_headers_stand_in_clear_in_the_database_which_is_why(tmp_path: Path) -> None:
    fill(tmp_path)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert CANARY.encode() in stored
