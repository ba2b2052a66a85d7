"""Files that are changed by one writer at a time."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from chronicle_notebook.base._whole_file import alone_in, write_whole


def test_a_file_system_that_cannot_lock_a_folder_keeps_nobody_from_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    asked: list[int] = []

    def refuse(_: int, how: int) -> None:
        asked.append(how)
        raise OSError(errno.EBADF, "as NFS says of what is open for reading only")

    monkeypatch.setattr(fcntl, "flock", refuse)
    folder = tmp_path / "data"
    with alone_in(folder):
        write_whole(folder / "paused", "one")
    assert (folder / "paused").read_text() == "one"
    assert asked == [fcntl.LOCK_EX]
