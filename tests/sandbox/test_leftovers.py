"""A sandbox that was killed leaves its temporary folder; the next one deletes it, and no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._data_folder import FRESH, FRONT_PREFIX, LOCK, MARK, PREFIX

RUN = (
    "import sys; from chronicle_notebook.sandbox import Sandbox; running = Sandbox().start(); "
    "print(running.data, flush=True); sys.stdin.read()"
)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # A short path, as the folder for temporary files has: the name of a socket has room for little more.
    with tempfile.TemporaryDirectory(prefix="cn-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def started(temporary: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def aged(folder: Path) -> None:
    long_ago = time.time() - 2 * FRESH
    os.utime(folder, (long_ago, long_ago))


def ended(process: subprocess.Popen[str], number: signal.Signals) -> None:
    process.send_signal(number)
    process.communicate()


def test_the_folder_of_a_killed_sandbox_goes_with_the_next_one(temporary: Path) -> None:
    process, folder = started(temporary)
    ended(process, signal.SIGKILL)
    assert (folder / "sandbox.db").exists()
    with Sandbox():
        assert folder.exists(), "it may belong to one that is only starting"
    for each in temporary.iterdir():
        aged(each)
    with Sandbox() as running:
        assert not folder.exists()
        assert running.data.exists()
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_living_sandbox_stays(temporary: Path) -> None:
    process, folder = started(temporary)
    try:
        aged(folder)
        with Sandbox():
            assert (folder / "sandbox.db").exists()
    finally:
        ended(process, signal.SIGKILL)


def test_what_only_has_such_a_name_stays(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    link, file = temporary / f"{PREFIX}link", temporary / f"{PREFIX}file"
    link.symlink_to(elsewhere)
    file.touch()
    os.utime(file, (0, 0))
    os.utime(link, (0, 0), follow_symlinks=False)
    with Sandbox():
        assert (elsewhere / "kept").exists()
        assert link.is_symlink()
        assert file.exists()


def test_no_folder_of_a_person_goes(temporary: Path) -> None:
    """Whatever its name is, what is in it, and how near to a folder of ours it comes."""
    named = temporary / f"{PREFIX}demo"
    with Sandbox(data=named, seed=True):
        pass
    front = temporary / f"{FRONT_PREFIX}mine"
    front.mkdir()
    (front / "key").write_text("precious")
    marked = temporary / f"{PREFIX}marked"
    marked.mkdir()
    (marked / LOCK).write_bytes(MARK)
    (marked / "precious.txt").write_text("precious")
    (marked / "sandbox.db").mkdir()
    (marked / "sandbox.db" / "precious.txt").write_text("precious")
    linked = temporary / f"{PREFIX}linked"
    linked.mkdir()
    mark = temporary / "mark"
    mark.write_bytes(MARK)
    (linked / LOCK).symlink_to(mark)
    (linked / "sandbox.db").write_text("precious")
    folders = [named, front, marked, linked]
    for folder in folders:
        aged(folder)
    before = {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}
    before.pop(marked / LOCK)
    with Sandbox():
        pass
    assert {path: path.read_bytes() for path in before} == before
    assert len(before) > 5


def test_a_killed_sandbox_leaves_nothing_after_the_next_one(temporary: Path) -> None:
    process, folder = started(temporary)
    fronts = list(temporary.glob(f"{FRONT_PREFIX}*"))
    assert fronts
    ended(process, signal.SIGKILL)
    for each in (folder, *fronts):
        aged(each)
    with Sandbox():
        assert not folder.exists()
        assert not any(each.exists() for each in fronts)
