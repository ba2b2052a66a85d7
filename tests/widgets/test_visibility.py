"""Widgets that nobody looks at rest, go on when somebody does, and go when nobody could any more."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import ipywidgets
import pytest
from comm import get_comm_manager

import chronicle_notebook as cn
from chronicle_notebook import Receiver
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.reading._observation import ObservationState
from chronicle_notebook.session._client import Client
from chronicle_notebook.widgets import _visibility
from chronicle_notebook.widgets._visibility import LEASES, FreeTime, Leases
from tests.receiver._http import body, event, send
from tests.waiting import LONG, eventually
from tests.widgets.conftest import receive

HOOK = WebhookDefinition("audit", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_visibility, "FAREWELL", 0.05)


def running(client: Client) -> tuple[list[str], int]:
    """Threads of widgets, and streams of the client."""
    names = sorted(each.name for each in threading.enumerate() if each.name.startswith(("explorer", "observe", "insp")))
    return names, len(client._channel._streams)


@pytest.fixture
def explorer(client: Client) -> Iterator[Any]:
    client.webhooks.register(HOOK)
    made = client.webhooks.explore()
    assert made.model.wait_for_first(LONG)
    yield made
    made.close()


def test_an_explorer_that_the_browser_has_left_rests_and_keeps_what_it_knows(explorer: Any, client: Client) -> None:
    explorer.selected_ids = ["audit"]
    explorer.filter = {"text": "aud"}
    assert running(client)[1] == 1
    receive(explorer, kind="gone")
    eventually(lambda: explorer.resting)
    eventually(lambda: running(client) == ([], 0))
    assert explorer.model.link is ObservationState.STOPPED
    assert explorer.model.hooks.ids == ["audit"]
    assert [each.id for each in explorer.model.selected] == ["audit"]
    assert explorer.filter == {"text": "aud"}
    assert not explorer.closed


def test_a_browser_that_still_shows_it_keeps_it_awake(
    explorer: Any, sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = _visibility.FAREWELL
    monkeypatch.setattr(_visibility, "FAREWELL", LONG)
    receive(explorer, kind="gone")
    assert sent[-1] == {"kind": "who"}
    receive(explorer, kind="shown")
    eventually(lambda: LEASES._until[explorer] > time.monotonic() + 100)
    other = Resting()
    LEASES.renew(other)
    monkeypatch.setattr(_visibility, "FAREWELL", brief)
    LEASES.shorten(other)
    eventually(lambda: other.rested)
    assert not explorer.resting


def test_an_explorer_that_rests_goes_on_when_a_browser_shows_it(
    explorer: Any, client: Client, sent: list[dict[str, Any]]
) -> None:
    explorer.selected_ids = ["audit"]
    receive(explorer, kind="gone")
    eventually(lambda: explorer.resting)
    client.webhooks.register(HOOK.changed(id="later"))
    sent.clear()
    receive(explorer, kind="hello")
    assert not explorer.resting
    eventually(lambda: explorer.model.find("later"))
    eventually(lambda: explorer.model.link is ObservationState.LIVE)
    assert [message["kind"] for message in sent].count("rows") <= 1, "what was known is not taken away first"
    assert explorer.selected_ids == ["audit"]
    assert running(client)[1] == 1


def test_python_that_asks_an_explorer_that_rests_is_given_what_is_there_now(explorer: Any, client: Client) -> None:
    explorer.selected_ids = ["later"]
    for ask in (lambda: list(explorer.frame.index), lambda: [each.id for each in explorer.selected]):
        receive(explorer, kind="gone")
        eventually(lambda: explorer.resting)
        client.webhooks.register(HOOK.changed(id="later"))
        assert "later" in ask()
        client.webhooks.remove("later")
    explorer.close()
    assert explorer.frame is not None
    assert running(client) == ([], 0)


def test_silence_for_the_length_of_a_lease_is_enough(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_visibility, "LEASE", 0.3)
    explorer = client.webhooks.explore()
    eventually(lambda: explorer.resting)
    eventually(lambda: running(client) == ([], 0))
    explorer.close()


def test_an_inspector_that_rests_hears_nothing_and_catches_up(client: Client, sent: list[dict[str, Any]]) -> None:
    with Receiver() as endpoint:
        inspector = cn.widgets.DeliveryInspector(endpoint)
        receive(inspector, kind="gone")
        eventually(lambda: inspector.resting)
        eventually(lambda: running(client)[0] == [])
        send(endpoint.url, body(event(content={"a": 1})))
        assert len(inspector.frame) == 1
        assert inspector.resting, "the receiver knows it without"
        receive(inspector, kind="shown")
        # What was told of while it woke may have come before: then it is replaced by all.
        first = next(n for n, each in enumerate(sent) if each["kind"] == "all")
        assert sent[first]["rows"]["number"] == [1]
        send(endpoint.url, body(event(content={"a": 2})))
        inspector.model._take(endpoint.deliveries[0])  # told of late, after it was read with the others
        eventually(lambda: any(each["kind"] == "more" for each in sent[first:]))
        inspector.close()
        assert [each["rows"]["number"] for each in sent[first:] if each["kind"] == "more"] == [[2]]


def test_a_widget_that_rests_and_that_nothing_refers_to_is_closed(client: Client) -> None:
    comms, widgets = set(get_comm_manager().comms), set(ipywidgets.widgets.widget._instances)
    with Receiver() as endpoint:
        views: list[Any] = [
            client.webhooks.explore(),
            cn.widgets.WebhookForm(client),
            cn.widgets.DeliveryInspector(endpoint),
        ]
        views[0].model.wait_for_first(LONG)
        left: list[Any] = [weakref.ref(view) for view in views]
        for view in views:
            receive(view, kind="hello")
        del views, view
        gc.collect()
        assert all(each() is not None for each in left), "a browser may show them"
        for each in left:
            each()._received(None, {"kind": "gone"}, [])
        eventually(lambda: all(gc.collect() is not None and each() is None for each in left))
        assert set(get_comm_manager().comms) == comms
        assert set(ipywidgets.widgets.widget._instances) == widgets
        assert running(client) == ([], 0)


def test_what_a_browser_sends_reaches_a_widget_that_ipywidgets_holds_weakly(explorer: Any) -> None:
    message = {"content": {"data": {"method": "update", "state": {"selected_ids": ["audit"]}}}}
    get_comm_manager().comms[explorer.model_id].handle_msg(message)
    assert explorer.selected_ids == ["audit"]
    assert ipywidgets.widgets.widget._instances[explorer.model_id].selected_ids == ["audit"]


class Resting:
    """Somebody who only notes that he was let go."""

    rested = False
    beats = 0

    def rest(self) -> None:
        self.rested = True

    def beat(self) -> None:
        self.beats += 1


def test_the_thread_of_leases_ends_with_the_last_of_them() -> None:
    leases, one, two = Leases(), Resting(), Resting()
    for each in (one, two):
        leases.renew(each)
    thread = leases._thread
    assert thread is not None
    leases.end(one)
    assert leases.holds(two)
    leases.shorten(two)
    eventually(lambda: two.rested)
    thread.join(LONG)
    assert not thread.is_alive()
    assert not one.rested
    leases.renew(one)
    assert leases.holds(one)
    leases.end(one)


def test_nobody_is_let_go_while_the_kernel_cannot_read_what_browsers_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long cell: what browsers say meanwhile waits until it has ended."""
    monkeypatch.setattr(_visibility, "LEASE", 0.01)
    monkeypatch.setattr(_visibility, "SHORT", 0.0)
    leases, one, other = Leases(), Resting(), Resting()
    leases._reading._enter()
    leases.renew(one)
    free = Leases()
    free.renew(other)
    eventually(lambda: other.rested)
    assert not one.rested
    leases._reading._leave()
    eventually(lambda: one.rested)


def test_the_kernel_is_busy_while_ipython_runs_something() -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    try:
        reading = FreeTime()
        assert reading.free_for() > 1
        shell.user_ns.update(reading=reading, seen=[])
        shell.run_cell("reading.watch(); reading.watch(); seen.append(reading.free_for())", store_history=False)
        assert shell.user_ns["seen"] == [0.0]
        assert reading.free_for() > 0
        shell.run_cell("import time; time.sleep(0.15); seen.append(reading.free_for())", store_history=False)
        assert shell.user_ns["seen"] == [0.0, 0.0]
        assert reading.free_for() > 0
        assert shell.events.callbacks["pre_execute"].count(reading._enter) == 1
    finally:
        InteractiveShell.clear_instance()


def test_signs_of_life_are_given_while_a_cell_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_visibility, "BEAT", 0.01)
    leases, one = Leases(), Resting()
    leases._reading._enter()
    leases.renew(one)
    eventually(lambda: one.beats > 3)
    leases.end(one)
