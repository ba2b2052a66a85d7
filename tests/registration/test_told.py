"""What calls tell a person: no more than is so of this kernel, and the next step."""

from __future__ import annotations

import threading

import pytest

import chronicle_notebook as cn
from chronicle_notebook import Receiver, Secret
from chronicle_notebook.registration import _removal, _send
from chronicle_notebook.registration._differences import Effect
from chronicle_notebook.registration._wait import Settled
from chronicle_notebook.session._client import Client
from tests.waiting import LONG, ctrl_c

URL = "http://127.0.0.1:9/in"
CANARY = "qx9canary7"


def with_type(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return builder.with_event_type("AccountOpened")


# -- a test without an event ---------------------------------------------------------------------------------------


def test_a_test_says_that_the_webhook_is_not_registered_and_not_that_a_sandbox_is_none(client: Client) -> None:
    with Receiver() as receiver:
        answer = client.webhooks.test(with_type(cn.DefinitionBuilder()).build("not-there", receiver.url))
        client.webhooks.register("elsewhere", receiver.url_for("other"), with_type)
        other = client.webhooks.test(client.webhooks.get("elsewhere").changed(target_url=receiver.url))
    assert answer.caveats[-1].endswith(
        "No event was appended for the test, because no webhook 'not-there' is registered."
    )
    assert other.caveats[-1].endswith("because the registered webhook 'elsewhere' sends to another target.")


# -- outcomes ------------------------------------------------------------------------------------------------------


def test_a_change_that_is_ignored_altogether_is_no_update(client: Client) -> None:
    client.webhooks.register("desk", URL, with_type)
    outcome = client.webhooks.register("desk", URL, lambda b: with_type(b).not_active())
    assert not outcome
    assert not outcome.changed
    place = f"in event store {client.event_store!r} on {client.server}"
    assert outcome.summary == f"'desk' shows no change {place}. These fields did not take effect: active."
    assert "client.webhooks.replace(...)" in outcome.ineffective[0].remedy


def test_a_change_of_which_a_part_is_ignored_is_an_update(client: Client) -> None:
    client.webhooks.register("desk", URL, with_type)
    outcome = client.webhooks.register("desk", f"{URL}/b", lambda b: with_type(b).not_active())
    assert outcome.changed
    assert "was updated" in outcome.summary
    assert "not all of it took effect: active" in outcome.summary


def test_credentials_that_were_sent_again_count_as_no_change_that_shows(client: Client) -> None:
    client.webhooks.register("desk", URL, lambda b: with_type(b).with_bearer_token(Secret(CANARY)))
    outcome = client.webhooks.register("desk", URL, lambda b: with_type(b).with_bearer_token(CANARY).not_active())
    assert "'desk' shows no change" in outcome.summary
    assert any("credentials were sent again" in note for note in outcome.notes)


def test_many_outcomes_say_which_was_not_changed(client: Client) -> None:
    client.webhooks.register("desk", URL, with_type)
    outcomes = client.webhooks.register([client.webhooks.get("desk").changed(replayable=False)])
    assert "no change seen" in repr(outcomes)


def test_what_is_not_visible_yet_has_a_next_step(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_send, "until_registered", lambda *_, **__: Settled({}, {}, 2.0))
    outcome = client.webhooks.register("late", URL, with_type, wait=2)
    assert "accepted, but after 2.0 s it is not visible yet" in outcome.summary
    assert outcome.summary.endswith("Check client.webhooks.ids() later, or give more time with wait=SECONDS.")


def test_all_event_types_are_told_of_with_their_number(client: Client) -> None:
    remark = "No event type was named, so it gets all 2 event types known now, and none that are registered later."
    assert remark in repr(client.webhooks.plan("everything", URL))
    assert client.webhooks.register("everything", URL).notes == (remark,)
    assert remark in client.webhooks.replace(declared()).notes
    assert client.webhooks.register("one", URL, with_type).notes == ()


def declared() -> type:
    @cn.webhook(target_url=f"{URL}/c", id="everything")
    class Everything:
        pass

    return Everything


# -- a dry run -----------------------------------------------------------------------------------------------------


def test_a_dry_run_names_a_variable_that_is_not_set(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
        return with_type(builder).with_bearer_token(Secret.env("NOPE"))

    shown = repr(client.webhooks.plan("desk", URL, build))
    assert "! Registering it would fail: The environment variable 'NOPE' is not set." in shown
    with pytest.raises(cn.SecretUnavailableError):
        client.webhooks.register("desk", URL, build)
    monkeypatch.setenv("NOPE", CANARY)
    shown = repr(client.webhooks.plan("desk", URL, build))
    assert "would fail" not in shown
    assert CANARY not in shown


def test_a_dry_run_warns_of_a_defect_only_where_the_kernel_has_it(client: Client) -> None:
    plan = client.webhooks.plan("desk", URL, lambda b: with_type(b).with_bearer_token(Secret(CANARY)).not_active())
    assert "authorization-dropped" not in {defect.key for defect in client.known_defects}
    assert {change.effect for change in plan.changes} == {Effect.APPLIED}
    assert "kernels drop credentials" not in repr(plan)


# -- Ctrl-C --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["register", "remove"])
def test_interrupting_the_wait_says_that_the_call_was_accepted(
    client: Client, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    client.webhooks.register("there", URL, with_type)

    waits = threading.Event()

    def interrupted(*_arguments: object, **_options: object) -> object:
        waits.set()
        threading.Event().wait(LONG)
        raise AssertionError("it was not interrupted")

    monkeypatch.setattr(_send, "until_registered", interrupted)
    monkeypatch.setattr(_removal, "until_removed", interrupted)
    calls = {
        "register": lambda: client.webhooks.register("slow", URL, with_type),
        "remove": lambda: client.webhooks.remove("there"),
    }
    with ctrl_c(waits.is_set) as caught:
        calls[call]()
    monkeypatch.undo()
    assert caught.value.__notes__ == [_send.ACCEPTED]


# -- what objects show ---------------------------------------------------------------------------------------------


def test_the_webhooks_of_a_client_say_what_can_be_done_with_them(client: Client) -> None:
    shown = repr(client.webhooks)
    assert f"Webhooks of event store {client.event_store!r} on {client.server}" in shown
    assert "register(...)" in shown
    assert "explore()" in client.webhooks._repr_html_()
    from chronicle_notebook.session import _description

    for calls, _ in _description.CALLS:
        for name in calls.split(", "):
            assert callable(getattr(client.webhooks, name.partition("(")[0]))


def test_a_definition_is_a_card_without_a_secret() -> None:
    builder = with_type(cn.DefinitionBuilder()).with_header("x-team", CANARY).with_bearer_token(Secret(CANARY))
    definition = builder.build("<desk>", URL).changed(target_url=f"https://me:{CANARY}@example.com/in?key={CANARY}")
    shown = definition._repr_html_()
    assert "Webhook definition &#x27;&lt;desk&gt;&#x27;" in shown
    assert "AccountOpened" in shown
    assert "bearer, token given as a literal" in shown
    assert CANARY not in shown
    assert cn.WebhookDefinition("odd", None)._repr_html_()  # type: ignore[arg-type]
