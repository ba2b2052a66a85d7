"""On kernels that lose credentials, changes or deliveries, a runbook says so before it begins, and not too late."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from chronicle_notebook import InvalidInputError, Receiver, RunbookError, Secret
from chronicle_notebook.definition._credentials import with_credentials, with_references
from chronicle_notebook.model import (
    BasicAuthorization,
    BearerAuthorization,
    OAuthAuthorization,
    WebhookCredentials,
    WebhookDefinition,
)
from chronicle_notebook.runbook import audit, diagnose, required_variables
from chronicle_notebook.runbook.engine._outcome import RunStatus
from chronicle_notebook.runbook.recipes._rotation import with_secret
from chronicle_notebook.session._client import Client
from chronicle_notebook.widgets._form_fields import Fields
from tests.runbook.books import CANARY, Desk
from tests.runbook.test_books import OLD, OPENED, hook, written
from tests.waiting import eventually

Like = Callable[[str], Client]
DROPPING = ("16.37", "16.37-inmemory", "19.29")


def consumer(endpoint: Receiver, **more: Any) -> dict[str, Any]:
    return {"webhook": "desk", "url": endpoint.url, "event_types": ["AccountOpened"], "event_store": "shop", **more}


# -- a new consumer with credentials -------------------------------------------------------------------------------


@pytest.mark.parametrize("release", DROPPING)
@pytest.mark.parametrize("apply", [False, True], ids=["dry", "applied"])
def test_a_consumer_with_credentials_is_refused_where_its_history_would_be_lost(
    release: str, apply: bool, like: Like, bare_desk: Desk, endpoint: Receiver
) -> None:
    client = like(release)
    endpoint.expect(bearer=Secret(CANARY))
    client.event_log.append("account-1", OPENED, {})
    before = written(client)
    ran = bare_desk.run("onboard-consumer", **consumer(endpoint, token="env:NEW_TOKEN", apply=apply))
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.field == "accept_defects"
    assert "authorization-dropped" in str(ran.error)
    assert "counts as delivered" in str(ran.error)
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.FAILED
    assert "accept_defects=" in ran.outcome.problems[0], "the next step stands in the outcome too"
    assert written(client) == before
    assert client.webhooks.ids() == []
    assert len(endpoint.deliveries) == 0


def test_where_only_the_secret_would_be_encrypted_that_is_the_reason(
    like: Like, bare_desk: Desk, endpoint: Receiver
) -> None:
    like("16.37-inmemory")
    told = consumer(endpoint, username="reader", password="env:NEW_TOKEN", apply=True)
    known = ["authorization-dropped", "status-not-checked"]
    ran = bare_desk.run("onboard-consumer", accept_defects=known, **told)
    assert isinstance(ran.error, InvalidInputError)
    assert "ciphertext-sent" in ran.error.message
    assert "authorization-dropped" not in ran.error.message, "that was accepted"


def test_who_knows_better_says_so_by_name_and_it_is_kept_in_the_outcome(
    like: Like, bare_desk: Desk, endpoint: Receiver
) -> None:
    client = like("16.37-inmemory")
    known = ["authorization-dropped", "ciphertext-sent", "status-not-checked"]
    told = consumer(endpoint, token="env:NEW_TOKEN", apply=True)
    ran = bare_desk.run("onboard-consumer", accept_defects=known, **told)
    assert ran.error is None
    assert ran.outcome is not None
    assert ran.outcome.parameters["accept_defects"] == known
    assert client.webhooks.get("desk").authorization.kind.value == "bearer"


def test_a_defect_that_there_is_not_cannot_be_accepted(like: Like, bare_desk: Desk, endpoint: Receiver) -> None:
    like("19.32")
    ran = bare_desk.run("onboard-consumer", accept_defects=["authorization-droped"], **consumer(endpoint))
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.hint.startswith("Did you mean 'authorization-dropped'")


def test_without_credentials_and_on_a_mended_kernel_a_consumer_is_taken(
    like: Like, bare_desk: Desk, endpoint: Receiver
) -> None:
    like("19.29")
    assert bare_desk.run("onboard-consumer", **consumer(endpoint)).error is None
    like("19.32")
    ran = bare_desk.run("onboard-consumer", **consumer(endpoint, token="env:NEW_TOKEN"))
    assert ran.error is None
    assert ran.outcome is not None
    assert "may come without them" in ran.outcome.steps[-1]["note"], "the order of the first deliveries is told"


# -- deliveries that count whatever the target answers -------------------------------------------------------------


def refused_everything(client: Client, endpoint: Receiver) -> None:
    endpoint.misbehave(status=404)
    client.webhooks.register(hook("a", endpoint.url, active=True))
    client.event_log.append("account-1", OPENED, {})
    endpoint.wait_for(1, where=lambda delivery: bool(delivery.events))
    assert not client.failed_partitions("a")


def test_a_recovery_asks_the_target_where_nothing_failing_proves_nothing(
    like: Like, bare_desk: Desk, endpoint: Receiver
) -> None:
    refused_everything(like("19.29"), endpoint)
    told = {"webhook": "a", "event_store": "shop", "deadline": 5.0}
    dry = bare_desk.run("recover-webhook", **told)
    assert dry.outcome is not None
    assert dry.outcome.status is RunStatus.PLANNED
    assert "counts every answer as delivered" in dry.outcome.steps[-1]["note"]
    ran = bare_desk.run("recover-webhook", apply=True, **told)
    assert isinstance(ran.error, RunbookError)
    assert "404" in str(ran.error)
    endpoint.behave()
    ran = bare_desk.run("recover-webhook", apply=True, **told)
    assert ran.error is None
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.DONE
    assert "a replay" in ran.outcome.steps[-1]["note"], "what was refused does not come again by itself"


def test_a_diagnosis_and_an_audit_say_that_any_answer_counts(like: Like, endpoint: Receiver) -> None:
    client = like("19.29")
    refused_everything(client, endpoint)
    told = [text for what, text in diagnose(client, "a") if what == "caveat"]
    assert any("counts every answer as delivered" in text for text in told)
    assert not any("up to 16.37" in text for text in told), "this one is later, and does so too"
    (finding,) = [each for each in audit(client) if each.rule == "status-not-checked"]
    assert finding.grade.value == "medium"
    assert "does not prove" in finding.what


def test_a_kernel_that_looks_at_the_status_gets_no_such_finding(like: Like, endpoint: Receiver) -> None:
    client = like("19.32")
    client.webhooks.register(hook("a", endpoint.url, active=True))
    eventually(lambda: bool(client.observers("a")))
    assert [each.rule for each in audit(client) if each.webhook == "(all)"] == []
    assert not any("counts every answer" in text for _, text in diagnose(client, "a"))


def test_an_audit_finds_secrets_that_go_out_encrypted(like: Like) -> None:
    client = like("16.37-inmemory")
    authorization = BearerAuthorization(Secret("old-token"))
    client.webhooks.register(hook("a", f"{OLD}/in", authorization=authorization, active=True))
    eventually(lambda: client.webhooks.get("a").authorization.kind.value == "bearer")
    assert "ciphertext-sent" in {each.rule for each in audit(client)}


@pytest.mark.parametrize(
    "given",
    [
        BasicAuthorization("desk", Secret.env("OLD_ONE")),
        OAuthAuthorization("https://login.example.com", "desk", Secret.env("OLD_ONE")),
    ],
    ids=["basic", "oauth"],
)
def test_nobody_is_asked_for_what_a_kernel_in_memory_lists_of_credentials(
    given: WebhookCredentials, like: Like, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLD_ONE", CANARY)
    client = like("16.37-inmemory")
    client.webhooks.register(hook("a", f"{OLD}/in", authorization=given, active=True))
    found = client.webhooks.get("a")
    (secret,) = required_variables(found)
    assert secret == "A_" + given.secret_part().name.upper()
    new = Secret.env("NEW_ONE")
    assert with_secret(found, new).authorization == type(given).of(given.values() | {given.secret_part().name: new})
    assert Fields.of(found).texts == {part.name: given.values()[part.name] for part in given.parts() if not part.secret}
    kept = with_references(found)
    assert kept.authorization.summary() == given.summary().replace("OLD_ONE", secret)
    monkeypatch.setenv(secret, CANARY)
    assert with_credentials(found) == kept
    if "username" in given.values():
        other = with_secret(found, new, username="other").authorization
        assert "other" in other.summary()


# -- changes that are dropped --------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["16.37", "19.29"])
@pytest.mark.parametrize("apply", [False, True], ids=["dry", "applied"])
def test_a_move_that_the_kernel_would_drop_is_refused_in_the_plan(
    release: str, apply: bool, like: Like, bare_desk: Desk, endpoint: Receiver
) -> None:
    client = like(release)
    client.webhooks.register(hook("a", f"{OLD}/webhooks/a", active=True))
    eventually(lambda: bool(client.observers("a")))
    before = written(client)
    told = {"from_host": "127.0.0.1:9", "to_host": endpoint.url.split("/")[2], "event_store": "shop"}
    ran = bare_desk.run("move-host", apply=apply, **told)
    assert isinstance(ran.error, InvalidInputError)
    assert "updates-dropped" in ran.error.message
    assert "replace=true" in ran.error.hint
    assert written(client) == before


def moving(client: Client, endpoint: Receiver, file: object) -> dict[str, Any]:
    for name in ("a", "b"):
        client.webhooks.register(hook(name, f"{OLD}/webhooks/{name}", active=True))
    eventually(lambda: {"a", "b"} <= {each.id for each in client.observers()})
    host = endpoint.url.split("/")[2]
    told = {"from_host": "127.0.0.1:9", "to_host": host, "event_store": "shop", "file": str(file)}
    return {**told, "replace": True, "apply": True}


def test_with_replace_it_is_moved_all_the_same_and_goes_on_where_it_was(
    like: Like, bare_desk: Desk, endpoint: Receiver, tmp_path: Any
) -> None:
    client = like("19.29")
    parameters = moving(client, endpoint, tmp_path / "moved.yaml")
    ran = bare_desk.run("move-host", **parameters)
    assert ran.error is None
    assert {each.id: each.target_url for each in client.webhooks.all()} == {
        name: endpoint.url_for(name) for name in ("a", "b")
    }
    client.event_log.append("account-1", OPENED, {})
    endpoint.wait_for(2, where=lambda delivery: bool(delivery.events))
    again = bare_desk.run("move-host", **parameters)
    assert again.outcome is not None
    assert again.outcome.status is RunStatus.NOTHING_TO_DO


def test_what_a_replacement_left_removed_is_registered_by_the_next_run(
    like: Like,
    bare_desk: Desk,
    endpoint: Receiver,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    lost: threading.Event,
) -> None:
    from chronicle_notebook import KernelFaultError
    from chronicle_notebook.contracts.negotiated import NegotiatedGateway

    client = like("19.29")
    parameters = moving(client, endpoint, tmp_path / "moved.yaml")

    def fails(self: NegotiatedGateway, *_: object) -> None:
        lost.set()
        raise KernelFaultError("The storage was lost.", server=self.server)

    with monkeypatch.context() as patch:
        patch.setattr(NegotiatedGateway, "add_webhooks", fails)
        ran = bare_desk.run("move-host", **parameters)
    lost.clear()
    assert isinstance(ran.error, RunbookError)
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.INCOMPLETE
    assert client.webhooks.ids() == ["b"], "one is removed, the other is untouched"
    ran = bare_desk.run("move-host", **{**parameters, "to_host": "elsewhere.example.com"})
    assert isinstance(ran.error, InvalidInputError)
    assert "An earlier run removed 'a'" in ran.error.message
    assert client.webhooks.ids() == ["b"]
    ran = bare_desk.run("move-host", **parameters)
    assert ran.error is None
    assert sorted(each.target_url for each in client.webhooks.all()) == [endpoint.url_for("a"), endpoint.url_for("b")]


def test_a_replacement_never_wakes_what_was_registered_as_inactive(
    like: Like, bare_desk: Desk, endpoint: Receiver, tmp_path: Any
) -> None:
    client = like("19.29")
    parameters = moving(client, endpoint, tmp_path / "moved.yaml")
    client.webhooks.register(WebhookDefinition("sleeper", f"{OLD}/webhooks/s", (OPENED,), active=False))
    ran = bare_desk.run("move-host", **parameters)
    assert isinstance(ran.error, InvalidInputError)
    assert "'sleeper' is listed as active and has no observer" in ran.error.message
    assert sorted(client.webhooks.ids()) == ["a", "b", "sleeper"]


def test_a_recovery_with_a_new_target_is_refused_where_the_kernel_would_drop_it(
    like: Like, bare_desk: Desk, endpoint: Receiver
) -> None:
    client = like("19.29")
    client.webhooks.register(hook("a", active=True))
    ran = bare_desk.run("recover-webhook", webhook="a", url=endpoint.url, event_store="shop", apply=True)
    assert isinstance(ran.error, InvalidInputError)
    assert "updates-dropped" in ran.error.message
    assert "pause-and-resume" in ran.error.hint
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.FAILED


@pytest.mark.parametrize("known_by", ["name", "what the kernel lists"])
def test_a_kernel_that_keeps_changes_all_the_same_is_moved_on_as_usual(
    known_by: str, like: Like, bare_desk: Desk, endpoint: Receiver
) -> None:
    client = like("16.37-inmemory")
    client.webhooks.register(hook("a", f"{OLD}/webhooks/a"))
    told = {"from_host": "127.0.0.1:9", "to_host": endpoint.url.split("/")[2], "event_store": "shop", "apply": True}
    assert isinstance(bare_desk.run("move-host", **told).error, InvalidInputError)
    if known_by == "name":
        told["accept_defects"] = ["updates-dropped"]
    else:  # credentials that are listed were stored, and changes are stored as they are
        client.webhooks.register(hook("b", "http://127.0.0.1:8/in", authorization=BearerAuthorization(Secret("x"))))
        eventually(lambda: client.webhooks.get("b").authorization.kind.value == "bearer")
    assert bare_desk.run("move-host", **told).error is None
    assert client.webhooks.get("a").target_url == endpoint.url_for("a")
