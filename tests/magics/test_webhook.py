"""``%webhook`` in a real shell: show, test, remove, code, form."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

import pytest

import chronicle_notebook as cn
from chronicle_notebook import InvalidInputError, KernelFaultError, Receiver, Sandbox, Secret
from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.model import EventType, RegisteredEventType, WebhookDefinition
from chronicle_notebook.registration._outcome import Action, Outcome
from chronicle_notebook.session._client import Client
from chronicle_notebook.target_test._answer import Grade
from tests.magics.conftest import Shell
from tests.waiting import eventually

CANARY = "qx9canary7"


@pytest.fixture
def hook(client: Client) -> None:
    client.webhooks.register(
        "my hook",
        "https://example.com/hooks?a=b&c={d}",
        lambda b: (
            b.with_event_type("AccountOpened")
            .with_bearer_token(Secret(CANARY))
            .with_header("x-quotes", "it's {\"a\": 'b'} & c=d")
        ),
    )


def test_show_tells_how_it_is_registered_and_how_far_it_is(connected: Shell, client: Client, hook: None) -> None:
    view = connected.value("%webhook show 'my hook'")
    assert view.definition.id == "my hook"
    for shown in (repr(view), view._repr_html_()):
        assert CANARY not in shown
        for fact in ("my hook", "AccountOpened", "x-quotes", "bearer", "event-log", client.event_store, client.server):
            assert fact in shown
    assert f"https://example.com/hooks?a={MASK}&c={MASK}" in repr(view)


def test_code_is_shown_as_it_is_and_holds_no_secret(connected: Shell, hook: None) -> None:
    ran = connected.run("%webhook code 'my hook' --as cell")
    assert "%%webhook 'my hook' env:MY_HOOK_8F0C38E75D90_TARGET_URL\n" in ran.said
    assert (
        f"# MY_HOOK_8F0C38E75D90_TARGET_URL is the whole of https://example.com/hooks?a={MASK}&c={MASK}\n" in ran.said
    )
    assert "  token: env:MY_HOOK_8F0C38E75D90_TOKEN\n" in ran.said
    assert CANARY not in ran.said
    assert "client.webhooks.register(" in connected.value("%webhook code 'my hook'")
    assert connected.value("%webhook code 'my hook' --as yaml").startswith("# ")


@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialHeaderWarning")  # a reference is a Secret
def test_what_code_wrote_registers_the_webhook_again(
    connected: Shell, client: Client, hook: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client.webhooks.get("my hook")
    cell = connected.value("%webhook code 'my hook' --as cell")
    python = connected.value("%webhook code 'my hook' --as python")
    monkeypatch.setenv("MY_HOOK_8F0C38E75D90_TOKEN", CANARY)
    monkeypatch.setenv("MY_HOOK_8F0C38E75D90_TARGET_URL", before.target_url)
    monkeypatch.setenv("MY_HOOK_8F0C38E75D90_X_QUOTES", str(before.headers["x-quotes"]))
    for code in (cell, python):
        connected.value("%webhook remove 'my hook' --yes")
        connected.value(code)
        assert client.webhooks.get("my hook") == before


def test_remove_asks_and_names_what_would_go(
    connected: Shell, client: Client, hook: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return "n"

    monkeypatch.setattr("builtins.input", answer)
    ran = connected.run("%webhook remove 'my hook'")
    assert (ran.value, ran.error) == (None, None)
    assert "Nothing was removed." in ran.said
    question = (
        f"Remove webhook 'my hook' (to https://example.com/hooks?a={MASK}&c={MASK}, 0 events delivered so far) from "
        f"event store {client.event_store!r} on {client.server}? [y/N] "
    )
    assert asked == [question]
    assert "my hook" in client.webhooks.all().ids


def test_remove_goes_on_after_a_yes_and_prints_what_brings_it_back(
    connected: Shell, client: Client, hook: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "Yes")
    ran = connected.run("%webhook remove 'my hook'")
    assert isinstance(ran.value, Outcome)
    assert ran.value.action is Action.REMOVED
    assert "This code registers it again:\n\n%%webhook 'my hook' " in ran.said
    assert "token: env:MY_HOOK_8F0C38E75D90_TOKEN" in ran.said
    assert "The kernel does not return credentials" in ran.said
    assert CANARY not in ran.said
    assert "my hook" not in client.webhooks.all().ids


@pytest.mark.parametrize("error", [KernelFaultError("It failed."), KeyboardInterrupt()], ids=["fault", "interrupt"])
def test_the_code_is_printed_also_when_the_removal_ends_in_an_error(
    connected: Shell, client: Client, hook: None, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    remove, read, gone = client._kernel.remove_webhooks, client._kernel.webhooks, threading.Event()

    def removing(event_store: str, ids: Sequence[str]) -> None:
        remove(event_store, ids)
        gone.set()

    def reading(event_store: str) -> Sequence[WebhookDefinition]:
        if gone.is_set():
            raise error
        return read(event_store)

    monkeypatch.setattr(client._kernel, "remove_webhooks", removing)
    monkeypatch.setattr(client._kernel, "webhooks", reading)
    ran = connected.run("%webhook remove 'my hook' --yes")
    monkeypatch.undo()
    assert ran.error is error
    eventually(lambda: "my hook" not in client.webhooks.ids())
    assert "This code registers it again:\n\n%%webhook 'my hook' " in ran.said


def test_remove_where_nobody_can_answer_fails_and_says_what_to_add(
    connected: Shell, client: Client, hook: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", open("/dev/null"))  # noqa: SIM115, PTH123 - it is closed below
    lines = connected.two_lines("%webhook remove 'my hook'")
    sys.stdin.close()
    assert lines[0].endswith(
        f"InvalidInputError: %webhook remove: Nobody can be asked here whether to remove 'my hook' from "
        f"{client.server}, so nothing was done."
    )
    assert lines[1] == "Next step: Add --yes to do it without being asked."
    assert "my hook" in client.webhooks.all().ids


def test_the_number_of_delivered_events_is_in_the_question(
    connected: Shell, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as receiver:
        client.webhooks.register("busy", receiver.url, lambda b: b.with_event_type("AccountOpened"))
        for number in range(3):
            client.event_log.append(f"account-{number}", "AccountOpened", {})
        receiver.wait_for(3)
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return "n"

    monkeypatch.setattr("builtins.input", answer)
    for _ in range(50):
        if client.describe("busy").delivered == 3:
            break
    connected.value("%webhook remove busy")
    assert "3 events delivered so far" in asked[0]


def test_test_says_what_an_answer_proves(connected: Shell, client: Client) -> None:
    client.webhooks.register("nobody", "http://127.0.0.1:9/x", lambda b: b.with_event_type("AccountOpened"))
    answer = connected.value("%webhook test nobody")
    assert answer.grade is Grade.NO_ANSWER
    assert "no answer" in repr(answer)


def test_test_says_when_the_kernel_would_accept_any_status(shell: Shell) -> None:
    with Sandbox(contract="classic") as old, Receiver() as receiver:
        shell.value(f"%chronicle connect {old.connection_string} --store System")
        cn.client()._kernel.register_event_types("System", [RegisteredEventType(EventType("AccountOpened"))])
        receiver.misbehave(status=500)
        shell.value(f"%%webhook mine {receiver.url}\nevent_types: [AccountOpened]\nactive: false\n")
        answer = shell.value("%webhook test mine")
    assert answer.grade is Grade.ANSWERED
    assert "counts every answer as delivered, whatever its status" in repr(answer)


def test_an_event_really_arrives_at_a_receiver_of_this_process(connected: Shell, client: Client) -> None:
    with Receiver() as receiver:
        client.webhooks.register("mine", receiver.url_for("mine"), lambda b: b.with_event_type("AccountOpened"))
        answer = connected.value("%webhook test mine")
        (arrived,) = [delivery for delivery in receiver.deliveries if delivery.events]
    assert answer.grade is Grade.ARRIVED
    assert bool(answer)
    assert f"(event source {arrived.partition})" in repr(answer)
    assert "went through the kernel" in repr(answer)


def test_form_opens_for_a_new_or_an_existing_webhook_only(connected: Shell, client: Client, hook: None) -> None:
    lines = connected.two_lines("%webhook form 'my hok'")
    assert lines[1] == "Next step: Did you mean 'my hook'?"
    from chronicle_notebook.widgets import WebhookForm

    for line in ("%webhook form", "%webhook form 'my hook'"):
        form = connected.value(line)
        assert isinstance(form, WebhookForm)
        form.close()


def test_an_error_is_still_one_of_its_type_in_python(connected: Shell) -> None:
    assert (
        connected.value(
            "import chronicle_notebook as cn\n"
            "try:\n"
            "    get_ipython().run_line_magic('webhook', 'show nothing')\n"
            "except cn.UnknownWebhookError as error:\n"
            "    caught = error.field\n"
            "caught"
        )
        == "id"
    )
    with pytest.raises(InvalidInputError):
        connected.ip.run_line_magic("webhook", "show")


@pytest.mark.parametrize(
    "line", ["%webhook show var:token", "%webhook pause var:token", "%webhooks --event-type var:token"]
)
def test_a_secret_is_no_value_that_is_shown(connected: Shell, line: str) -> None:
    connected.run("import chronicle_notebook as cn")
    connected.ip.user_ns["token"] = Secret(CANARY)
    shown = " ".join(connected.two_lines(line))
    assert "holds a Secret" in shown
    assert "Assign a text" in shown
    assert CANARY not in shown
