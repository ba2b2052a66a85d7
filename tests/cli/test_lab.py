"""``chronicle-notebook lab``, without a browser: what it opens, asks nobody, and lets cells find."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from tests.waiting import LONG, eventually

ROOT = Path(__file__).parents[2]
FIRST = "/lab/tree/notebooks/01-first-steps.ipynb"
CONFIG = re.compile(r'<script id="jupyter-config-data" type="application/json">(.*?)</script>', re.DOTALL)
CONNECTIONS = "kernel-*.json"


@dataclass(frozen=True)
class Lab:
    """What was started."""

    address: str
    """What it printed."""
    runtime: Path
    """Where it says how its kernels are reached."""

    def ask(self, path: str, body: bytes | None = None) -> tuple[str, str]:
        """Where a request ended, and what was answered; an error for any answer but a good one."""
        server, _, rest = self.address.partition("/lab")
        token = rest.partition("?token=")[2]
        request = urllib.request.Request(f"{server}{path}", body, {"Authorization": f"token {token}"})
        with urllib.request.urlopen(request) as response:
            return response.url, response.read().decode()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
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
        [*command, str(port), "--notebooks", "."],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield Lab(process.stdout.readline().split()[-1], home / "runtime")
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
