"""Pausing and resuming: nothing is lost, woken, mixed up or taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chronicle_notebook import InvalidInputError, Receiver, RunbookError, Secret
from chronicle_notebook.model import BearerAuthorization, RegisteredEventType, WebhookDefinition
from chronicle_notebook.runbook import audit, required_variables
from chronicle_notebook.runbook.engine._outcome import RunStatus
from chronicle_notebook.session._client import Client
from tests.runbook.books import CANARY, Desk, Ran
from tests.runbook.test_books import OLD, OPENED, hook, written
from tests.waiting import eventually

BOOK = "pause-and-resume"


class Pausing:
    """Pauses and resumes with one file."""

    def __init__(self, desk: Desk, client: Client, folder: Path) -> None:
        self.desk, self.client = desk, client
        self.file = folder / "paused.yaml"

    def __call__(self, action: str, *webhooks: str, **more: Any) -> Ran:
        told = {"file": str(self.file), "event_store": self.client.event_store, "apply": True, **more}
        return self.desk.run(BOOK, action=action, webhooks=list(webhooks), **told)


@pytest.fixture
def pausing(desk: Desk, client: Client, tmp_path: Path) -> Pausing:
    return Pausing(desk, client, tmp_path)


@pytest.fixture
def second(client: Client) -> Client:
    """Another event store on the same kernel."""
    store = client.event_store + "-second"
    client.ensure_event_store(store)
    client._kernel.register_event_types(store, [RegisteredEventType(OPENED, {"type": "object"})])
    return client.at(event_store=store)


def done(ran: Ran) -> None:
    assert ran.error is None
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.DONE


# -- the file knows where its definitions are from -----------------------------------------------------------------


def test_two_stores_share_a_file_and_neither_takes_the_other_s_place(
    pausing: Pausing, client: Client, second: Client
) -> None:
    client.webhooks.register(hook("plain", f"{OLD}/first"))
    second.webhooks.register(hook("plain", f"{OLD}/second"))
    done(pausing("pause", "plain"))
    done(pausing("pause", "plain", event_store=second.event_store))
    done(pausing("resume"))
    assert client.webhooks.get("plain").target_url == f"{OLD}/first"
    assert second.webhooks.ids() == [], "only what is of the event store in use"
    done(pausing("resume", event_store=second.event_store))
    assert second.webhooks.get("plain").target_url == f"{OLD}/second"


def test_what_was_paused_in_one_store_is_not_resumed_in_another(
    pausing: Pausing, client: Client, second: Client
) -> None:
    client.webhooks.register(hook("plain", f"{OLD}/first"))
    done(pausing("pause", "plain"))
    for webhooks in ((), ("plain",)):
        ran = pausing("resume", *webhooks, event_store=second.event_store)
        assert isinstance(ran.error, InvalidInputError)
        assert repr(client.event_store) in ran.error.message
        assert client.server in ran.error.message
    assert second.webhooks.ids() == []


def test_a_file_that_does_not_say_where_it_is_from_is_refused(pausing: Pausing, client: Client) -> None:
    client.webhooks.register(hook("plain"))
    done(pausing("pause", "plain"))
    text = pausing.file.read_text()
    pausing.file.write_text("".join(line for line in text.splitlines(keepends=True) if "event_store" not in line))
    ran = pausing("resume", "plain")
    assert isinstance(ran.error, InvalidInputError)
    assert "event_store" in str(ran.error)
    assert client.webhooks.ids() == []


def test_another_definition_that_is_still_kept_is_not_overwritten(pausing: Pausing, client: Client) -> None:
    client.webhooks.register(hook("plain", f"{OLD}/first"))
    done(pausing("pause", "plain"))
    client.webhooks.register(hook("plain", f"{OLD}/second"))  # by somebody else, meanwhile
    before = pausing.file.read_text()
    ran = pausing("pause", "plain")
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.field == "file"
    assert pausing.file.read_text() == before
    assert client.webhooks.ids() == ["plain"]


def test_what_was_resumed_can_be_paused_again_as_it_is_by_then(pausing: Pausing, client: Client) -> None:
    client.webhooks.register(hook("plain", f"{OLD}/first"))
    done(pausing("pause", "plain"))
    done(pausing("resume"))
    client.webhooks.register(hook("plain", f"{OLD}/second"))
    done(pausing("pause", "plain"))
    done(pausing("resume", "plain"))
    assert client.webhooks.get("plain").target_url == f"{OLD}/second"


def test_all_of_the_file_are_those_that_are_still_paused(pausing: Pausing, client: Client) -> None:
    client.webhooks.register(hook("a"))
    client.webhooks.register(hook("b"))
    done(pausing("pause", "a", "b"))
    done(pausing("resume", "a"))
    client.webhooks.remove("a")  # for good
    done(pausing("resume"))
    assert client.webhooks.ids() == ["b"]


# -- what the kernel alone has -------------------------------------------------------------------------------------


@pytest.fixture
def keyed(client: Client) -> WebhookDefinition:
    made = hook("hdr", f"{OLD}/in", headers={"x-api-key": CANARY, "x-team": "money"})
    client._kernel.add_webhooks(client.event_store, [made, hook("zz")])
    eventually(lambda: client.webhooks.ids() == ["hdr", "zz"])
    return made


@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialHeaderWarning")
def test_a_header_s_value_that_nothing_else_holds_is_not_removed(
    pausing: Pausing, client: Client, keyed: WebhookDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = pausing("pause", "hdr", "zz")
    assert isinstance(ran.error, InvalidInputError)
    assert "HDR_X_API_KEY" in ran.error.message
    assert not pausing.file.exists()
    monkeypatch.setenv("HDR_X_API_KEY", "another value")
    ran = pausing("pause", "hdr", "zz")
    assert isinstance(ran.error, InvalidInputError)
    assert "another value than" in ran.error.message
    assert client.webhooks.ids() == ["hdr", "zz"]
    assert CANARY not in str(ran.error)
    monkeypatch.setenv("HDR_X_API_KEY", CANARY)
    done(pausing("pause", "hdr", "zz"))
    assert CANARY not in pausing.file.read_text()
    done(pausing("resume"))
    assert dict(client.webhooks.get("hdr").headers) == dict(keyed.headers)


@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialHeaderWarning")
def test_a_resumption_whose_variables_are_not_set_begins_with_none(
    pausing: Pausing, client: Client, keyed: WebhookDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HDR_X_API_KEY", CANARY)
    done(pausing("pause", "zz", "hdr"))
    monkeypatch.delenv("HDR_X_API_KEY")
    for apply in (False, True):
        ran = pausing("resume", apply=apply)
        assert isinstance(ran.error, InvalidInputError)
        assert "HDR_X_API_KEY is not set" in ran.error.message
    assert client.webhooks.ids() == [], "not even the one that needs no variable"
    done(pausing("resume", "zz"))


@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialUrlWarning")
def test_a_url_that_holds_a_credential_is_not_in_the_file_and_comes_back(
    pausing: Pausing, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{OLD}/in?team=money&code={CANARY}"
    client.webhooks.register(hook("coded", url))
    ran = pausing("pause", "coded")
    assert isinstance(ran.error, InvalidInputError)
    assert "CODED_TARGET_URL is not set" in ran.error.message
    monkeypatch.setenv("CODED_TARGET_URL", url)
    done(pausing("pause", "coded"))
    assert CANARY not in pausing.file.read_text()
    ran = pausing("resume")
    done(ran)
    assert client.webhooks.get("coded").target_url == url
    assert CANARY not in json.dumps(ran.outcome and ran.outcome.to_dict())


def test_what_this_package_could_not_register_again_is_not_removed(pausing: Pausing, client: Client) -> None:
    client._kernel.add_webhooks(client.event_store, [hook("odd", event_types=())])
    eventually(lambda: client.webhooks.ids() == ["odd"])
    ran = pausing("pause", "odd")
    assert isinstance(ran.error, InvalidInputError)
    assert "could not be registered again" in ran.error.message
    assert client.webhooks.ids() == ["odd"]


# -- nothing wakes up ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["16.37", "19.29", "19.32"])
def test_what_was_registered_as_inactive_is_not_woken_by_a_pause(
    release: str, like: Callable[[str], Client], bare_desk: Desk, endpoint: Receiver, tmp_path: Path
) -> None:
    client = like(release)
    client.event_log.append("account-1", OPENED, {})
    client.webhooks.register(WebhookDefinition("sleeper", endpoint.url, (OPENED,), active=False))
    client.webhooks.register(hook("awake", endpoint.url, active=True))
    eventually(lambda: bool(client.observers("awake")))
    assert client.webhooks.get("sleeper").active, "the kernel has lost the flag"
    pausing = Pausing(bare_desk, client, tmp_path)
    ran = pausing("pause", "awake", "sleeper")
    assert isinstance(ran.error, InvalidInputError)
    assert "'sleeper' is listed as active and has no observer" in ran.error.message
    assert sorted(client.webhooks.ids()) == ["awake", "sleeper"]
    done(pausing("pause", "awake"))
    rules = {each.webhook: each.rule for each in audit(client) if each.rule in {"no-observer", "duplicate"}}
    assert rules == {"sleeper": "no-observer"}


def test_one_that_sleeps_does_not_make_events_arrive_twice(like: Callable[[str], Client], endpoint: Receiver) -> None:
    client = like("19.32")
    client.webhooks.register(hook("awake", endpoint.url, active=True))
    client.webhooks.register(WebhookDefinition("sleeper", endpoint.url, (OPENED,), active=False))
    eventually(lambda: bool(client.observers("awake")))
    assert {each.rule for each in audit(client) if each.webhook == "sleeper"} == {"no-observer", "shared-target"}
    client.webhooks.register(hook("third", endpoint.url, active=True))
    eventually(lambda: bool(client.observers("third")))
    assert "duplicate" in {each.rule for each in audit(client) if each.webhook == "third"}


def test_a_pause_with_credentials_is_refused_where_what_comes_meanwhile_would_be_lost(
    like: Callable[[str], Client], bare_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = like("16.37-inmemory")
    monkeypatch.setenv("A_TOKEN", CANARY)
    client.webhooks.register(hook("a", active=True, authorization=BearerAuthorization(Secret("x"))))
    eventually(lambda: bool(client.observers("a")))
    pausing = Pausing(bare_desk, client, tmp_path)
    ran = pausing("pause", "a")
    assert isinstance(ran.error, InvalidInputError)
    assert "status-not-checked" in ran.error.message
    assert client.webhooks.ids() == ["a"]
    done(pausing("pause", "a", accept_defects=["status-not-checked"]))
    done(pausing("resume", "a"))


# -- nothing is taken back -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [(), ("plain",)], ids=["all", "named"])
def test_a_second_resumption_does_not_take_a_newer_definition_back(
    named: tuple[str, ...], pausing: Pausing, client: Client
) -> None:
    client.webhooks.register(hook("plain", f"{OLD}/first"))
    client.webhooks.register(hook("other"))
    done(pausing("pause", "plain", "other"))
    client.webhooks.register(hook("plain", f"{OLD}/second?code={CANARY}".replace("code", "team")))
    ran = pausing("resume", *named)
    assert isinstance(ran.error, InvalidInputError)
    assert "target_url" in ran.error.message
    assert f"{OLD}/first" in ran.error.message
    assert f"{OLD}/second" in ran.error.message
    assert CANARY not in str(ran.error)
    assert client.webhooks.ids() == ["plain"], "nothing else was begun"


def test_the_same_resumption_again_has_nothing_to_do(pausing: Pausing, client: Client) -> None:
    client.webhooks.register(hook("plain"))
    done(pausing("pause", "plain"))
    for named, status in (((), RunStatus.DONE), ((), RunStatus.NOTHING_TO_DO), (("plain",), RunStatus.NOTHING_TO_DO)):
        ran = pausing("resume", *named)
        assert ran.outcome is not None
        assert ran.outcome.status is status


def test_a_webhook_that_is_named_twice_is_paused_once(pausing: Pausing, client: Client) -> None:
    client.webhooks.register(hook("plain"))
    ran = pausing("pause", "plain", "plain")
    done(ran)
    assert ran.outcome is not None
    assert len(ran.outcome.steps) == 2
    ran = pausing("resume", "plain", "plain")
    done(ran)
    assert ran.outcome is not None
    assert len(ran.outcome.steps) == 1


def test_a_file_that_is_a_folder_is_told_as_such(pausing: Pausing, client: Client) -> None:
    client.webhooks.register(hook("plain"))
    pausing.file.mkdir()
    before = written(client)
    ran = pausing("pause", "plain")
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.field == "file"
    assert "Is a directory" in ran.error.message
    assert written(client) == before


def test_a_file_that_cannot_be_written_leaves_the_webhook(pausing: Pausing, client: Client) -> None:
    client.webhooks.register(hook("plain"))
    (pausing.file.parent / "file").write_text("")
    ran = pausing("pause", "plain", file=str(pausing.file.parent / "file" / "paused.yaml"))
    assert isinstance(ran.error, RunbookError | InvalidInputError)
    assert "Not a directory" in str(ran.error)
    assert client.webhooks.ids() == ["plain"]


# -- credentials go to the party that they are meant for -----------------------------------------------------------


@pytest.mark.parametrize("pair", [("orders-eu", "orders_eu"), ("заказы", "支払い")], ids=["folded", "other scripts"])
def test_two_ids_that_look_alike_have_variables_of_their_own(
    pair: tuple[str, str], pausing: Pausing, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as first, Receiver() as other:
        endpoints = dict(zip(pair, (first, other), strict=True))
        for webhook, receiver in endpoints.items():
            authorization = BearerAuthorization(Secret(f"token of {webhook}".encode().hex()))
            client.webhooks.register(hook(webhook, receiver.url, active=True, authorization=authorization))
        names = [required_variables(client.webhooks.get(webhook))[0] for webhook in pair]
        assert len(set(names)) == 2
        monkeypatch.setenv(names[0], "token-of-the-first")
        ran = pausing("pause", *pair)
        assert isinstance(ran.error, InvalidInputError)
        assert names[1] in ran.error.message
        monkeypatch.setenv(names[1], "token-of-the-second")
        done(pausing("pause", *pair))
        done(pausing("resume", *pair))
        client.event_log.append("account-1", OPENED.id, {})
        for receiver in (first, other):
            receiver.wait_for(1)
        first.expect(bearer="token-of-the-first")
        other.expect(bearer="token-of-the-second")
        client.event_log.append("account-1", OPENED.id, {})
        for receiver in (first, other):
            assert receiver.wait_for(2)[-1].status == 200


def test_a_variable_that_holds_what_cannot_be_a_secret_stops_the_pause_and_not_the_resumption(
    pausing: Pausing, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.webhooks.register(hook("first", authorization=BearerAuthorization(Secret("x"))))
    monkeypatch.setenv("FIRST_TOKEN", f"{CANARY}\n")
    ran = pausing("pause", "first")
    assert isinstance(ran.error, InvalidInputError)
    assert "white space around it" in ran.error.message
    assert client.webhooks.ids() == ["first"]


@pytest.mark.parametrize("webhooks", [(), ("first", "second")], ids=["all", "named"])
def test_a_file_in_which_two_webhooks_read_one_variable_is_refused_with_both_names(
    webhooks: tuple[str, ...], pausing: Pausing, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for webhook, name in (("first", "FIRST_TOKEN"), ("second", "SECOND_TOKEN")):
        monkeypatch.setenv(name, CANARY)
        client.webhooks.register(hook(webhook, authorization=BearerAuthorization(Secret("x"))))
    done(pausing("pause", "first", "second"))
    kept = pausing.file.read_text()
    pausing.file.write_text(kept.replace("SECOND_TOKEN", "FIRST_TOKEN"))
    ran = pausing("resume", *webhooks)
    assert isinstance(ran.error, InvalidInputError)
    assert "FIRST_TOKEN would be read for 'first' and for 'second'" in ran.error.message
    assert client.webhooks.ids() == []
    done(pausing("resume", "first"))
    pausing.file.write_text(kept)
    done(pausing("resume", "second"))
