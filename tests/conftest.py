"""What every test gets: a clean environment, and a kernel that answers what it is told to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chronicle_notebook._client import Client
from chronicle_notebook._connect import connect
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.stores import _declared_event_type
from chronicle_notebook.webhooks import _declaration
from tests.scripted import ScriptedKernel, scripted


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No machine's own settings reach a test."""
    for name in ("CHRONICLE_CONNECTION_STRING", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture(autouse=True)
def nothing_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes that other test modules declare are none of a test's business."""
    for registry in (_declaration.registry, _declared_event_type._registry):
        monkeypatch.setattr(registry, "_noted", [])


@pytest.fixture
def kernel() -> Iterator[ScriptedKernel]:
    with scripted() as running:
        yield running


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
