"""The explorer's model: the list live, selection, filter, actions, undo."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chronicle_notebook import DesiredState, Receiver, Secret
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.model import (
    BearerAuthorization,
    EventType,
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
from chronicle_notebook.widgets._health import Deliveries
from chronicle_notebook.widgets._message import Level, Told
from chronicle_notebook.widgets._replay import IN_MEMORY, NOT_CONNECTED
from chronicle_notebook.widgets._retry import Retry
from tests.many import many_webhooks
from tests.scripted import ScriptedKernel
from tests.waiting import FOR_EVER, LONG, eventually
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
    assert made.wait_for_first(LONG)
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


def test_deliveries_are_read_while_somebody_looks(model: ExplorerModel, changes: list[str]) -> None:
    assert model.deliveries is None
    model.shown()
    eventually(lambda: model.deliveries)
    assert model.deliveries is not None
    assert [each.namespace for each in model.deliveries.rows["audit"].observers] == ["Default"]
    assert model.health("crm").state == "inactive"
    eventually(lambda: "deliveries" in changes)


def test_a_failure_of_deliveries_shows(model: ExplorerModel, client: Client) -> None:
    client.event_log.append("account-1", "AccountOpened", {})
    model.shown()
    eventually(lambda: model.health("audit").state == "failing")
    assert model.health("audit").failing == 1


def test_removing_keeps_the_definition_and_undo_registers_it_again(model: ExplorerModel, client: Client) -> None:
    model.remove("audit")
    model.jobs.wait(LONG)
    assert model.told is not None
    assert model.told.undo
    assert client.webhooks.all().find("audit") is None
    assert model.undo() is None
    model.jobs.wait(LONG)
    assert level(model) is Level.GOOD
    assert client.webhooks.get("audit").event_types == HOOK.event_types
    assert model.removed is None


def test_undo_of_a_webhook_with_credentials_asks_for_them(model: ExplorerModel, client: Client) -> None:
    client.webhooks.register(HOOK.changed(id="secured", authorization=BearerAuthorization(Secret("abc"))))
    eventually(lambda: model.find("secured"))
    model.remove("secured")
    model.jobs.wait(LONG)
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
    model.jobs.wait(LONG)
    assert model.told is not None
    assert level(model) is Level.ERROR
    assert "has no webhook 'never-there'" in model.told.title


def test_testing_says_what_the_answer_proves(model: ExplorerModel, client: Client) -> None:
    with Receiver() as endpoint:
        client.webhooks.register(HOOK.changed(id="answered", target_url=endpoint.url))
        eventually(lambda: model.find("answered"))
        model.test("answered")
        model.jobs.wait(LONG)
    assert model.told is not None
    assert level(model) is Level.GOOD
    model.test("audit")
    model.jobs.wait(LONG)
    assert level(model) is Level.ERROR


@pytest.fixture(scope="module")
def failing() -> Iterator[tuple[Client, Receiver]]:
    """A client of a kernel that tries again after minutes, and a target that refuses the events of some partitions."""
    with Sandbox(settle_delay=0.02, time_scale=60) as sandbox, Receiver() as endpoint:
        client = connect(sandbox.connection_string, event_store="bank", name="retries")
        client.ensure_event_store()
        kinds = [RegisteredEventType(EventType(name), {}) for name in ("Opened", "Mailed", "Banked")]
        client._kernel.register_event_types("bank", kinds)
        yield client, endpoint
        client.close()


def fails(client: Client, endpoint: Receiver, webhook: str, kind: str, *partitions: str) -> None:
    """Register a webhook, and let it fail for some partitions. HTTP 404 is not tried again at once."""
    endpoint.misbehave(status=404)
    url, types = endpoint.url_for(webhook), (EventType(kind),)
    client.webhooks.register(HOOK.changed(id=webhook, target_url=url, event_types=types))
    for partition in partitions:
        client.event_log.append(partition, kind, {})
    eventually(lambda: len(client.failed_partitions(webhook)) == len(partitions))


def test_a_retry_is_followed_until_each_partition_has_recovered_or_failed_again(
    failing: tuple[Client, Receiver],
) -> None:
    client, endpoint = failing
    fails(client, endpoint, "audit", "Opened", "one", "two", "three")
    reports: list[tuple[int, int, str]] = []
    endpoint.misbehave(status=410, when=lambda delivery: delivery.partition == "two")
    told = Retry(client, ["audit"], lambda *report: reports.append(report)).run().told()
    assert (told.level, told.title) == (Level.WARNING, "audit: 2 recovered, 1 failed again: HTTP 410.")
    assert reports[-1] == (3, 3, "2 recovered, 1 failed again: HTTP 410")
    assert [each.partition for each in client.failed_partitions("audit")] == ["two"]
    told = Retry(client, ["audit"], lambda *_: None).run().told()
    assert (told.level, told.title) == (Level.ERROR, "audit: 1 failed again: HTTP 410.")
    endpoint.behave()
    model = ExplorerModel(client, lambda _: None)
    model.retry("audit")
    assert model.jobs.current is not None
    assert model.jobs.current.label == "Retrying the failed partitions of 'audit'"
    model.jobs.wait(LONG)
    assert (level(model), model.told and model.told.title) == (Level.GOOD, "audit: 1 recovered.")
    model.retry("audit")
    model.jobs.wait(LONG)
    assert model.told is not None
    assert model.told.title == "audit: No partition fails any more."
    model.close()
    client.webhooks.remove("audit")


def test_several_are_retried_at_once_and_who_stops_waiting_is_told_what_is_known(
    failing: tuple[Client, Receiver],
) -> None:
    client, endpoint = failing
    fails(client, endpoint, "mail", "Mailed", "m1", "m2")
    fails(client, endpoint, "bank", "Banked", "b1")
    endpoint.misbehave(delay=FOR_EVER, when=lambda delivery: delivery.path.endswith("bank"))
    model = ExplorerModel(client, lambda _: None)
    model.retry("mail", "bank")
    eventually(lambda: "2 recovered" in model.jobs.progress.note)
    assert (model.jobs.progress.done, model.jobs.progress.total) == (2, 3)
    model.jobs.cancel()
    model.jobs.wait(LONG)
    assert model.told is not None
    assert model.told.title == "2 recovered, 1 not known yet."
    assert model.told.lines[-1] == "You stopped waiting. The kernel goes on: see the State column for the result."
    model.close()
    for webhook in ("mail", "bank"):
        client.webhooks.remove(webhook)


def test_targets_are_tested_one_after_the_other_with_their_answers_kept(model: ExplorerModel, client: Client) -> None:
    with Receiver() as endpoint:
        client.webhooks.register(HOOK.changed(id="fine", target_url=endpoint.url))
        model.test_all(["fine", "audit", "never-there"])
        model.jobs.wait(LONG)
    assert model.told is not None
    assert (level(model), model.told.title) == (Level.WARNING, "1 answered 2xx, 2 not.")
    assert any("audit" in line for line in model.told.lines)
    assert any("no webhook 'never-there'" in line for line in model.told.lines)
    assert model.tested["fine"].answer
    assert not model.tested["audit"].answer


def test_webhooks_are_paused_shown_as_paused_and_resumed(model: ExplorerModel, client: Client) -> None:
    model.shown()
    model.pause_webhooks(["audit", "crm"])
    model.jobs.wait(LONG)
    assert model.told is not None
    assert (level(model), model.told.title) == (Level.GOOD, "2 paused.")
    eventually(lambda: [model.health(each).state for each in ("audit", "crm")] == ["paused", "paused"])
    assert model.hooks is not None
    eventually(lambda: not model.hooks)
    model.resume_webhooks(["crm"])
    model.jobs.wait(LONG)
    assert level(model) is Level.GOOD
    eventually(lambda: model.find("crm"))
    model.resume_webhooks(["audit", "never-there"])
    model.jobs.wait(LONG)
    assert (level(model), model.told.title) == (Level.WARNING, "1 resumed, 1 not.")
    eventually(lambda: model.find("audit"))


def test_a_replay_is_counted_first_asked_for_followed_and_told(
    model: ExplorerModel, client: Client, changes: list[str]
) -> None:
    with Receiver() as target:
        client.webhooks.register(HOOK.changed(id="fine", target_url=target.url))
        client.event_log.append("a", HOOK.event_types[0], {})
        client.event_log.append("b", HOOK.event_types[0], {})
        target.wait_for(2, timeout=LONG)
        model.replays.run("fine")  # nobody looked at it
        assert "replay" not in changes
        model.replays.look("fine")
        eventually(lambda: model.replays.plan)
        asked = model.replays.wire()
        assert asked is not None
        assert asked["title"] == "Replay fine: send 2 events again?"
        model.select(["crm"])
        assert model.replays.wire() is None
        model.jobs.wait(LONG)
        model.select(["fine"])
        model.replays.look("fine")
        eventually(lambda: model.replays.plan)
        model.jobs.wait(LONG)
        assert len(target.deliveries) == 2  # nothing was sent yet
        model.replays.run("fine")
        model.jobs.wait(LONG)
        assert model.told is not None
        assert level(model) is Level.GOOD
        assert model.told.title.startswith("'fine' was replayed: 2 events in ")
        target.wait_for(4, timeout=LONG)


def test_a_replay_that_cannot_be_is_refused_with_the_reason(model: ExplorerModel, client: Client) -> None:
    model.shown()
    eventually(lambda: model.deliveries)
    assert model.replays.obstacle(model.health("crm").row) == NOT_CONNECTED
    model.replays.look("crm")
    model.jobs.wait(LONG)
    assert model.told is not None
    assert level(model) is Level.ERROR
    assert "no observer that is connected" in model.told.title


def test_a_kernel_that_keeps_its_events_in_memory_is_known_before_anybody_asks_for_a_replay() -> None:
    with (
        Sandbox(behaves_like="16.37-inmemory", settle_delay=0.02) as sandbox,
        connect(sandbox.connection_string, event_store="memory", name="memory") as client,
    ):
        client.ensure_event_store()
        client._kernel.register_event_types("memory", [RegisteredEventType(HOOK.event_types[0], {"type": "object"})])
        client.webhooks.register(HOOK)
        model = ExplorerModel(client, lambda _: None)
        model.start()
        try:
            model.shown()
            eventually(lambda: model.deliveries)
            client.event_log.append("a", HOOK.event_types[0], {})
            eventually(lambda: model.replays.obstacle(model.health("audit").row) == IN_MEMORY)
        finally:
            model.close()


def test_a_record_of_pauses_that_cannot_be_read_hides_no_state(model: ExplorerModel, client: Client) -> None:
    client.webhooks.pause("crm")
    next(iter(client.webhooks.paused())).file.write_text("no record")
    model.shown()
    eventually(lambda: model.deliveries and model.deliveries.paused_error)
    eventually(lambda: model.told)
    assert level(model) is Level.ERROR
    assert model.health("audit").state == "caught up"
    assert model.deliveries_error is None


def test_an_export_is_a_file_that_can_be_read_back_without_secrets(model: ExplorerModel, client: Client) -> None:
    client.webhooks.register(HOOK.changed(id="secured", authorization=BearerAuthorization(Secret("canary-1"))))
    eventually(lambda: model.find("secured"))
    model.export(["secured", "audit"])
    assert model.exported is not None
    assert "canary" not in model.exported
    assert [each.id for each in DesiredState.parse(model.exported).webhooks] == ["audit", "secured"]
    assert model.told is None
    model.export(["audit", "never-there"])
    assert model.told is not None
    assert model.told.title == "Not in the file: never-there."
    model.close_export()
    assert model.exported is None


def test_a_message_about_a_webhook_goes_when_another_one_is_selected(model: ExplorerModel) -> None:
    model.tell(Told(Level.GOOD, "Something was done.", about=("audit",)))
    model.select(["audit"])
    assert model.told is not None
    model.select(["crm"])
    assert model.told is None
    model.tell(Told(Level.GOOD, "Something was done."))
    model.select(["audit"])
    assert model.told is not None


def test_a_second_action_waits_its_turn(model: ExplorerModel) -> None:
    release = threading.Event()
    model.jobs.start("Something long", release.wait, lambda _: None, lambda _: None)
    model.remove("audit")
    assert model.told is not None
    assert model.told.title == "Something else is still running."
    release.set()
    model.jobs.wait(LONG)


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
    assert model.wait_for_first(LONG)
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

        def read(_client: Client, _before: object) -> Deliveries:
            raise TypeError("a secret value")

        broken.setattr(_explorer_model, "read_deliveries", read)
        model.shown()
        eventually(lambda: model.told)
        assert level(model) is Level.ERROR
        error = model.deliveries_error
        assert error is not None
        assert error.message == "The deliveries could not be read (TypeError)."
        assert "secret" not in str(error)
        model.tell(None)
        model.deliveries_error = None  # so that it is known when it was read again
        eventually(lambda: model.deliveries_error)
    model.shown()
    eventually(lambda: model.deliveries is not None and model.deliveries_error is None)
