"""What every test gets: a clean environment, and a kernel that answers what it is told to."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from chronicle_notebook import Receiver, webhooks
from chronicle_notebook.definition import _declaration
from chronicle_notebook.events import _declared_event_type
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.pausing._place import PAUSED
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._reactor import Reactor
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from chronicle_notebook.session._webhooks import Webhooks
from tests.processes import Groups, rank
from tests.scripted import ScriptedKernel, scripted
from tests.waiting import LONG

# A busy machine is slow, not wrong. What Hypothesis does differently in CI stays.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``pytest -n``, whatever ``--dist`` says: tests that share something expensive run in one process."""
    return Groups(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """With ``pytest -n auto``: half of the time of a test is waiting, for a process or for a browser, say."""
    return min(6, 2 * (os.cpu_count() or 1))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In each process of ``pytest -n``, the groups that take longest come first, so that no process ends long after
    the others."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank(item.nodeid))


def pytest_collection_finish() -> None:
    """All that was imported and collected stays: a garbage collection need not look at it again and again. IPython
    makes one for each cell that is reset, and it takes half a second otherwise."""
    gc.collect()
    gc.freeze()


_FOLDERS = count()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No machine's own settings reach a test, and no test writes what it paused into the user's folder."""
    monkeypatch.setenv(PAUSED, str(tmp_path_factory.getbasetemp() / f"paused-{next(_FOLDERS)}"))
    for name in ("CHRONICLE_CONNECTION_STRING", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_PROBES", os.devnull)  # nothing can be kept there


@pytest.fixture(autouse=True, scope="session")
def all_the_time_that_is_needed() -> None:
    """What a person would soon call late is not late on a busy machine. A test that is to see something late says how
    long it waits; many tests see a registration that never takes effect, so its time is not the longest one."""
    takers: list[Any] = [*vars(Webhooks).values(), *vars(webhooks).values(), Receiver.wait_for]
    for call in takers:
        name, seconds = ("timeout", LONG) if call is Receiver.wait_for else ("wait", 10.0)
        if name in (getattr(call, "__kwdefaults__", None) or {}):
            call.__kwdefaults__[name] = seconds


@pytest.fixture(autouse=True)
def nothing_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes that other test modules declare are none of a test's business."""
    for registry in (_declaration.registry, _declared_event_type._registry):
        monkeypatch.setattr(registry, "_noted", [])


@pytest.fixture
def kernel() -> Iterator[ScriptedKernel]:
    with scripted() as running:
        yield running


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sandboxes of this process answer a registration or removal only once it is in effect.

    For tests of what does not take effect: however short they wait for it, the rest is there by then.
    """
    append = Reactor.append

    def append_and_settle(self: Reactor, *arguments: Any) -> None:
        append(self, *arguments)
        self.wait_until_settled(LONG)

    monkeypatch.setattr(Reactor, "append", append_and_settle)


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    """One sandbox for the tests that each bring an event store of their own."""
    with Sandbox(settle_delay=0.02, time_scale=0.01) as running:
        yield running


@pytest.fixture
def client(shared_sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of an event store that only this test uses, with two event types."""
    store = "store-" + format(abs(hash(request.node.nodeid)), "x")
    opened = connect(shared_sandbox.connection_string, event_store=store, name=store)
    opened.ensure_event_store()
    kinds = [RegisteredEventType(EventType(name), {"type": "object"}) for name in ("AccountOpened", "FundsDeposited")]
    opened._kernel.register_event_types(store, kinds)
    yield opened
    for hook in opened.webhooks.all():
        opened.webhooks.remove(hook.id)
    opened.close()
