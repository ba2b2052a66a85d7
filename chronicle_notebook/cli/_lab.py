"""JupyterLab with the notebooks, and a sandbox kernel beside it. Both end together."""

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
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from chronicle_notebook.base._errors import ChronicleError, MissingDependencyError, SandboxError, missing
from chronicle_notebook.base._parent import end_with_parent
from chronicle_notebook.cli._notebook_copies import ASIDE, COPIES, refresh
from chronicle_notebook.sandbox._data_folder import LAB_PREFIX, LAB_SECRET, LAB_SETTINGS, PrivateFolder

READY_WITHIN = 60.0
"""The longest time for a start, in seconds."""
END_WITHIN = 10.0
"""The time in seconds after which a child that should have ended is killed."""
_ENDING = [number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
"""The signals that end JupyterLab and the sandbox. SIGHUP comes when the terminal is closed."""
FIRST = "01-first-steps.ipynb"
"""The first notebook to open."""
SETTINGS = Path(__file__).with_name("lab_settings")
"""Settings of JupyterLab that stop it from asking for news, because nothing may leave this machine. An empty address
for the news is not enough: JupyterLab asks before it checks the address."""


CLIENT = "lab"
"""The id of the one client that the sandbox of the lab lets in."""
_SETTINGS_TEXT = """# Settings of one start of JupyterLab: its token, and its end with the program that started it.
from chronicle_notebook.base._parent import end_with_parent

c.IdentityProvider.token = {token!r}
end_with_parent({parent})
"""


class LabError(ChronicleError):
    """JupyterLab could not start."""


def run(*, port: int, browser: bool, token: bool, notebooks: Path | None = None, newer: bool = False) -> int:
    """Run until interrupted. Returns the exit code.

    :param port: the port of JupyterLab, on the loopback interface.
    :param browser: whether to open a browser.
    :param token: whether JupyterLab asks for a token, which is new at each start. Without a token every account of this
        machine can run code as you.
    :param notebooks: the folder to open; by default copies of the project's notebooks, or the working directory outside
        of a checkout. JupyterLab opens the first tutorial if the folder, or its ``notebooks``, has it.
    :param newer: whether copies with edited cells are replaced by newer versions of the project's notebooks.
    """
    _check(port)
    opened = _open(notebooks, newer=newer)
    key = secrets.token_urlsafe(24) if token else ""
    end_with_parent(os.getppid())
    with (
        _until_told() as told,
        _private() as private,
        _sandbox(private, told) as kernel,
        _jupyter(opened, port, private, key, kernel, browser=browser, told=told) as lab,
    ):
        address = f"http://127.0.0.1:{port}{opened.page}{f'?token={key}' if key else ''}"
        print(f"JupyterLab        {address}")
        print(f"Sandbox kernel    {kernel}")
        for line in opened.notes:
            print(line)
        print("Ctrl-C ends both, and so does closing this terminal.", flush=True)
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
    try:
        import chronicle_notebook.sandbox._main  # noqa: F401 - what is missing is said before anything is started
    except ImportError as error:
        raise missing("lab", "The sandbox kernel beside JupyterLab", error) from None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise LabError(
                f"Port {port} is in use.", hint="Give another one: make lab PORT=8901, or --port 8901."
            ) from None


@dataclass(frozen=True, slots=True)
class _Opened:
    """What JupyterLab opens."""

    folder: Path
    page: str
    """The path of the first page: the first tutorial, or JupyterLab without a page if there is none."""
    hidden: tuple[str, ...] = ()
    """Names that the file browser does not list."""
    notes: tuple[str, ...] = ()
    """Lines about the copies of notebooks."""


def _open(notebooks: Path | None, *, newer: bool) -> _Opened:
    """Find the folder, and bring the copies of the project's notebooks up to date if no folder was given."""
    project = Path(__file__).resolve().parents[2]
    if notebooks is None and (project / "notebooks" / FIRST).is_file():
        # The project is the root, so that links from the copies to docs/ work. Only the copies are listed.
        return _Opened(project, _page(f"{COPIES}/{FIRST}"), ("notebooks",), _refreshed(project, newer=newer))
    if newer:
        raise LabError(
            "There are no copies of notebooks to replace.",
            hint="--newer is for the copies that 'make lab' opens. It cannot be given with --notebooks.",
        )
    folder = (notebooks or Path.cwd()).resolve()
    if not folder.is_dir():
        raise LabError(f"There is no folder {str(folder)!r}.", hint="Give one with --notebooks.")
    found = next((name for name in (FIRST, f"notebooks/{FIRST}") if (folder / name).is_file()), None)
    return _Opened(folder, _page(found))


def _page(notebook: str | None) -> str:
    return "/lab" if notebook is None else f"/lab/tree/{quote(notebook)}"


def _refreshed(project: Path, *, newer: bool) -> tuple[str, ...]:
    try:
        done = refresh(project / "notebooks", project / COPIES, newer=newer)
    except OSError as error:
        raise LabError(
            f"The copies of the notebooks in {COPIES} could not be made: {error.strerror or type(error).__name__}.",
            hint="Give a folder that JupyterLab can write to with --notebooks.",
        ) from None
    lines = [f"Notebooks         {project / COPIES}: your copies, which git ignores"]
    lines += [f"  updated         {name}" for name in done.replaced]
    lines += [f"  your version    {name}" for name in done.set_aside]
    if done.outdated:
        lines += [f"  outdated        {name}" for name in done.outdated]
        lines.append("You edited these copies, and the project has newer versions. 'make lab NEWER=yes' takes them")
        lines.append(f"and keeps yours beside them as NAME{ASIDE}.ipynb.")
    return tuple(lines)


class _Told:
    """Whether SIGINT or SIGTERM has come."""

    def __init__(self) -> None:
        self._came = self._starting = False

    def __bool__(self) -> bool:
        return self._came

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal. The first signal interrupts a start; later ones have no further effect, because everything
        ends anyway."""
        if self._came:
            return
        self._came = True
        if self._starting:
            raise _EndedWhileStarting

    @contextmanager
    def may_end(self) -> Iterator[None]:
        """A context in which a signal may interrupt the start, because nothing is half done."""
        self._starting = True
        try:
            if self._came:
                raise _EndedWhileStarting
            yield
        finally:
            self._starting = False


class _EndedWhileStarting(BaseException):
    """Ends the start. It passes through all code that handles errors."""


@contextmanager
def _until_told() -> Iterator[_Told]:
    """A context that handles SIGINT and SIGTERM. A signal during the start ends the block."""
    told = _Told()
    before = {number: signal.signal(number, told.hear) for number in _ENDING}
    try:
        yield told
    except _EndedWhileStarting:
        print("It ended before it had started.", flush=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _child(command: list[str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own. So Ctrl-C reaches only this process, which then ends the child in order."""
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
def _private() -> Iterator[Path]:
    """A folder that only the owner can enter, for the secret of the sandbox's client and the token of JupyterLab.

    Neither is in a command line or in the environment of kernels and terminals, which others can read.
    """
    folder = PrivateFolder(LAB_PREFIX)
    try:
        _write(folder.path / LAB_SECRET, secrets.token_urlsafe(32))
        yield folder.path
    finally:
        folder.remove()


def _write(path: Path, text: str) -> None:
    """Write a new file that only the owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


@contextmanager
def _sandbox(private: Path, told: _Told) -> Iterator[str]:
    command = [
        *(sys.executable, "-m", "chronicle_notebook.sandbox", "--port", "0", "--seed", "--parent", str(os.getpid())),
        *("--client", f"{CLIENT}=file:{private / LAB_SECRET}"),
    ]
    with _child(command, stdout=subprocess.PIPE) as process:
        with told.may_end():
            line = process.stdout.readline().strip() if process.stdout else ""
        if not line.startswith("chronicle://"):
            raise SandboxError("The sandbox kernel did not start.", hint="Its message is above.")
        yield line


@contextmanager
def _jupyter(
    opened: _Opened, port: int, private: Path, token: str, connection: str, *, browser: bool, told: _Told
) -> Iterator[subprocess.Popen[str]]:
    settings = private / LAB_SETTINGS
    _write(settings, _SETTINGS_TEXT.format(token=token, parent=os.getpid()))
    command = [
        *(sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
        *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={opened.folder}", "--ServerApp.allow_root=True"),
        *(f"--ServerApp.open_browser={browser}", f"--LabApp.default_url={opened.page}"),
        f"--config={settings}",
        *("--LabApp.news_url=", "--LabApp.collaborative=False", "--ServerApp.log_level=WARN"),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        *(f"--ContentsManager.hide_globs={name}" for name in (*opened.hidden, "__pycache__", "*.pyc")),
    ]
    with _child(command, env=_environment(connection)) as process:
        with told.may_end():
            _wait_for(f"http://127.0.0.1:{port}/api", process)
        yield process


def _environment(connection_string: str) -> dict[str, str]:
    """The environment of JupyterLab and its kernels. It names the file with the secret of the sandbox's client.

    Cells and terminals find the programs of this Python, so that ``!chronicle-notebook`` works without an active
    environment.
    """
    return {
        **{name: value for name, value in os.environ.items() if name != "JUPYTER_TOKEN"},
        "CHRONICLE_CONNECTION_STRING": connection_string,
        "CHRONICLE_NOTEBOOK_SANDBOX": connection_string,  # cn.tutorial() connects to this, and to no other
        "CHRONICLE_NOTEBOOK_PROFILE": "",  # a profile could name another kernel
        "JUPYTER_CONFIG_PATH": _before(SETTINGS, "JUPYTER_CONFIG_PATH"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PATH": _before(Path(sys.executable).parent, "PATH"),
    }


def _before(folder: Path, variable: str) -> str:
    """The value of a search path in the environment, with a folder in front of the others."""
    return os.pathsep.join(part for part in (str(folder), os.environ.get(variable, "")) if part)


def _wait_for(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    # A proxy from the environment must not see or refuse a request to this machine.
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
