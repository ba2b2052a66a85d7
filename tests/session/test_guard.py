"""A protected connection: the banner on what it shows, and writes only once the name was typed."""

from __future__ import annotations

import builtins
import copy
import pickle
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import EventType, RegisteredEventType, WebhookDefinition
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._guard import CONFIRMED, LOCK, GuardedGateway

WRITES = frozenset(
    {
        "add_webhooks",
        "adds_one",
        "append",
        "clear_observer_quarantine",
        "clear_partition_quarantine",
        "ensure_event_store",
        "ensure_namespace",
        "register_event_types",
        "remove_webhooks",
        "replay",
        "replay_partition",
        "retry_partition",
    }
)
"""The methods of a gateway that change something."""
READS = {
    "event_sequences",
    "event_stores",
    "event_types",
    "events",
    "failed_partitions",
    "generation",
    "has_events",
    "known_defects",
    "lists_secret",
    "namespaces",
    "observe_webhooks",
    "observer",
    "observers",
    "origin",
    "server",
    "stored_events",
    "tail",
    "tests_target",
    "version",
    "version_tells",
    "webhook_columns",
    "webhooks",
}


@pytest.fixture
def protected(client: Client, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.delenv(CONFIRMED, raising=False)
    LOCK.close()
    with cn.connect(
        shared_sandbox.connection_string, event_store=client.event_store, name="protected", protected=True
    ) as opened:
        yield opened
    LOCK.close()


def asked(monkeypatch: pytest.MonkeyPatch, *answers: str | BaseException) -> list[str]:
    """Answer prompts; returns the questions."""
    questions: list[str] = []
    left = list(answers)

    def ask(question: str = "") -> str:
        questions.append(question)
        answer = left.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr(builtins, "input", ask)
    return questions


def register(client: Client) -> cn.Outcome:
    return client.webhooks.register(
        "a", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened").not_active()
    )


def test_every_call_of_a_gateway_is_known_to_be_a_read_or_a_write() -> None:
    calls = {name for name in vars(KernelGateway) if not name.startswith("_")} - {"confirm_write"}
    assert calls == READS | WRITES
    for name in WRITES:
        assert name in vars(GuardedGateway), f"{name} is not guarded"
    assert not READS & set(vars(GuardedGateway)) - {"origin"}


def writes() -> dict[str, Any]:
    kind = RegisteredEventType(EventType("New"), {"type": "object"})
    return {
        "add_webhooks": lambda kernel, store: kernel.add_webhooks(store, []),
        "adds_one": lambda kernel, store: kernel.adds_one(store, WebhookDefinition("a", "http://127.0.0.1:9/in")),
        "append": lambda kernel, store: kernel.append(store, "Default", "event-log", []),
        "clear_observer_quarantine": lambda kernel, store: kernel.clear_observer_quarantine(
            store, "Default", "a", "event-log"
        ),
        "clear_partition_quarantine": lambda kernel, store: kernel.clear_partition_quarantine(
            store, "Default", "a", "event-log", "p"
        ),
        "ensure_event_store": lambda kernel, store: kernel.ensure_event_store(store),
        "ensure_namespace": lambda kernel, store: kernel.ensure_namespace(store, "New"),
        "register_event_types": lambda kernel, store: kernel.register_event_types(store, [kind]),
        "remove_webhooks": lambda kernel, store: kernel.remove_webhooks(store, ["a"]),
        "replay": lambda kernel, store: kernel.replay(store, "Default", "a", "event-log"),
        "replay_partition": lambda kernel, store: kernel.replay_partition(store, "Default", "a", "event-log", "p"),
        "retry_partition": lambda kernel, store: kernel.retry_partition(store, "Default", "a", "event-log", "p"),
    }


@pytest.mark.parametrize("name", sorted(WRITES))
def test_each_write_is_refused_where_nobody_can_answer(
    name: str, protected: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(writes()) == WRITES
    asked(monkeypatch, EOFError())
    before = protected.event_sequence("system").tail()
    with pytest.raises(cn.ProtectedError) as caught:
        writes()[name](protected._kernel, protected.event_store)
    assert caught.value.event_store == protected.event_store
    assert f'client.unlock("{protected.event_store}")' in caught.value.hint
    assert f"--confirm {protected.event_store}" in caught.value.hint
    assert protected.event_sequence("system").tail() == before


def test_the_name_is_asked_for_once(protected: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = asked(monkeypatch, protected.event_store)
    assert register(protected)
    assert protected.webhooks.remove("a")
    assert len(questions) == 1
    assert protected.event_store in questions[0]
    assert protected.server in questions[0]


def test_another_answer_sends_nothing_and_asks_again_the_next_time(
    protected: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = asked(monkeypatch, "yes", protected.event_store)
    with pytest.raises(cn.ProtectedError):
        register(protected)
    assert protected.webhooks.all().ids == []
    assert register(protected)
    assert len(questions) == 2


def test_reading_and_planning_ask_nothing(protected: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = asked(monkeypatch)
    protected.webhooks.all()
    protected.webhooks.plan("a", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    protected.observers()
    assert questions == []


def test_it_is_unlocked_in_code_and_only_by_its_own_name(protected: Client) -> None:
    with pytest.raises(cn.ProtectedError):
        protected.unlock("another")
    protected.unlock(protected.event_store)
    assert register(protected)


def test_one_store_does_not_unlock_another(protected: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(monkeypatch, EOFError())
    protected.unlock(protected.event_store)
    with pytest.raises(cn.ProtectedError):
        protected.ensure_event_store("another")
    assert "another" not in protected.event_stores()


@pytest.mark.parametrize("answer", [EOFError(), "yes"])
def test_the_next_step_for_an_event_store_of_another_client_works_as_it_stands(
    protected: Client, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    other = f"{protected.event_store}-2"
    asked(monkeypatch, answer)
    with pytest.raises(cn.ProtectedError) as caught:
        protected.ensure_event_store(other)
    assert caught.value.event_store == other
    assert f"Connect with event_store={other!r}, write client.unlock({other!r}) there" in caught.value.hint
    assert f"{CONFIRMED}={other}" in caught.value.hint
    with cn.connect(protected.target, event_store=other, name="other", protected=True) as client:
        client.unlock(other)
        client.ensure_event_store()
    assert other in protected.event_stores()


def test_a_list_that_came_from_a_protected_kernel_can_be_pickled_with_its_banner(protected: Client) -> None:
    hooks = protected.webhooks.all()
    again = pickle.loads(pickle.dumps(hooks))
    assert again == hooks
    assert repr(again).startswith("!! PROTECTED: ")
    assert repr(copy.deepcopy(hooks)) == repr(hooks)


def test_a_thread_is_not_asked(protected: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = asked(monkeypatch, protected.event_store)
    caught: list[BaseException] = []

    def write() -> None:
        try:
            register(protected)
        except cn.ProtectedError as error:
            caught.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert len(caught) == 1
    assert questions == []


def test_the_environment_can_confirm_it(protected: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFIRMED, protected.event_store)
    assert register(protected)


def test_a_client_of_another_store_on_the_connection_is_guarded_too(
    protected: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(monkeypatch, EOFError())
    moved = protected.at(event_store="System")
    assert moved.protected
    with pytest.raises(cn.ProtectedError):
        moved.ensure_namespace("New")


def test_the_banner_stands_on_all_that_it_shows_and_on_nothing_else(protected: Client, client: Client) -> None:
    protected.unlock(protected.event_store)
    shown: dict[str, Any] = {
        "client": protected,
        "status": protected.status(),
        "outcome": register(protected),
        "webhooks": protected.webhooks,
        "list": protected.webhooks.all(),
        "view": protected.describe("a"),
        "plan": protected.webhooks.plan(protected.webhooks.get("a").changed(target_url="http://127.0.0.1:8/in")),
        "event types": protected.event_types(),
        "listened": protected.listened_event_types(),
        "sequences": protected.event_sequences(),
        "observers": protected.observers(),
        "failed partitions": protected.failed_partitions(),
        "defects": protected.known_defects,
        "slice": protected.event_types()[:1],
        "stores": protected.event_stores(),
        "namespaces": protected.namespaces(),
        "doctor": protected.doctor(),
        "test": protected.webhooks.test("a", timeout=1),
        "events": protected.event_log.read(),
        "retries": protected.retry_failed_partitions("a", wait=0),
    }
    for name, value in shown.items():
        assert repr(value).startswith(f"!! PROTECTED: {protected.server}."), name
        html = value._repr_html_()
        assert html.count(f"PROTECTED: {protected.server}.") == 1, name
    for lean in (protected.event_log, protected.webhooks.observe()):
        assert repr(lean).endswith(", PROTECTED>")
    assert protected.protected
    assert not client.protected
    assert "PROTECTED" not in repr(client.event_log)
    plain: list[Any] = [
        client,
        client.webhooks,
        client.webhooks.all(),
        client.event_types(),
        client.observers(),
        client.event_stores(),
    ]
    for each in plain:
        assert "PROTECTED" not in repr(each) + each._repr_html_()


def test_the_embedded_sandbox_can_be_protected_as_well() -> None:
    try:
        with cn.connect(name="embedded", protected=True) as client:
            assert client.protected
            assert client.embedded
    finally:
        cn.stop_sandbox()


def test_another_name_that_was_confirmed_is_told(protected: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(monkeypatch, EOFError())
    monkeypatch.setenv(CONFIRMED, f"{protected.event_store[:-1]}")
    with pytest.raises(cn.ProtectedError) as caught:
        protected.ensure_event_store()
    assert f"and {protected.event_store[:-1]!r} was confirmed, which is another name" in caught.value.message
    assert "nobody" not in caught.value.message
    assert f"--confirm {protected.event_store}," in caught.value.hint
