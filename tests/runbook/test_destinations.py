"""Where the executed notebook and the page go: looked at before anything starts, and told when it fails in the end."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from chronicle_notebook.cli import _runner, main
from chronicle_notebook.scan import Leak
from tests.runbook.test_signals import FINISH, START, written

pytestmark = pytest.mark.filterwarnings("ignore:Proactor event loop", "ignore::DeprecationWarning")

STEP = START + "run.apply()"
USER = """
import os
import chronicle_notebook as cn
run = cn.runbook.start("user", globals(), schema={"user": str, "secret": cn.Secret})
print(f"Its credentials are sent again from CRM_SYNC_USERNAME and {run.secret.reference}; the sandbox of chronicle")
print(os.environ["REGION"])
run.finish("Done.")
"""


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--output", "folder"], "--output cannot be written: folder: Is a directory."),
        (["--html", "folder"], "--html cannot be written: folder: Is a directory."),
        (["--html", "file/page.html"], "--html cannot be written: file/page.html: "),
        (["--output", "/proc/none/saved.ipynb"], "--output cannot be written: /proc/none/saved.ipynb: "),
        (["--output", "slow.ipynb"], "--output is the runbook itself, which would be overwritten."),
        (["--html", "folder/../slow.ipynb"], "--html is the runbook itself, which would be overwritten."),
        (["--output", "linked.ipynb"], "--output is the runbook itself, which would be overwritten."),
        (["--output", "new.ipynb", "--html", "./new.ipynb"], "--output and --html are one file."),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_done(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "mark"
    book = written(tmp_path, f"open({str(mark)!r}, 'w').close()", START, FINISH)
    before = book.read_bytes()
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "linked.ipynb").symlink_to(book)
    assert main(["run", "slow.ipynb", "--apply", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said)
    assert not mark.exists()
    assert book.read_bytes() == before
    assert not (tmp_path / "new.ipynb").exists()


def test_without_room_for_temporary_files_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "mark"
    written(tmp_path, f"open({str(mark)!r}, 'w').close()", START, FINISH)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert main(["run", "slow.ipynb", "--apply"]) == 1
    out, err = capsys.readouterr()
    assert (out, mark.exists()) == ("", False)
    assert err.startswith("No temporary folder can be made for the executed notebook: ")
    assert "TMPDIR" in err


def test_a_page_that_cannot_be_written_in_the_end_hides_no_outcome(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, STEP, FINISH)
    assert main(["run", "slow.ipynb", "--apply", "--html", "/dev/full"]) == 1
    out, err = capfd.readouterr()
    assert out.splitlines() == ["slow: done. 1 of 1 steps done, 0 were done before.", "  done  a: do this"]
    assert "The page could not be written: /dev/full: No space left on device." in err
    assert "Traceback" not in err


def test_a_name_with_braces_is_a_name(tmp_path: Path) -> None:
    written(tmp_path, STEP, FINISH)
    assert main(["run", "slow.ipynb", "--apply", "--output", "{apply}.ipynb"]) == 0
    assert json.loads((tmp_path / "{apply}.ipynb").read_text())["cells"]


def test_what_is_no_secret_fails_no_run_and_what_is_one_is_told_with_the_page_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRM_SYNC_USERNAME", "chronicle")
    monkeypatch.setenv("REGION", "eu-west-1")
    written(tmp_path, "user = 'x'\nsecret = 'env:CRM_SYNC_USERNAME'", USER)
    assert main(["run", "slow.ipynb", "--html", "page.html"]) == 0
    assert "chronicle" in (tmp_path / "page.html").read_text()
    (tmp_path / "page.html").unlink()
    monkeypatch.setenv("CRM_SYNC_TOKEN", "eu-west-1")
    written(tmp_path, "user = 'x'\nsecret = 'env:CRM_SYNC_TOKEN'", USER)
    capfd.readouterr()
    assert main(["run", "slow.ipynb", "--html", "page.html"]) == 1
    out, err = capfd.readouterr()
    assert out == "user: done. Done.\n"
    assert "Secret in the executed notebook: cell 2" in err
    assert "No page was written to page.html, because it would show them." in err
    assert not (tmp_path / "page.html").exists()


def test_the_next_step_of_an_error_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[profiles.production]\n")
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_CONFIG", str(config))
    written(tmp_path, 'profile = "prduction"', START, "run.connect()")
    assert main(["run", "slow.ipynb"]) == 1
    out, err = capfd.readouterr()
    assert out.startswith("slow: failed. ")
    assert "has no profile 'prduction'. Did you mean 'production'?" in err


def test_an_earlier_outcome_in_the_same_file_is_none_of_a_run_that_does_not_start(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    book = written(tmp_path, STEP, FINISH)
    assert main(["run", "slow.ipynb", "--apply", "--output", "saved.ipynb"]) == 0
    book.write_text(book.read_text().replace('"python3"', '"nonesuch"'))
    capfd.readouterr()
    assert main(["run", "slow.ipynb", "--apply", "--output", "saved.ipynb"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "slow ended without an outcome. There is no Jupyter kernel 'nonesuch'." in err
    assert "Traceback" not in err


def test_the_outcome_is_told_before_the_notebook_is_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever becomes of that look, and however long it takes: what was done is done."""
    written(tmp_path, STEP, FINISH)
    told: list[str] = []

    def looked(*arguments: Any, **named: Any) -> list[Leak]:
        told.append(capfd.readouterr().out)
        return [Leak("slow", "cell 1, output 1", "a kind")]

    monkeypatch.setattr(_runner, "scan_notebook", looked)
    assert main(["run", "slow.ipynb", "--apply", "--output", "saved.ipynb"]) == 1
    assert told[0].startswith("slow: done. 1 of 1 steps done")
    assert "Secret in saved.ipynb: cell 1, output 1: a kind" in capfd.readouterr().err


@pytest.mark.parametrize("fault", ["missing", "old"])
def test_what_a_page_needs_is_looked_at_before_anything_is_done(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "mark"
    written(tmp_path, f"open({str(mark)!r}, 'w').close()", START, FINISH)
    if fault == "missing":
        monkeypatch.setitem(sys.modules, "nbconvert", None)
    else:

        def fail(*_: object, **__: object) -> None:
            raise AttributeError("what an old version calls is no longer there")

        monkeypatch.setattr("nbconvert.HTMLExporter.from_notebook_node", fail)
    assert main(["run", "slow.ipynb", "--apply", "--html", "page.html"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "pip install" in err
    assert "nbconvert" in err
    assert not mark.exists()
    assert not (tmp_path / "page.html").exists()


def foreign_kernel(folder: Path) -> None:
    """A kernel that is called python3, as another environment installs it."""
    spec = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    told = {"argv": argv, "display_name": "Other", "language": "python", "env": {"FOREIGN": "yes"}}
    spec.write_text(json.dumps(told))


@pytest.mark.parametrize(("arguments", "foreign"), [([], "no"), (["--kernel", "python3"], "yes")])
def test_a_runbook_runs_in_this_python_unless_another_is_named(
    arguments: list[str], foreign: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign_kernel(tmp_path)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    note = (
        f"import os, sys; open({str(tmp_path / 'note')!r}, 'w').write(os.environ.get('FOREIGN', 'no') + sys.executable)"
    )
    written(tmp_path, note, STEP, FINISH)
    assert main(["run", "slow.ipynb", "--apply", *arguments]) == 0
    assert (tmp_path / "note").read_text() == foreign + sys.executable


def test_a_kernel_that_is_not_installed_is_refused_with_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, STEP, FINISH)
    assert main(["run", "slow.ipynb", "--kernel", "pyhton3"]) == 1
    assert capsys.readouterr().err == "There is no Jupyter kernel 'pyhton3'.\nDid you mean 'python3'?\n"
