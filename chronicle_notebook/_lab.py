"""JupyterLab on the notebooks, with a sandbox kernel beside it; both end together."""

from __future__ import annotations

import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from chronicle_notebook._errors import ChronicleError, MissingDependencyError, SandboxError

READY_WITHIN = 60.0
"""Seconds that a start may take."""
END_WITHIN = 10.0
"""Seconds that a child may take to end before it is killed."""


class LabError(ChronicleError):
    """JupyterLab could not start."""


def run(*, port: int, browser: bool, token: bool, notebooks: Path | None) -> int:
    """Run until interrupted; returns the exit code.

    :param port: the port of JupyterLab, on the loopback interface.
    :param browser: whether to open a browser.
    :param token: whether JupyterLab asks for a token. Without one every user of this machine can use it.
    :param notebooks: the folder to open; the project's own notebooks, or the working directory, unless given.
    """
    _check(port)
    folder = (notebooks or _notebooks()).resolve()
    if not folder.is_dir():
        raise LabError(f"There is no folder {str(folder)!r}.", hint="Give one with --notebooks.")
    key = secrets.token_urlsafe(24) if token else ""
    with (
        _until_told() as told,
        _sandbox() as kernel,
        _jupyter(folder, port, key, kernel, browser=browser) as lab,
    ):
        address = f"http://127.0.0.1:{port}/lab{f'?token={key}' if key else ''}"
        print(f"JupyterLab        {address}")
        print(f"Sandbox kernel    {kernel}")
        print("Ctrl-C ends both.", flush=True)
        while not told and lab.poll() is None:
            time.sleep(0.2)
        if not told:
            raise LabError("JupyterLab ended by itself.", hint="Its log is above.")
        print("Ending.", flush=True)
    return 0


def _check(port: int) -> None:
    if importlib.util.find_spec("jupyterlab") is None:
        raise MissingDependencyError(
            "JupyterLab is not installed.", hint="Install it with: pip install 'chronicle-notebook[lab]'"
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise LabError(
                f"Port {port} is in use.", hint="Give another one: make lab PORT=8901, or --port 8901."
            ) from None


def _notebooks() -> Path:
    own = Path(__file__).resolve().parent.parent / "notebooks"
    return own if own.is_dir() else Path.cwd()


@contextmanager
def _until_told() -> Iterator[list[int]]:
    """A list that is filled by the first SIGINT or SIGTERM."""
    told: list[int] = []

    def tell(number: int, _frame: FrameType | None) -> None:
        if told:
            return
        told.append(number)

    before = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _child(command: list[str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own, so that Ctrl-C reaches only this one, which then ends it in order."""
    process: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
        command, text=True, start_new_session=True, **options
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _sandbox() -> Iterator[str]:
    command = [sys.executable, "-m", "chronicle_notebook.sandbox", "--port", "0", "--seed"]
    with _child(command, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline().strip() if process.stdout else ""
        if not line.startswith("chronicle://"):
            raise SandboxError("The sandbox kernel did not start.", hint="Its message is above.")
        yield line


@contextmanager
def _jupyter(
    folder: Path, port: int, token: str, connection_string: str, *, browser: bool
) -> Iterator[subprocess.Popen[str]]:
    # JUPYTER_TOKEN keeps the token off the command line, where every user of the machine could read it.
    environment = {
        **os.environ,
        "CHRONICLE_CONNECTION_STRING": connection_string,
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_TOKEN": token,
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
        *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}", "--ServerApp.allow_root=True"),
        f"--ServerApp.open_browser={browser}",
        *(() if token else ("--IdentityProvider.token=",)),
        *("--LabApp.news_url=", "--LabApp.collaborative=False", "--ServerApp.log_level=WARN"),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    with _child(command, env=environment) as process:
        _wait_for(f"http://127.0.0.1:{port}/api", process)
        yield process


def _wait_for(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    # A proxy of the environment must not see, or refuse, a request to this very machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise LabError("JupyterLab did not start.", hint="Its message is above.")
        try:
            opener.open(url, timeout=1).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return
    raise LabError(f"JupyterLab did not answer within {READY_WITHIN:g} seconds.", hint="Its log is above.")
