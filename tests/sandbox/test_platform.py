"""Platforms without what a sandbox needs of Unix: said in so many words, and the client is there all the same."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]

WITHOUT = """
import sys, tempfile, os
sys.modules["fcntl"] = None
import chronicle_notebook as cn

def told(do):
    try:
        do()
    except cn.NotSupportedError as error:
        return error
    raise AssertionError("it did not say so")

for error in (told(cn.Sandbox().start), told(cn.start_sandbox)):
    assert error.message.startswith("A sandbox kernel runs on Linux and macOS"), error
    assert error.hint
error = told(cn.connect)
assert error.message.startswith("No connection string was given and CHRONICLE_CONNECTION_STRING is not set"), error
assert "runs on Linux and macOS" in error.message
assert 'cn.connect("chronicle://localhost:35000")' in error.hint

from chronicle_notebook.cli import main
assert main(["sandbox"]) == 1
assert not [name for name in os.listdir(tempfile.gettempdir()) if name.startswith("chronicle-sandbox")]
"""


def test_without_file_locks_it_says_where_a_sandbox_runs_and_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "runs on Linux and macOS" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_platforms_are_named_where_people_look_for_them() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        classifiers = tomllib.load(file)["project"]["classifiers"]
    assert {each for each in classifiers if each.startswith("Operating System")} == {
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
    }
    assert "Linux and macOS" in (ROOT / "README.md").read_text()
