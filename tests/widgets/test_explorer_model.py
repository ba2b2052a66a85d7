"""The explorer's model: the list live, selection, filter, actions, undo."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chronicle_notebook import Receiver, Secret
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.model import (
    BearerAuthorization,
    EventType,
    FailedPartition,
    RegisteredEventType,
    WebhookDefinition,
)
from chronicle_notebook.reading._observation import ObservationState
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from chronicle_notebook.widgets import _explorer_model
from chronicle_notebook.widgets._explorer_model import ExplorerModel
from chronicle_notebook.widgets._filter import ExplorerFilter
from chronicle_notebook.widgets._health import Observers
from chronicle_notebook.widgets._message import Level, told_retry
from tests.many import many_webhooks
from tests.scripted import ScriptedKernel
from tests.waiting import eventually
from tests.widgets.conftest import level

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
    eventually(lambda: made.hooks is not None and len(made.hooks) == 2)
    yield made
    made.close()


def test_a_webhook_registered_elsewhere_appears(model: ExplorerModel, client: Client, changes: list[str]) -> None:
    client.webhooks.register(HOOK.changed(id="another"))
    eventually(lambda: model.find("another"))
    assert "rows" in changes
    assert model.link is ObservationState.LIVE


def test_selected_gives_definitions_and_forgets_what_is_gone(model: ExplorerModel, client: Client) -> None:
    model.select(["crm", "audit", "never-there"])
    assert [each.id for each in model.selected] == ["audit", "crm"]
    client.webhooks.remove("crm")
    eventually(lambda: model.find("crm") is None)
    assert [each.id for each in model.selected] == ["audit"]


def test_frame_is_what_the_filter_shows(model: ExplorerModel) -> None:
    assert list(model.frame.index) == ["audit", "crm"]
    model.filter = ExplorerFilter(event_type="FundsDeposited")
    assert list(model.frame.index) == ["crm"]
    model.filter = ExplorerFilter(state="inactive")
    assert list(model.frame.index) == ["crm"]
    model.filter = ExplorerFilter(text="nothing like it")
    assert list(model.frame.columns) == list(model.client.webhooks.all().to_frame().columns)


def test_observers_are_read_while_somebody_looks(model: ExplorerModel, changes: list[str]) -> None:
    assert model.observers is None
    model.shown()
    eventually(lambda: model.observers)
    assert model.observers is not None
    assert [space.observer.namespace for space in model.observers.spaces["audit"]] == ["Default"]
    assert model.health(CRM).state == "inactive"
    assert "observers" in changes


def test_a_failure_of_deliveries_shows(model: ExplorerModel, client: Client) -> None:
    client.event_log.append("account-1", "AccountOpened", {})
    model.shown()
    eventually(lambda: model.health(HOOK).state == "failing")
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
    eventually(lambda: model.find("secured"))
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
        eventually(lambda: model.find("answered"))
        model.test("answered")
        model.jobs.wait()
    assert model.told is not None
    assert level(model) is Level.GOOD
    model.test("audit")
    model.jobs.wait()
    assert level(model) is Level.ERROR


def test_failed_partitions_are_tried_now_and_the_states_follow() -> None:
    with Sandbox(settle_delay=0.02, time_scale=20) as sandbox, Receiver() as endpoint:  # by itself it tries after 40 s
        client = connect(sandbox.connection_string, event_store="bank", name="retries")
        client.ensure_event_store()
        client._kernel.register_event_types("bank", [RegisteredEventType(EventType("AccountOpened"), {})])
        endpoint.misbehave(status=404)  # which is not tried again at once
        client.webhooks.register(HOOK.changed(target_url=endpoint.url))
        client.event_log.append("account-1", "AccountOpened", {})
        eventually(lambda: client.failed_partitions("audit"))
        model = ExplorerModel(client, lambda _: None)
        model.start()
        model.shown()
        eventually(lambda: model.observers and model.find("audit") and model.health(HOOK).failing == 1)
        endpoint.behave()
        model.retry("audit")
        assert model.jobs.current is not None
        assert model.jobs.current.label == "Retrying the failed partitions of 'audit'"
        model.jobs.wait()
        assert model.told is not None
        assert (level(model), model.told.title) == (Level.GOOD, "1 of 1 failed partition of 'audit' started.")
        assert model.told.lines[0].startswith("Started: account-1 in Default.")
        eventually(lambda: model.health(HOOK).failing == 0)
        eventually(lambda: not client.failed_partitions("audit"))
        model.retry("audit")
        model.jobs.wait()
        assert model.told.title == "No partition of 'audit' fails any more, so there was nothing to retry."
        model.close()
        client.close()


def failing(partition: str, *, quarantined: bool = False) -> FailedPartition:
    return FailedPartition(uuid4(), "audit", "Default", partition, (), quarantined)


def test_what_became_of_a_retry_is_told_of_each_partition() -> None:
    one, two, lost = failing("one"), failing("two"), failing("lost", quarantined=True)
    told = told_retry("audit", [(one, True), (lost, False)])
    assert (told.level, told.title) == (Level.WARNING, "1 of 2 failed partitions of 'audit' started.")
    assert told.lines[1] == "Not started: lost in Default. The kernel no longer retries them (quarantined)."
    told = told_retry("audit", [(two, False), (lost, False)])
    assert told.lines == (
        "Not started: two in Default, lost in Default. The kernel no longer retries 1 of them (quarantined).",
    )
    told = told_retry("audit", [(two, False)])
    assert told.lines == ("Not started: two in Default.",)
    told = told_retry("audit", [(one, None)])
    assert (told.level, told.title) == (Level.PLAIN, "The kernel was asked to retry 1 failed partition of 'audit'.")
    assert "does not say" in told.lines[0]
    told = told_retry("audit", [(failing(f"p{number}"), True) for number in range(25)])
    assert told.lines[0].startswith("Started: p0 in Default, p1 in Default,")
    assert "p9 in Default, 15 more." in told.lines[0]


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
            if what == "link" and links[-1:] != [explorer.link]:
                links.append(explorer.link)

        explorer = ExplorerModel(client, note)
        explorer.start()
        eventually(lambda: explorer.link is ObservationState.LIVE)
    eventually(lambda: explorer.link is ObservationState.RECONNECTING)
    with Sandbox(settle_delay=0.02, port=port, data=tmp_path):
        eventually(lambda: explorer.link is ObservationState.LIVE)
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
    eventually(lambda: model.told)
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
        eventually(lambda: model.told)
        assert level(model) is Level.ERROR
        error = model.observers_error
        assert error is not None
        assert error.message == "The observers could not be read (TypeError)."
        assert "secret" not in str(error)
        model.tell(None)
        model.observers_error = None  # so that it is known when it was read again
        eventually(lambda: model.observers_error)
    model.shown()
    eventually(lambda: model.observers is not None and model.observers_error is None)
