"""A test that fails only beside others does not make a run red; one that fails twice does, and so do many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tracked import ROOT

TESTS = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range({failing}))
def test_one(number):
    tries = Path(f"tries-{{number}}")
    tries.write_text((tries.read_text() if tries.exists() else "") + "x")
    assert len(tries.read_text()) > {times}

def test_other():
    assert not Path("other").exists(), "it passed before, and is not run again"
    Path("other").touch()
"""


@pytest.mark.parametrize(("failing", "times", "code", "tries"), [(1, 1, 0, 2), (1, 2, 1, 2), (6, 1, 1, 1)])
def test_what_failed_is_tried_once_more(tmp_path: Path, failing: int, times: int, code: int, tries: int) -> None:
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_it.py").write_text(TESTS.format(failing=failing, times=times))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, *command]
        return subprocess.run(line, cwd=tmp_path, env=kept, capture_output=True, text=True, check=False)

    assert run("-m", "pytest", "-q").returncode == 1
    done = run(str(ROOT / "scripts/retry_tests.py"), "1")
    assert done.returncode == code, done.stdout + done.stderr
    assert (tmp_path / "tries-0").read_text() == "x" * tries
    assert ("needs mending: test_it.py::test_one[0]" in done.stdout) == (code == 0)
