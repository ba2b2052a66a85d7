"""A secret that was given to papermill for a parameter as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chronicle_notebook.cli import main
from chronicle_notebook.scan import scan
from chronicle_notebook.scan._notebook import PARAMETER
from tests.scan.test_scan import book, cell, saved

RUNBOOK = Path(__file__).parents[2] / "notebooks" / "runbooks" / "rotate-secret.ipynb"
START = 'run = cn.runbook.start("r", globals(), schema={"webhook": str, "secret": cn.Secret, "more": Secret | None})'


def test_what_a_runbook_refused_and_papermill_kept_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    executed = tmp_path / "executed.ipynb"
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(RUNBOOK), str(executed)]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    result = subprocess.run(
        [*command, "-p", "secret", "LITERALSECRET123"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert result.returncode != 0
    assert executed.read_text().count("LITERALSECRET123") == 2
    assert main(["scan", str(executed)]) == 1
    out = capsys.readouterr().out
    assert "LITERALSECRET123" not in out
    assert [line.endswith(f": {PARAMETER}") for line in out.splitlines()].count(True) == 2
    assert "source: " in out
    assert "metadata of the notebook: " in out


@pytest.mark.parametrize(
    "assigned",
    ["secret = 'a b c'", "secret: str = 'abc'", "more = '''hunter2'''", "%matplotlib inline\nsecret = 'hunter2'"],
)
def test_whatever_is_given_for_a_secret_is_one(assigned: str, tmp_path: Path) -> None:
    (leak,) = scan([saved(tmp_path, book(cell(assigned), cell(START)))])[0]
    assert leak.kind == PARAMETER


@pytest.mark.parametrize(
    "assigned",
    [
        "secret = 'env:NEW_TOKEN'",
        "secret = 'keyring:chronicle/token'",
        "secret = 'prompt'",
        "secret = ''",
        "secret = None",
        "more = ''",
        "webhook = 'ledger-mirror'",
        "secret = cn.Secret.env('NEW_TOKEN')",
        "def f():\n    secret = 'local'",
        "secret = (",
    ],
)
def test_a_reference_and_another_parameter_are_left_alone(assigned: str, tmp_path: Path) -> None:
    assert scan([saved(tmp_path, book(cell(assigned), cell(START)))])[0] == []
    kept = book(cell(START), papermill={"parameters": {"secret": "env:NEW_TOKEN", "webhook": "ledger-mirror"}})
    assert scan([saved(tmp_path, kept)])[0] == []
