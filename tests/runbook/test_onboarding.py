"""A new consumer: credentials are whole or refused, and the plan promises what will come."""

from __future__ import annotations

from typing import Any

import pytest

from chronicle_notebook import InvalidInputError, Receiver, Secret
from chronicle_notebook.model import BasicAuthorization, BearerAuthorization
from chronicle_notebook.runbook.engine._outcome import RunStatus
from chronicle_notebook.session._client import Client
from tests.runbook.books import CANARY, Desk, Ran
from tests.runbook.test_books import OPENED, hook, written
from tests.waiting import eventually


def onboarded(desk: Desk, client: Client, endpoint: Receiver, **more: Any) -> Ran:
    told = {"webhook": "desk", "url": endpoint.url, "event_types": ["AccountOpened"], "apply": True, **more}
    return desk.run("onboard-consumer", event_store=client.event_store, **told)


def last(ran: Ran) -> dict[str, str]:
    assert ran.error is None
    assert ran.outcome is not None
    return dict(ran.outcome.steps[-1])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"username": "reader"}, "password"),
        ({"password": "env:NEW_TOKEN"}, "username"),
        ({"token": "env:NEW_TOKEN", "password": "env:NEW_TOKEN"}, "token"),
        ({"token": "env:NEW_TOKEN", "username": "reader"}, "token"),
        ({"token": "env:NEW_TOKEN", "username": "reader", "password": "env:NEW_TOKEN"}, "token"),
    ],
)
@pytest.mark.parametrize("apply", [False, True], ids=["dry", "applied"])
def test_credentials_that_are_half_or_twofold_are_refused(
    given: dict[str, str], field: str, apply: bool, desk: Desk, client: Client, endpoint: Receiver
) -> None:
    before = written(client)
    ran = onboarded(desk, client, endpoint, apply=apply, **given)
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.field == field
    assert written(client) == before
    assert len(endpoint.deliveries) == 0


def test_a_new_id_is_promised_what_there_is(desk: Desk, client: Client, endpoint: Receiver) -> None:
    for number in range(3):
        client.event_log.append(f"account-{number}", OPENED, {})
    assert "all 3 events so far" in last(onboarded(desk, client, endpoint))["note"]
    endpoint.wait_for(3, where=lambda delivery: bool(delivery.events))


def test_an_id_that_was_there_before_is_told_where_it_goes_on(desk: Desk, client: Client, endpoint: Receiver) -> None:
    client.event_log.append("account-1", OPENED, {})
    onboarded(desk, client, endpoint)
    endpoint.wait_for(1, where=lambda delivery: bool(delivery.events))
    eventually(lambda: all(each.next_sequence_number == 1 for each in client.observers("desk")))
    client.webhooks.remove("desk")
    note = last(onboarded(desk, client, endpoint, apply=False))["note"]
    assert "goes on at number 1 in namespace 'Default'" in note
    assert "another id" in note
    assert "all 1 events" not in note


def test_an_existing_webhook_is_changed_and_not_registered_as_if_new(
    desk: Desk, client: Client, endpoint: Receiver
) -> None:
    onboarded(desk, client, endpoint)
    client.event_log.append("account-1", "FundsDeposited", {})
    step = last(onboarded(desk, client, endpoint, event_types=["AccountOpened", "FundsDeposited"]))
    assert "register it" not in step["what"]
    assert "AccountOpened, FundsDeposited instead of AccountOpened" in step["what"]
    ran = onboarded(desk, client, endpoint, event_types=["AccountOpened"], apply=False)
    assert "from now on" in last(ran)["note"]
    assert "events so far" not in last(ran)["note"]


def test_with_credentials_nobody_can_tell_whether_it_is_so_already(
    desk: Desk, client: Client, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.expect(bearer=Secret(CANARY))
    assert last(onboarded(desk, client, endpoint, token="env:NEW_TOKEN"))["state"] == "done"
    monkeypatch.setenv("OTHER_TOKEN", "other-token")
    endpoint.expect(bearer=Secret("other-token"))
    dry = onboarded(desk, client, endpoint, token="env:OTHER_TOKEN", apply=False)
    assert dry.outcome is not None
    assert dry.outcome.status is RunStatus.PLANNED
    step = last(dry)
    assert step["state"] == "cannot tell"
    assert "replay" in step["note"]
    assert last(onboarded(desk, client, endpoint, token="env:OTHER_TOKEN"))["state"] == "done"
    client.event_log.append("account-1", OPENED, {})
    endpoint.wait_for(1, where=lambda delivery: delivery.status == 200 and bool(delivery.events))


def test_what_the_kernel_would_ignore_of_an_existing_one_is_refused(
    desk: Desk, client: Client, endpoint: Receiver
) -> None:
    authorization = BearerAuthorization(Secret("old-token"))
    client.webhooks.register(hook("desk", endpoint.url, authorization=authorization, active=True))
    ran = onboarded(desk, client, endpoint)
    assert isinstance(ran.error, InvalidInputError)
    assert "authorization" in ran.error.message
    assert client.webhooks.get("desk").authorization.kind.value == "bearer"


def test_what_else_an_existing_one_has_is_not_taken_away_without_a_word(
    desk: Desk, client: Client, endpoint: Receiver
) -> None:
    client.webhooks.register(hook("desk", endpoint.url, headers={"x-team": "money"}, active=True))
    step = last(onboarded(desk, client, endpoint, apply=False))
    assert "headers: none instead of x-team" in step["what"]


def test_another_kind_of_credentials_is_named(desk: Desk, client: Client, endpoint: Receiver) -> None:
    authorization = BasicAuthorization("reader", Secret("x"))
    client.webhooks.register(hook("desk", endpoint.url, authorization=authorization, active=True))
    step = last(onboarded(desk, client, endpoint, token="env:NEW_TOKEN", apply=False))
    assert "authorization: bearer instead of basic" in step["what"]
