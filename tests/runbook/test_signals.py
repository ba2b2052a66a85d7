"""What is told when a run is ended from outside: by Ctrl-C, by SIGTERM, or because its Jupyter kernel dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from tests.waiting import LONG

COMMAND = str(Path(sys.executable).parent / "chronicle-notebook")
START = """
import os, signal, time
import chronicle_notebook as cn
run = cn.runbook.start("slow", globals())
def wait():
    print("begun", flush=True)
    time.sleep(3600)
done = []
run.step("a", "do this", do=lambda: done.append(1), done=lambda: bool(done))
"""
SLOW = START + 'run.step("b", "do that", do=wait, done=lambda: False)'
APPLY = "run.apply()"
FINISH = "run.finish()"
HALF_WAY = "Started steps may be done. Run it again with the same parameters: it skips the steps that are done."


def written(folder: Path, *sources: str) -> Path:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in sources])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / "slow.ipynb")
    return folder / "slow.ipynb"


@contextmanager
def begun(folder: Path, book: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A run that has come to its slow step."""
    places = {"IPYTHONDIR": str(folder / "ipython"), "TMPDIR": str(folder / "tmp")}
    (folder / "tmp").mkdir()
    with subprocess.Popen(
        [COMMAND, "run", str(book), "--apply", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **places},
        start_new_session=True,
        cwd=folder,
    ) as process:
        try:
            assert process.stderr is not None
            told = ""
            while "begun" not in told:
                told = process.stderr.readline()
                assert told, "it ended before it was told to"
            yield process
        finally:
            process.kill()


def test_ctrl_c_interrupts_the_step_and_the_outcome_is_told(tmp_path: Path) -> None:
    with begun(tmp_path, written(tmp_path, SLOW, APPLY, FINISH)) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert out.splitlines() == [
        "slow: incomplete. 1 of 2 steps done, 0 were done before, 1 not done.",
        "  done       a: do this",
        "  not known  b: do that. The run was ended during this step.",
    ]
    assert err.splitlines()[-2:] == [HALF_WAY, "Interrupted."]
    assert "Traceback" not in err


def test_sigterm_does_so_too_and_nothing_stays_behind(tmp_path: Path) -> None:
    with begun(tmp_path, written(tmp_path, SLOW, APPLY, FINISH), "--json") as process:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=LONG)
    assert process.returncode == 143
    outcome = json.loads(out)
    assert (outcome["status"], outcome["ok"]) == ("incomplete", False)
    assert [each["subject"] for each in outcome["steps"]] == ["a", "b"]
    assert err.splitlines()[-2:] == [HALF_WAY, "Terminated."]
    assert list((tmp_path / "tmp").glob("chronicle-runbook-*")) == []


def test_a_cell_that_does_not_mind_is_ended_by_the_second_signal(tmp_path: Path) -> None:
    stubborn = """
import time
what = "begun"
while True:
    try:
        print(what, flush=True)
        time.sleep(3600)
    except KeyboardInterrupt:
        what = "begun again"
"""
    with begun(tmp_path, written(tmp_path, stubborn)) as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == "begun again\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONG)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in err


def test_no_cell_is_begun_after_one_that_does_not_mind(tmp_path: Path) -> None:
    mild = """
import time
try:
    print("begun", flush=True)
    time.sleep(3600)
except KeyboardInterrupt:
    pass
"""
    with begun(tmp_path, written(tmp_path, mild, "print('the next')")) as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert "the next" not in err


def test_a_kernel_that_dies_is_told_without_a_traceback(tmp_path: Path) -> None:
    book = written(tmp_path, START, "os.kill(os.getpid(), signal.SIGKILL)", FINISH)
    result = subprocess.run(
        [COMMAND, "run", str(book), "--apply"],
        capture_output=True,
        text=True,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        check=False,
        cwd=tmp_path,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert "Traceback" not in result.stderr
    assert "slow ended without an outcome. The Jupyter kernel ended during the run" in result.stderr
    assert HALF_WAY in result.stderr
