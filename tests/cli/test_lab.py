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
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

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
    connection: str
    """The connection string of its sandbox, as it printed it."""
    runtime: Path
    """Where it says how its kernels are reached."""
    process: int

    @property
    def secret(self) -> Path:
        """The file with the secret of the sandbox's client."""
        reference = unquote(self.connection.partition("://lab:")[2].partition("@")[0])
        return Path(reference.removeprefix("file:"))

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
    command = [sys.executable, "-m", "chronicle_notebook.cli", "lab", "--no-browser", "--port"]
    with subprocess.Popen(
        [*command, str(port)],
        cwd=project,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address, kernel, *notes = (process.stdout.readline() for _ in range(4))
        yield Lab(address.split()[-1], kernel.split()[-1], home / "runtime", process.pid, [kernel, *notes], project)
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
    assert lab.told[1] == f"Notebooks         {lab.project / 'my-notebooks'}: your copies, which git ignores\n"
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


def descendants(root: int) -> dict[int, str]:
    """The processes below a process, with their command lines and environments as others of the account see them."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found, news = set[int](), {root}
    while news:
        news = {child for child, parent in parents.items() if parent in news} - found
        found |= news
    told = {}
    for each in found:
        with suppress(OSError):
            parts = [Path(f"/proc/{each}/{name}").read_bytes() for name in ("cmdline", "environ")]
            told[each] = b"\n".join(parts).decode(errors="replace")
    return told


def test_nobody_comes_in_without_the_token_and_it_stands_in_no_process(lab: Lab) -> None:
    server, _, rest = lab.address.partition("/lab")
    token = rest.partition("?token=")[2]
    assert len(token) >= 32
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{server}/api/contents")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(f"{server}/api/kernels", b"{}"))
    lab.ask("/api/kernels", b'{"name": "python3"}')
    secret = lab.secret.read_text()
    assert len(secret) >= 32
    processes = descendants(lab.process)
    assert len(processes) >= 3, "JupyterLab, the sandbox and a kernel"
    for told in processes.values():
        assert token not in told
        assert secret not in told


def test_a_terminal_of_the_lab_finds_the_sandbox(lab: Lab) -> None:
    program = "import chronicle_notebook as cn; print(len(cn.connect(event_store='banking').webhooks.ids()))"
    environment = {**os.environ, "CHRONICLE_CONNECTION_STRING": lab.connection}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert int(ran.stdout) > 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another account")
def test_another_account_of_this_machine_gets_nothing(lab: Lab) -> None:
    host = lab.connection.rpartition("@")[2]
    attempts = f"""
import encodings.idna, os, urllib.request
import chronicle_notebook as cn
# Everything is loaded, as the other account cannot read where this Python is installed.
with cn.connect({lab.connection!r}, event_store="banking") as client:
    client.webhooks.all()
os.setgroups([]); os.setgid(65534); os.setuid(65534)
def no(attempt):
    try:
        attempt()
    except Exception as error:
        return type(error).__name__
    raise SystemExit("it got in")
print(no(lambda: open({str(lab.secret)!r}).read()))
print(no(lambda: urllib.request.urlopen({lab.address.partition("/lab")[0] + "/api/contents"!r})))
print(no(lambda: cn.connect("chronicle://{host}").webhooks.all()))
print(no(lambda: cn.connect("chronicle://{host}/?auth=none").webhooks.all()))
print(no(lambda: cn.connect({lab.connection!r}).webhooks.remove("audit-trail")))
"""
    ran = subprocess.run([sys.executable, "-c", attempts], capture_output=True, text=True, cwd="/", check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.split() == [
        "PermissionError",
        "HTTPError",
        "AuthenticationError",
        "AuthenticationError",
        "SecretUnavailableError",
    ]


@pytest.mark.parametrize("end", ["its terminal", "its parent", "kill -9"])
def test_nothing_is_left_however_it_ends(end: str, tmp_path: Path) -> None:
    """A shell starts the lab, as make does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lab = f"{sys.executable} -m chronicle_notebook.cli lab --no-browser --port {port} --notebooks {tmp_path}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "CHRONICLE_"))}
    with subprocess.Popen(
        ["/bin/sh", "-c", f"{lab} & echo $!; wait"],
        env={**kept, "HOME": str(tmp_path)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as shell:
        assert shell.stdout is not None
        started = int(shell.stdout.readline())
        address = shell.stdout.readline().split()[-1]
        server, _, rest = address.partition("/lab")
        head = {"Authorization": f"token {rest.partition('?token=')[2]}"}
        urllib.request.urlopen(urllib.request.Request(f"{server}/api/kernels", b"{}", head)).close()
        below = set(descendants(started))
        assert len(below) >= 3
        match end:
            case "its terminal":
                os.killpg(shell.pid, signal.SIGHUP)
            case "its parent":
                shell.kill()
            case _:
                os.kill(started, signal.SIGKILL)
        eventually(lambda: not [each for each in {started, *below} if alive(each)])
        shell.kill()


def alive(process: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


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
