"""The explorer's model: the list live, selection, filter, actions, undo."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chronicle_notebook import Receiver, Secret
from chronicle_notebook._client import Client
from chronicle_notebook._connect import connect
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.model import BearerAuthorization, EventType, WebhookDefinition
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.webhooks._observation import ObservationState
from chronicle_notebook.widgets import _explorer_model
from chronicle_notebook.widgets._explorer_model import ExplorerModel
from chronicle_notebook.widgets._filter import Filter
from chronicle_notebook.widgets._health import Observers
from chronicle_notebook.widgets._told import Level
from tests.many import many_webhooks
from tests.scripted import ScriptedKernel
from tests.widgets.conftest import level, until

HOOK = WebhookDefinition("audit", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))
CRM = HOOK.changed(id="crm", event_types=(EventType("FundsDeposited"),), active=False)


@pytest.fixture
def changes() -> list[str]:
    return []


@pytest.fixture
def model(client: Client, changes: list[str]) -> Iterator[ExplorerModel]:
    client.webhooks.register(HOOK)
    client.webhooks.register(CRM)
    made = ExplorerModel(client, changes.append)
    made.start()
    assert made.wait_for_first(5)
    until(lambda: made.hooks is not None and len(made.hooks) == 2)
    yield made
    made.close()


def test_a_webhook_registered_elsewhere_appears(model: ExplorerModel, client: Client, changes: list[str]) -> None:
    client.webhooks.register(HOOK.changed(id="another"))
    until(lambda: model.find("another"))
    assert "rows" in changes
    assert model.link is ObservationState.LIVE


def test_selected_gives_definitions_and_forgets_what_is_gone(model: ExplorerModel, client: Client) -> None:
    model.select(["crm", "audit", "never-there"])
    assert [each.id for each in model.selected] == ["audit", "crm"]
    client.webhooks.remove("crm")
    until(lambda: model.find("crm") is None)
    assert [each.id for each in model.selected] == ["audit"]


def test_frame_is_what_the_filter_shows(model: ExplorerModel) -> None:
    assert list(model.frame.index) == ["audit", "crm"]
    model.filter = Filter(event_type="FundsDeposited")
    assert list(model.frame.index) == ["crm"]
    model.filter = Filter(state="inactive")
    assert list(model.frame.index) == ["crm"]
    model.filter = Filter(text="nothing like it")
    assert list(model.frame.columns) == list(model.client.webhooks.to_frame().columns)


def test_observers_are_read_while_somebody_looks(model: ExplorerModel, changes: list[str]) -> None:
    assert model.observers is None
    model.shown()
    until(lambda: model.observers)
    assert model.observers is not None
    assert [space.observer.namespace for space in model.observers.spaces["audit"]] == ["Default"]
    assert model.health(CRM).state == "inactive"
    assert "observers" in changes


def test_a_failure_of_deliveries_shows(model: ExplorerModel, client: Client) -> None:
    client.event_log.append("account-1", "AccountOpened", {})
    model.shown()
    until(lambda: model.health(HOOK).state == "failing")
    assert model.health(HOOK).failing == 1


def test_removing_keeps_the_definition_and_undo_registers_it_again(model: ExplorerModel, client: Client) -> None:
    model.remove("audit")
    model.jobs.wait()
    assert model.told is not None
    assert model.told.undo
    assert client.webhooks.all().find("audit") is None
    assert model.undo() is None
    model.jobs.wait()
    assert level(model) is Level.GOOD
    assert client.webhooks.get("audit").event_types == HOOK.event_types
    assert model.removed is None


def test_undo_of_a_webhook_with_credentials_asks_for_them(model: ExplorerModel, client: Client) -> None:
    client.webhooks.register(HOOK.changed(id="secured", authorization=BearerAuthorization(Secret("abc"))))
    until(lambda: model.find("secured"))
    model.remove("secured")
    model.jobs.wait()
    assert model.told is not None
    assert "asks for its bearer credentials" in model.told.lines[-1]
    definition = model.undo()
    assert definition is not None
    assert definition.id == "secured"
    assert client.webhooks.all().find("secured") is None


def test_nothing_is_undone_before_something_was_removed(model: ExplorerModel) -> None:
    assert model.undo() is None
    assert model.jobs.current is None


def test_removing_what_is_gone_is_an_error_that_shows(model: ExplorerModel) -> None:
    model.remove("never-there")
    model.jobs.wait()
    assert model.told is not None
    assert level(model) is Level.ERROR
    assert "has no webhook 'never-there'" in model.told.title


def test_testing_says_what_the_answer_proves(model: ExplorerModel, client: Client) -> None:
    with Receiver() as endpoint:
        client.webhooks.register(HOOK.changed(id="answered", target_url=endpoint.url))
        until(lambda: model.find("answered"))
        model.test("answered")
        model.jobs.wait()
    assert model.told is not None
    assert level(model) is Level.GOOD
    model.test("audit")
    model.jobs.wait()
    assert level(model) is Level.ERROR


def test_a_second_action_waits_its_turn(model: ExplorerModel) -> None:
    release = threading.Event()
    model.jobs.start("Something long", release.wait, lambda _: None, lambda _: None)
    model.remove("audit")
    assert model.told is not None
    assert model.told.title == "Something else is still running."
    release.set()
    model.jobs.wait()


def test_the_kernel_goes_and_comes_back(tmp_path: Path) -> None:
    with Sandbox(settle_delay=0.02, data=tmp_path) as sandbox:
        port = sandbox.port
        client = connect(sandbox.connection_string, event_store="bank", name="comes-back")
        client.ensure_event_store()
        links: list[ObservationState] = []

        def note(what: str) -> None:
            if what == "link":
                links.append(explorer.link)

        explorer = ExplorerModel(client, note)
        explorer.start()
        until(lambda: explorer.link is ObservationState.LIVE)
    until(lambda: explorer.link is ObservationState.RECONNECTING)
    with Sandbox(settle_delay=0.02, port=port, data=tmp_path):
        until(lambda: explorer.link is ObservationState.LIVE, within=20)
        explorer.close()
    client.close()
    assert links[:3] == [ObservationState.LIVE, ObservationState.RECONNECTING, ObservationState.LIVE]


def test_a_kernel_that_cannot_observe_is_told(kernel: ScriptedKernel) -> None:
    kernel.on(methods.GET_VERSION_INFO, methods.GET_VERSION_INFO.response(Version="1.2.3"))
    client = connect(kernel.connection_string, event_store="bank", name="cannot")
    model = ExplorerModel(client, lambda _: None)
    model.start()
    assert model.wait_for_first(5)
    assert model.link is ObservationState.FAILED
    assert model.told is not None
    assert level(model) is Level.ERROR
    model.close()
    client.close()


def test_a_kernel_that_refuses_the_observation_is_told(kernel: ScriptedKernel) -> None:
    many_webhooks(kernel, 3).fail(methods.OBSERVE_WEBHOOKS, grpc.StatusCode.PERMISSION_DENIED)
    client = connect(kernel.connection_string, event_store="banking", name="refused")
    model = ExplorerModel(client, lambda _: None)
    model.start()
    until(lambda: model.told)
    assert level(model) is Level.ERROR
    assert model.link is ObservationState.FAILED
    model.close()
    client.close()


def test_an_error_that_nobody_thought_of_shows_and_reading_goes_on(
    model: ExplorerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_explorer_model, "PACE", 0.01)
    monkeypatch.setattr(_explorer_model, "SHARE", 0)
    with monkeypatch.context() as broken:

        def read(_client: Client) -> Observers:
            raise TypeError("a secret value")

        broken.setattr(_explorer_model, "read_observers", read)
        model.shown()
        until(lambda: model.told)
        assert level(model) is Level.ERROR
        error = model.observers_error
        assert error is not None
        assert error.message == "The observers could not be read (TypeError)."
        assert "secret" not in str(error)
        model.tell(None)
        model.observers_error = None  # so that it is known when it was read again
        until(lambda: model.observers_error)
    model.shown()
    until(lambda: model.observers is not None and model.observers_error is None)
