"""Tracebacks that show the values on each line (``%xmode Verbose``) in a real shell: no secret stands in one.

Every test has secrets in the environment, in what it gives, and in what is sent.
"""

from __future__ import annotations

import ast
import base64
import io
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import chronicle_notebook as cn
from chronicle_notebook.target_test._answer import probe
from tests.waiting import pressing_ctrl_c

CANARY = "qx9canary7"
PACKAGE = Path(cn.__file__).parent


@pytest.fixture(scope="module")
def shell() -> Iterator[Any]:
    """A shell of its own, which prints the values of each line."""
    config = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})
    made: Any = InteractiveShell.instance(config=config)
    made.run_line_magic("xmode", "Verbose")
    yield made
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets that are none of this package's business, and one that is. Errors show as any other exception would."""
    monkeypatch.delattr(cn.ChronicleError, "_render_traceback_", raising=False)
    monkeypatch.setenv("OTHER_DB_PASSWORD", f"{CANARY}-other")
    monkeypatch.setenv("WEBHOOK_TOKEN", f"{CANARY}-token")


@pytest.fixture
def failing(shell: Any) -> Callable[..., str]:
    """Runs a cell that must fail, and gives its traceback, with every local variable of the package's frames below."""

    def run(code: str, **names: object) -> str:
        shell.user_ns.update(cn=cn, **names)
        heard = io.StringIO()
        with redirect_stdout(heard), redirect_stderr(heard):
            result = shell.run_cell(code)
        assert result.error_in_exec is not None, heard.getvalue()
        text = heard.getvalue()
        assert type(result.error_in_exec).__name__ in text
        assert "Cell In[" in text
        return text + locals_of(result.error_in_exec)

    return run


def locals_of(error: BaseException | None) -> str:
    """What tools show that print local variables, such as rich."""
    shown = []
    while error is not None:
        for frame in traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True):
            if Path(frame.filename).is_relative_to(PACKAGE):
                shown += [f"{frame.name}: {name} = {value}" for name, value in (frame.locals or {}).items()]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(shown)


# -- the environment -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["cn.connect()", "cn.doctor()"])
def test_a_bad_connection_string_in_the_environment_does_not_print_the_environment(
    failing: Callable[..., str], call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", f"chronicle://me:{CANARY}@h:70000")
    assert CANARY not in failing(call)


def test_a_variable_that_is_not_set_does_not_print_the_environment(failing: Callable[..., str]) -> None:
    assert CANARY not in failing("cn.Secret.env('NOT_SET_ANYWHERE').reveal()")


def test_no_line_of_the_package_names_the_whole_environment() -> None:
    """Such a line shows all of it when it raises. Those that hand it to a process, or set a variable, are known."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb"}
    }
    assert found <= {"base/_fork.py", "base/_secrets.py", "cli/_lab.py", "cli/_runner.py", "connection/_grpc.py"}


# -- a test request ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """Somebody who never answers."""

    url: str
    reached: threading.Event
    """Set as soon as somebody waits for it."""


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """A target whose queue is full, so that no connection to it is ever made."""
    reached, connect = threading.Event(), socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        reached.set()
        connect(self, address)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            with suppress(BlockingIOError):
                each.connect(("127.0.0.1", port))
        monkeypatch.setattr(socket.socket, "connect", noted)
        yield Target(f"http://127.0.0.1:{port}/in", reached)
        for each in waiting:
            each.close()


@pytest.fixture
def mute() -> Iterator[Target]:
    """A target that takes a connection and a request, and says nothing."""
    reached = threading.Event()

    def take() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                reached.set()
                while connection.recv(65536):
                    pass  # until the other side has gone

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        thread = threading.Thread(target=take)
        thread.start()
        yield Target(f"http://127.0.0.1:{listener.getsockname()[1]}/in", reached)
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("target", ["deaf", "mute"])
@pytest.mark.parametrize("kind", ["bearer", "basic", "headers"])
def test_interrupting_a_test_request_does_not_show_what_was_to_be_sent(
    failing: Callable[..., str], target: str, kind: str, request: pytest.FixtureRequest
) -> None:
    builder = cn.DefinitionBuilder().with_event_type("A")
    secret = cn.Secret.env("WEBHOOK_TOKEN")
    given = {
        "bearer": lambda: builder.with_bearer_token(secret),
        "basic": lambda: builder.with_basic_auth("ada", secret),
        "headers": lambda: builder.with_header("x-a", f"{CANARY}-a").with_header("x-b", secret),
    }[kind]()
    silent: Target = request.getfixturevalue(target)
    with pressing_ctrl_c(silent.reached.is_set):
        text = failing("cn_probe(hook, timeout=3600)", cn_probe=probe, hook=given.build("h", silent.url))
    assert "KeyboardInterrupt" in text
    assert CANARY not in text
    assert base64.b64encode(f"ada:{CANARY}-token".encode()).decode()[:12] not in text


def test_interrupting_the_prompt_for_one_secret_does_not_show_the_others(
    failing: Callable[..., str], mute: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_prompt: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("getpass.getpass", interrupt)
    builder = cn.DefinitionBuilder().with_event_type("A").with_header("x-a", cn.Secret.env("WEBHOOK_TOKEN"))
    hook = builder.with_header("x-b", f"{CANARY}-b").with_bearer_token(cn.Secret.prompt("Token")).build("h", mute.url)
    assert CANARY not in failing("cn_probe(hook)", cn_probe=probe, hook=hook)


# -- profiles ------------------------------------------------------------------------------------------------------

PROFILES = f"""
[profiles.literal]
connection = "chronicle://me:{CANARY}-literal@h:1"
[profiles.broken]
connection = "chronicle://me:{CANARY}@broken@h:1:2"
[profiles.mistyped]
connectoin = "chronicle://me:{CANARY}-mistyped@h"
[profiles.wrong]
connection = 5
event_store = "{CANARY}-store"
[profiles.reference]
connection = "env:WHOLE"
[profiles.table]
connection = "chronicle://me:env%3ANOT_SET_ANYWHERE@127.0.0.1:1"
"""


@pytest.mark.parametrize("name", ["literal", "broken", "mistyped", "wrong", "reference", "absent", "table"])
def test_a_profile_that_is_refused_shows_nothing_of_the_file(
    failing: Callable[..., str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(PROFILES)
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_CONFIG", str(path))
    monkeypatch.setenv("WHOLE", f"chronicle://me:{CANARY}-whole@h:1:2")
    assert CANARY not in failing(f"cn.connect(profile={name!r}, timeout=1)")


@pytest.mark.parametrize("content", [f'profiles = "{CANARY}"', f'other = "{CANARY}"', f"[profiles\n{CANARY}"])
def test_a_file_that_holds_no_profiles_shows_nothing_of_itself(
    failing: Callable[..., str], content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(content)
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_CONFIG", str(path))
    assert CANARY not in failing("cn.connect(profile='prod')")


# -- certificates --------------------------------------------------------------------------------------------------

CHAIN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n"
ENCRYPTED = f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{CANARY}\n-----END ENCRYPTED PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "content",
    [
        CHAIN + KEY,
        CHAIN + KEY.partition("-----END")[0],
        CHAIN + KEY + "-----BEGIN PRIVATE KEY-----\n",
        CHAIN + ENCRYPTED,
        CHAIN + ENCRYPTED.partition("-----END")[0],
        CHAIN,
        KEY,
        CANARY,
    ],
    ids=[
        "bad",
        "truncated key",
        "two keys",
        "encrypted",
        "truncated encrypted",
        "no key",
        "not a readable certificate",
        "neither",
    ],
)
def test_a_certificate_file_that_cannot_be_used_is_told_of_and_shows_no_key(
    failing: Callable[..., str], content: str, tmp_path: Path
) -> None:
    path = tmp_path / "client.pem"
    path.write_text(content)
    text = failing(
        "cn.connect('chronicle://127.0.0.1:1', client_certificate=path,"
        " client_certificate_password=cn.Secret.env('WEBHOOK_TOKEN'))",
        path=path,
    )
    assert CANARY not in text
    assert "InvalidInputError: The file that client_certificate names" in text
