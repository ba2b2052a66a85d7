"""A shell for runbooks, and a kernel of their own that can be stopped and started."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.receiver import Receiver
from chronicle_notebook.registration import _wait
from chronicle_notebook.runbook.engine import _run
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session import _connect
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._guard import CONFIRMED, LOCK
from chronicle_notebook.session._profiles import CONFIG
from chronicle_notebook.session._server_choice import PROFILE
from tests.runbook.books import CANARY, Desk

KINDS = ("AccountOpened", "FundsDeposited")
"""The event types of every event store here."""


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No runbook, client, unlocked store or file of profiles of another test, or of the machine."""
    for name in (CONFIRMED, PROFILE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(CONFIG, str(tmp_path / "config.toml"))
    monkeypatch.setenv("NEW_TOKEN", CANARY)
    monkeypatch.chdir(tmp_path)  # runbooks write files beside themselves unless they are told where
    before = set(_connect.clients())
    yield
    for run in list(_run._running):
        run.end()
    LOCK.close()
    for name, client in _connect.clients().items():
        if name not in before:
            client.close()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        instance: Any = InteractiveShell.instance()
        yield instance
        instance.history_manager.end_session()
        InteractiveShell.clear_instance()


@pytest.fixture
def bare_desk(shell: Any) -> Desk:
    """Runs runbooks that must not come as far as a kernel."""
    shell.user_ns["In"][:] = [""]
    return Desk(shell)


@pytest.fixture
def desk(bare_desk: Desk, client: Client, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Runs runbooks on the kernel of ``client``."""
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", shared_sandbox.connection_string)
    assert client.sandbox
    return bare_desk


@pytest.fixture
def endpoint() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def like(bare_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Client]]:
    """Opens a client of a kernel that behaves like a release, which runbooks then use as well."""
    assert bare_desk.shell is not None
    with ExitStack() as stack:

        def opened(release: str) -> Client:
            kernel = stack.enter_context(Sandbox(behaves_like=release, settle_delay=0.02, time_scale=0.01))
            monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", kernel.connection_string)
            client = stack.enter_context(_connect.connect(event_store="shop", name=f"like-{release}"))
            client.ensure_event_store()
            kinds = [RegisteredEventType(EventType(name), {"type": "object"}) for name in KINDS]
            client._kernel.register_event_types("shop", kinds)
            return client

        yield opened


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """While it is set, the kernel has lost its storage, and nobody waits for long for what it will not do."""
    storage_lost, poll = threading.Event(), _wait._poll

    def polling(read: Any, pending: Any, settled: Any, wait: float) -> Any:
        return poll(read, pending, settled, 0.2 if storage_lost.is_set() else wait)

    monkeypatch.setattr(_wait, "_poll", polling)
    return storage_lost
