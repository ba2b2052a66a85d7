"""Retrying failed partitions, on kernels of both wire generations, and what a diagnosis tells."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.base._url import without_credentials
from chronicle_notebook.cli._report import lines
from chronicle_notebook.model import (
    BearerAuthorization,
    EventType,
    OAuthAuthorization,
    RegisteredEventType,
    WebhookDefinition,
)
from chronicle_notebook.runbook import diagnose, recover, why
from chronicle_notebook.runbook.engine._outcome import RunStatus
from chronicle_notebook.session._client import Client
from tests.runbook.books import CANARY, Desk
from tests.runbook.test_books import written
from tests.waiting import eventually

OPENED = EventType("AccountOpened")
SICK = WebhookDefinition("sick", "http://127.0.0.1:9/in", (OPENED,))


@pytest.mark.parametrize(("contract", "started"), [("commands", True), ("classic", None)])
def test_a_retry_is_started_and_the_event_arrives(
    contract: Literal["commands", "classic"], started: bool | None
) -> None:
    with (
        cn.Receiver() as endpoint,
        cn.Sandbox(contract=contract, settle_delay=0.01, time_scale=0.05) as kernel,
        cn.connect(kernel.connection_string, event_store="shop", name="retry") as client,
    ):
        endpoint.misbehave(status=503)
        client.ensure_event_store()
        client._kernel.register_event_types("shop", [RegisteredEventType(OPENED)])
        client.webhooks.register(SICK.changed(target_url=endpoint.url))
        client.event_log.append("account-1", OPENED, {})
        eventually(lambda: bool(client.failed_partitions("sick")))
        tried = client.retry_failed_partitions("sick", wait=0)  # while it still fails, so that it cannot have recovered
        assert [(each.partition.partition, each.started) for each in tried] == [("account-1", started)]
        endpoint.behave()
        endpoint.wait_for(1, where=lambda delivery: delivery.status == 200 and bool(delivery.events))
        eventually(lambda: not client.failed_partitions("sick"))
        assert client.retry_failed_partitions("sick") == []


def test_a_diagnosis_tells_what_the_target_says_now_and_what_the_kernel_noted(client: Client) -> None:
    client.webhooks.register(SICK)
    client.event_log.append("account-1", OPENED, {})
    eventually(lambda: bool(client.failed_partitions("sick")))
    found = dict(diagnose(client, "sick"))
    assert found["its answer now"].startswith("no answer")
    assert re.match(r"(refused|circuit open \(refused\)): 1 partition in Default since .*1 event waits", found["why"])
    assert found["in Default"] == client.describe("sick")._display().facts[-3][1], "it never contradicts the view"
    assert "its events wait" in found["in Default"]
    assert "1 partition failing" in repr(diagnose(client, "sick"))


def test_a_diagnosis_says_when_it_could_not_send_the_credentials(client: Client) -> None:
    client.webhooks.register(SICK.changed(authorization=BearerAuthorization(cn.Secret("x")), active=False))
    eventually(lambda: client.webhooks.get("sick").authorization.kind.value == "bearer")
    found = dict(diagnose(client, "sick"))
    assert found["credentials"] == "not sent, because SICK_TOKEN is not set here"
    assert found["active"].startswith("no")


def test_a_diagnosis_of_what_is_not_there_names_the_nearest(client: Client) -> None:
    client.webhooks.register(SICK.changed(active=False))
    with pytest.raises(cn.UnknownWebhookError) as caught:
        diagnose(client, "sik")
    assert caught.value.hint == "Did you mean 'sick'?"


@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialUrlWarning")
def test_a_diagnosis_hides_what_the_kernel_quotes_of_a_target(client: Client) -> None:
    with cn.Receiver() as endpoint:
        endpoint.misbehave(status=410)
        client.webhooks.register(SICK.changed(target_url=f"{endpoint.url}?apikey={CANARY}"))
        client.event_log.append("account-1", OPENED, {})
        eventually(lambda: bool(client.failed_partitions("sick")))
        (failed,) = client.failed_partitions("sick")
        assert CANARY in " ".join(failed.attempts[0].messages), "the kernel quotes it"
        found = diagnose(client, "sick")
        assert f"{endpoint.url}?apikey=" in dict(found)["the kernel noted"]
        assert CANARY not in repr(dict(found)) + found._repr_html_()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("POST http://reader:word@h.example.com:81/in failed", f"POST http://{MASK}@h.example.com:81/in failed"),
        ("'https://old.example.com/?key=word': 503", f"'https://old.example.com/?key={MASK}': 503"),
        ("to http://x.example.com/?a=one two now", f"to http://x.example.com/?a={MASK} now"),
        ("http://[word", MASK),
        ("no URL", "no URL"),
    ],
)
def test_urls_in_a_message_lose_what_may_be_a_credential(text: str, kept: str) -> None:
    assert without_credentials(text, "http://x.example.com/?a=one two") == kept


def test_several_webhooks_are_explained_by_cause_and_brought_back_together(
    desk: Desk, client: Client, endpoint: cn.Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.misbehave(status=410)
    for each in ("one", "two"):
        client.webhooks.register(SICK.changed(id=each, target_url=endpoint.url_for(each)))
    client.webhooks.register(SICK.changed(id="fine", event_types=(EventType("FundsDeposited"),)))
    client.event_log.append_many([cn.EventToAppend(f"account-{number}", OPENED, {}) for number in range(3)])
    eventually(lambda: client.triage().partitions == 6)
    found = why(client, "failing")
    assert {(each.webhook, str(each.group.cause), len(each.group.failed)) for each in found} == {
        ("one", "HTTP 410", 3),
        ("two", "HTTP 410", 3),
    }
    assert list(found.to_frame()["waiting"]) == [3, 3]
    assert "one: why" in dict(diagnose(client, ["one", "two"], ask=False))
    assert (
        dict(diagnose(client, "failing", ask=False)).keys() == dict(diagnose(client, ["one", "two"], ask=False)).keys()
    )
    with pytest.raises(cn.InvalidInputError) as caught:
        recover(client, "failing", url=endpoint.url)
    assert caught.value.field == "url"
    with pytest.raises(cn.UnknownWebhookError):
        why(client, ["one", "tow"])
    dry = desk.run("recover-webhook", webhooks=["failing"], event_store=client.event_store, deadline=20.0)
    assert dry.outcome is not None
    assert [each["subject"] for each in dry.outcome.steps] == ["one", "one", "two", "two"]
    told = "\n".join(lines(dry.outcome.to_dict()))
    assert "one: cause HTTP 410, partitions 3, since " in told
    assert "waiting 3, outlook " in told
    endpoint.behave()
    ran = desk.run(
        "recover-webhook", webhooks=["one", "two"], event_store=client.event_store, deadline=20.0, apply=True
    )
    assert ran.error is None
    assert ran.outcome is not None
    assert ran.outcome.status in {RunStatus.DONE, RunStatus.NOTHING_TO_DO}
    assert not client.triage().failing
    again = desk.run("recover-webhook", webhooks=["failing"], event_store=client.event_store)
    assert again.outcome is not None
    assert again.outcome.status is RunStatus.NOTHING_TO_DO


# -- through the runbook -------------------------------------------------------------------------------------------


def broken(client: Client, endpoint: cn.Receiver, **changes: Any) -> dict[str, Any]:
    """A webhook that fails at its target, and the parameters that name it."""
    endpoint.misbehave(status=503, when=lambda delivery: delivery.path == "/webhooks/old")
    client.webhooks.register(SICK.changed(id="rec", target_url=endpoint.url_for("old"), **changes))
    client.event_log.append("account-1", OPENED, {})
    eventually(lambda: bool(client.failed_partitions("rec")))
    return {"webhook": "rec", "event_store": client.event_store, "deadline": 20.0}


def test_a_new_target_and_a_new_secret_are_one_change_that_tells_the_old_host_nothing(
    desk: Desk, client: Client, endpoint: cn.Receiver
) -> None:
    """Both hosts take the new token alone, so that an answer of 200 tells that it came there."""
    with cn.Receiver() as old:
        for each in (old, endpoint):
            each.expect(bearer=cn.Secret(CANARY))
        authorization = BearerAuthorization(cn.Secret("old-token"))
        client.webhooks.register(SICK.changed(id="rec", target_url=old.url, authorization=authorization))
        client.event_log.append("account-1", OPENED, {})
        eventually(lambda: bool(client.failed_partitions("rec")))
        given = {"webhook": "rec", "event_store": client.event_store, "deadline": 20.0, "apply": True}
        given |= {"url": endpoint.url, "secret": "env:NEW_TOKEN"}
        ran = desk.run("recover-webhook", **given)  # REC_TOKEN, the old one, is not set and not needed
        assert ran.error is None
        assert ran.outcome is not None
        assert ran.outcome.status is RunStatus.DONE
        assert [each["state"] for each in ran.outcome.steps] == ["done"] * 3
        assert client.webhooks.get("rec").target_url == endpoint.url
        again = desk.run("recover-webhook", **given)
        assert again.error is None
        assert client.webhooks.get("rec").target_url == endpoint.url
        assert {each.status for each in old.deliveries} == {401}
        came = endpoint.deliveries
        assert (came[0].status, list(came[0].events)) == (200, []), "it was tried first, with the new token"
        # A kernel changes the target first, then the credentials: what it sends in between is refused, and comes again.
        assert any(each.events and each.status == 200 for each in came)


def test_a_new_secret_that_the_target_refuses_is_not_given_to_the_webhook(
    desk: Desk, client: Client, endpoint: cn.Receiver
) -> None:
    parameters = broken(client, endpoint, authorization=BearerAuthorization(cn.Secret("old-token")))
    endpoint.behave()
    endpoint.expect(bearer=cn.Secret("another-token"))
    before = written(client)
    ran = desk.run("recover-webhook", **parameters, secret="env:NEW_TOKEN", apply=True)
    assert isinstance(ran.error, cn.RunbookError)
    assert "401" in str(ran.error)
    assert written(client) == before


def test_a_dry_run_sends_nothing_to_the_target_unless_it_is_told_to(
    desk: Desk,
    client: Client,
    endpoint: cn.Receiver,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("REC_TOKEN", CANARY)
    parameters = broken(client, endpoint, authorization=BearerAuthorization(cn.Secret(CANARY)))

    def asked() -> int:
        return sum(not each.events for each in endpoint.deliveries)

    ran = desk.run("recover-webhook", **parameters)
    assert ran.error is None
    assert asked() == 0
    assert "not tested" in capsys.readouterr().out
    assert desk.run("recover-webhook", **parameters, ask_target=True).error is None
    assert asked() == 1


def test_an_oauth_webhook_gets_a_new_client_secret_with_what_the_kernel_does_not_give_back(
    desk: Desk, client: Client, endpoint: cn.Receiver
) -> None:
    told = OAuthAuthorization("http://127.0.0.1:9/realm", "client", cn.Secret("x"))
    parameters = broken(client, endpoint, authorization=told)
    ran = desk.run("recover-webhook", **parameters, secret="env:NEW_TOKEN")
    assert isinstance(ran.error, cn.InvalidInputError)
    assert ran.error.field == "authority"
    given = {"authority": "http://127.0.0.1:9/realm", "client_id": "client", "secret": "env:NEW_TOKEN"}
    ran = desk.run("recover-webhook", **parameters, **given)
    assert ran.error is None
    assert ran.outcome is not None
    assert [each["state"] for each in ran.outcome.steps] == ["to do", "cannot tell", "to do"]


@pytest.mark.parametrize("given", [{"username": "reader"}, {"authority": "http://127.0.0.1:9"}, {"client_id": "c"}])
def test_what_belongs_to_a_secret_is_refused_without_one(given: dict[str, str], desk: Desk, client: Client) -> None:
    client.webhooks.register(SICK.changed(active=False))
    ran = desk.run("recover-webhook", webhook="sick", event_store=client.event_store, **given)
    assert isinstance(ran.error, cn.InvalidInputError)
    assert ran.error.field == "secret"


def test_a_change_of_target_tells_that_the_old_one_is_in_use_for_a_while(
    desk: Desk, client: Client, endpoint: cn.Receiver
) -> None:
    parameters = broken(client, endpoint)
    ran = desk.run("recover-webhook", **parameters, url=endpoint.url_for("new"))
    assert ran.outcome is not None
    (note,) = [each["note"] for each in ran.outcome.steps if each["what"].startswith("point")]
    assert "for an hour" in note
    assert "replay" in note
