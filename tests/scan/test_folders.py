"""What is looked at below a folder, and what is said where that is nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chronicle_notebook.cli import main
from chronicle_notebook.scan import scan
from tests.scan.test_scan import CIPHER, book, cell, saved

COMMAND = str(Path(sys.executable).parent / "chronicle-notebook")
WITHOUT_PRIVILEGES = """
import ctypes, os, sys
for capability in (1, 2):  # those by which root reads what it may not
    ctypes.CDLL(None).prctl(24, capability)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_a_notebook_is_one_however_its_name_is_written(tmp_path: Path) -> None:
    saved(tmp_path, book(cell(CIPHER)), "deep/er/A.IPYNB")
    saved(tmp_path, book(cell(CIPHER)), ".venv/lib/b.ipynb")
    leaks, files = scan([tmp_path])
    assert files == 1
    assert [Path(leak.file).name for leak in leaks] == ["A.IPYNB"]


def test_a_folder_without_a_notebook_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("a")
    assert main(["scan", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == f"There is no notebook in {tmp_path}, so nothing was scanned."
    assert main(["scan", str(tmp_path), str(saved(tmp_path / "b", book(cell("x"))))]) == 0


def test_a_folder_that_may_not_be_listed_is_told(tmp_path: Path) -> None:
    saved(tmp_path, book(cell("x")), "a/a.ipynb")
    closed = saved(tmp_path, book(cell(CIPHER)), "closed/b.ipynb").parent
    closed.chmod(0)
    try:
        told = subprocess.run(
            [sys.executable, "-c", WITHOUT_PRIVILEGES, COMMAND, "scan", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        closed.chmod(0o700)
    assert told.returncode == 1
    assert told.stdout == f"{closed}: Permission denied: could not be read\n"
    assert told.stderr.splitlines()[0] == "1 file scanned, no secret found, 1 could not be read."
