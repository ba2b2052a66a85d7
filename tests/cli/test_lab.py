"""``chronicle-notebook lab``, without a browser: what it opens, asks nobody, and lets cells find."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from tests.tracked import ROOT, tracked
from tests.waiting import LONG, eventually

FIRST = "/lab/tree/my-notebooks/01-first-steps.ipynb"
CONFIG = re.compile(r'<script id="jupyter-config-data" type="application/json">(.*?)</script>', re.DOTALL)
CONNECTIONS = "kernel-*.json"


@dataclass(frozen=True)
class Lab:
    """What was started."""

    address: str
    """What it printed."""
    runtime: Path
    """Where it says how its kernels are reached."""

    told: list[str]
    """The lines that it printed after its address."""
    project: Path
    """The checkout that it was started in."""

    def ask(self, path: str, body: bytes | None = None, verb: str | None = None) -> tuple[str, str]:
        """Where a request ended, and what was answered; an error for any answer but a good one."""
        server, _, rest = self.address.partition("/lab")
        token = rest.partition("?token=")[2]
        headers = {"Authorization": f"token {token}"}
        request = urllib.request.Request(f"{server}{path}", body, headers, method=verb)
        with urllib.request.urlopen(request) as response:
            return response.url, response.read().decode()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own, of what git holds here."""
    folder = tmp_path_factory.mktemp("checkout")
    for path in tracked():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Lab]:
    """JupyterLab as ``make lab`` starts it, for somebody who never started one, without ``.venv/bin`` on the PATH."""
    home = tmp_path_factory.mktemp("home")
    names = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    folders = {name: str(home / folder) for name, folder in names.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "CHRONICLE_"))}
    env = {**kept, **folders, "HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "PATH": "/usr/bin:/bin"}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "chronicle_notebook.cli", "lab", "--no-browser", "--token", "--port"]
    with subprocess.Popen(
        [*command, str(port)],
        cwd=project,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        yield Lab(address, home / "runtime", [process.stdout.readline() for _ in range(3)], project)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONG)
        assert process.returncode == 0


def test_it_begins_with_the_first_tutorial(lab: Lab) -> None:
    assert lab.address.partition("?token=")[0].endswith(FIRST)
    for path in (FIRST, "/lab"):
        assert "<title>JupyterLab</title>" in lab.ask(path)[1]
    assert lab.ask("/")[0].endswith(FIRST), "what a browser opens is the first tutorial, too"


def test_nobody_is_asked_about_news_at_the_first_start(lab: Lab) -> None:
    found = CONFIG.search(lab.ask("/lab")[1])
    assert found
    assert "@jupyterlab/apputils-extension:announcements" in json.loads(found[1])["disabledExtensions"]


def test_a_cell_finds_the_command(lab: Lab) -> None:
    lab.ask("/api/kernels", b'{"name": "python3"}')
    found = eventually(lambda: list(lab.runtime.glob(CONNECTIONS)))
    client = BlockingKernelClient(connection_file=str(found[0]))
    client.load_connection_file()
    client.start_channels(hb=False)  # a busy machine misses a beat, and that would count as death
    said: list[str] = []
    try:
        client.wait_for_ready(timeout=LONG)
        reply = client.execute_interactive(
            "!chronicle-notebook run --help", timeout=LONG, output_hook=lambda each: said.append(str(each["content"]))
        )
    finally:
        client.stop_channels()
    assert reply["content"]["status"] == "ok"
    assert "usage: chronicle-notebook run" in "".join(said)


def test_tests_are_green_after_a_person_has_run_notebooks(lab: Lab) -> None:
    """In JupyterLab, which saves outputs and checkpoints; and in some other program, in the project's own folder."""
    assert lab.told[1] == "Notebooks         my-notebooks: your copies, which git ignores\n"
    listed = {each["name"] for each in json.loads(lab.ask("/api/contents/")[1])["content"]}
    assert "my-notebooks" in listed
    assert "notebooks" not in listed, "nobody opens the project's own by mistake"

    copy = "/api/contents/my-notebooks/01-first-steps.ipynb"
    model = json.loads(lab.ask(copy)[1])
    run(model["content"], lab.project)
    lab.ask(copy, json.dumps(model).encode(), "PUT")
    lab.ask(f"{copy}/checkpoints", b"", "POST")
    folder = lab.project / "my-notebooks"
    assert str(lab.project) in (folder / "01-first-steps.ipynb").read_text()
    assert list((folder / ".ipynb_checkpoints").iterdir())
    assert git(lab.project, "status", "--porcelain", "--untracked-files=all").count("??") == 0
    assert git(lab.project, "diff", "--name-only") == ""

    own = lab.project / "notebooks" / "01-first-steps.ipynb"
    notebook = json.loads(own.read_text())
    run(notebook, lab.project)
    own.write_text(json.dumps(notebook))
    (own.parent / ".ipynb_checkpoints").mkdir()
    (own.parent / ".ipynb_checkpoints" / "01-first-steps-checkpoint.ipynb").write_text(json.dumps(notebook))
    (own.parent / "Untitled.ipynb").write_text(json.dumps(notebook))
    found = pytest_in(lab.project, "--collect-only", NOTEBOOKS, "tests/docs", "tests/runbook")
    assert found.stdout.count("[01-first-steps]") > 3
    assert not re.findall(r"\[.*(?:checkpoint|Untitled)", found.stdout)
    quick = "committed or link or chart or speaks_of_itself or itself_is_clean"
    chosen = pytest_in(lab.project, "-k", quick, NOTEBOOKS, PACKAGE, "tests/scan/test_scan.py")
    assert chosen.returncode == 0, chosen.stdout
    assert "passed" in chosen.stdout


NOTEBOOKS = "tests/notebooks/test_notebooks.py"
PACKAGE = "tests/test_package.py"


def run(notebook: dict[str, Any], project: Path) -> None:
    """Give each cell an output, as a run does, with a path of this machine."""
    for number, cell in enumerate(each for each in notebook["cells"] if each["cell_type"] == "code"):
        cell["execution_count"] = number
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": f"{project} {Path.home()}/x\n"}]


def pytest_in(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run tests of a checkout."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    env = {**os.environ, "PYTHONPATH": str(project)}
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_while_it_is_still_starting(number: signal.Signals, tmp_path: Path) -> None:
    """Slow starts are made sure of: the program that JupyterLab is started with does nothing but sleep."""
    (tmp_path / "jupyterlab.py").write_text("import time\nprint('starting', flush=True)\ntime.sleep(3600)\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "chronicle_notebook.cli", "lab", "--no-browser", "--port", str(port)]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "starting\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=LONG)
    assert (process.returncode, out, err) == (0, "It ended before it had started.\n", "")
