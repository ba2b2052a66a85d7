"""The files of a sandbox are for its owner alone, whatever folder they are in and whatever the umask says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
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


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    for mode in (0o777, 0o757, 0o1777):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        with pytest.raises(cn.SandboxError, match="Others can write") as caught:
            Sandbox(data=folder).start()
        assert "chmod go-w" in caught.value.hint
        assert list(folder.iterdir()) == []
        assert folder.stat().st_mode & 0o7777 == mode, "a folder that was there is left as it was"


def test_in_a_folder_that_others_can_read_the_files_are_closed(tmp_path: Path) -> None:
    folder = tmp_path / "readable"
    folder.mkdir()
    folder.chmod(0o755)
    assert fill(folder) == {}
    assert modes(folder) == {}
    assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "name", ["sandbox.db", "sandbox.db-wal", "sandbox.lock", "encryption.pem", "encryption.partial"]
)
@pytest.mark.parametrize("kind", ["a file", "nothing", "a folder"])
def test_a_link_in_the_place_of_a_file_is_refused_and_not_followed(tmp_path: Path, name: str, kind: str) -> None:
    folder, victim = tmp_path / "data", tmp_path / "victim"
    folder.mkdir(mode=0o700)
    if kind == "a file":
        victim.write_text("precious")
        victim.chmod(0o644)
    elif kind == "a folder":
        victim.mkdir()
        (victim / "kept").touch()
    (folder / name).symlink_to(victim)
    with pytest.raises(cn.SandboxError, match="is a link"):
        Sandbox(data=folder).start()
    if kind == "a file":
        assert victim.read_text() == "precious"
        assert victim.stat().st_mode & 0o777 == 0o644
    elif kind == "a folder":
        assert (victim / "kept").exists()
    else:
        assert not victim.exists()


def test_a_file_with_a_second_name_is_refused(tmp_path: Path) -> None:
    folder, victim = tmp_path / "data", tmp_path / "victim"
    folder.mkdir(mode=0o700)
    victim.write_text("precious")
    os.link(victim, folder / "sandbox.db")
    with pytest.raises(cn.SandboxError, match="second name"):
        Sandbox(data=folder).start()
    assert victim.read_text() == "precious"


def test_a_folder_called_front_stays(tmp_path: Path) -> None:
    (tmp_path / "front").mkdir()
    (tmp_path / "front" / "App.tsx").write_text("work of a week")
    tmp_path.chmod(0o700)
    with Sandbox(data=tmp_path):
        assert (tmp_path / "front" / "App.tsx").read_text() == "work of a week"
    assert (tmp_path / "front" / "App.tsx").read_text() == "work of a week"


@pytest.mark.parametrize(
    "harm",
    {
        "truncated": lambda path: os.truncate(path, 100),
        "garbage": lambda path: path.write_bytes(b"garbage!" * 1000),
        "a folder": lambda path: (path.unlink(), path.mkdir()),
    }.items(),
    ids=lambda each: each[0],
)
@pytest.mark.parametrize("name", ["sandbox.db", "encryption.pem"])
def test_a_broken_file_is_a_sandbox_error(
    tmp_path: Path, name: str, harm: tuple[str, Callable[[Path], object]]
) -> None:
    folder = tmp_path / "data"
    assert fill(folder) == {}
    harm[1](folder / name)
    with pytest.raises(cn.SandboxError) as caught:
        Sandbox(data=folder).start()
    assert str(folder) in caught.value.message
    assert caught.value.hint


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
