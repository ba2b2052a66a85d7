"""What an audit finds, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from chronicle_notebook import Receiver, Secret
from chronicle_notebook.model import BearerAuthorization, EventType, WebhookDefinition
from chronicle_notebook.runbook import audit, too_bad
from chronicle_notebook.session._client import Client
from tests.waiting import eventually

KINDS = (EventType("AccountOpened"), EventType("FundsDeposited"))
GOOD = WebhookDefinition(
    "good", "https://good.example.com/in", KINDS[:1], authorization=BearerAuthorization(Secret("x")), active=False
)


def store(client: Client, *hooks: WebhookDefinition) -> None:
    """Register past the checks of this package: other clients register anything."""
    client._kernel.add_webhooks(client.event_store, hooks)
    eventually(lambda: set(client.webhooks.all().ids) >= {each.id for each in hooks})


def found(client: Client, **settings: Any) -> dict[str, set[str]]:
    """The rules by webhook, but for the one that says that these are inactive."""
    rules: dict[str, set[str]] = {}
    for each in audit(client, **settings):
        if each.rule != "inactive":
            rules.setdefault(each.webhook, set()).add(each.rule)
    return rules


def test_a_good_webhook_is_left_alone(client: Client) -> None:
    store(client, GOOD)
    eventually(lambda: client.webhooks.get("good").authorization.kind.value == "bearer")
    assert found(client) == {}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"target_url": "http://plain.example.com/in"}, "plain-http"),
        ({"target_url": "https://reader:canary-9f2b-swordfish@good.example.com/in?key=canary-9f2b"}, "credential-url"),
        ({"target_url": "https://good.example.com/in?team=a&token=canary-9f2b-swordfish"}, "credential-query"),
        ({"headers": {"x-api-key": "canary-9f2b-swordfish"}}, "credential-header"),
        ({"event_types": ()}, "never-fires"),
        ({"event_types": (EventType("AccountOpenend"),)}, "never-fires"),
        ({"event_types": (KINDS[0], EventType("FundsDepositd"))}, "unknown-event-type"),
        ({"event_sequence_id": "evnt-log"}, "unknown-sequence"),
    ],
)
def test_what_is_wrong_with_a_definition(client: Client, changes: dict[str, Any], rule: str) -> None:
    store(client, GOOD.changed(**changes))
    eventually(lambda: client.webhooks.get("good").authorization.kind.value == "bearer")
    assert found(client) == {"good": {rule}}
    listing = audit(client)
    assert "canary" not in repr(listing) + listing._repr_html_() + str([each.facts() for each in listing])


def test_it_suggests_the_event_type_that_was_meant(client: Client) -> None:
    store(client, GOOD.changed(event_types=(EventType("AccountOpenend"),)))
    remedies = [each.remedy for each in audit(client) if each.rule == "never-fires"]
    assert remedies == ["Did you mean 'AccountOpened'?"]


def test_a_target_without_proof_is_worth_knowing_and_one_on_this_machine_is_not(client: Client) -> None:
    store(
        client,
        WebhookDefinition("open", "https://open.example.com/in", KINDS[:1], active=False),
        WebhookDefinition("local", "http://127.0.0.1:9/in", KINDS[:1], active=False),
        WebhookDefinition("named", "http://localhost:9/in", KINDS[:1], active=False),
    )
    assert found(client) == {"open": {"no-authorization"}}


def test_duplicates_are_told_from_what_only_shares_a_target(client: Client) -> None:
    store(
        client,
        WebhookDefinition("one", "http://127.0.0.1:9/in", KINDS[:1]),
        WebhookDefinition("two", "http://127.0.0.1:9/in", KINDS[1:]),
        WebhookDefinition("three", "http://127.0.0.1:9/in", KINDS),
        WebhookDefinition("four", "http://127.0.0.1:9/in", KINDS, active=False),
    )
    eventually(lambda: {"one", "two", "three"} <= {each.id for each in client.observers()})
    # One that is inactive delivers nothing, so nothing arrives twice by it.
    assert found(client) == {"two": {"shared-target"}, "three": {"duplicate"}, "four": {"shared-target"}}


def test_a_failing_partition_is_found(client: Client) -> None:
    client.webhooks.register(WebhookDefinition("sick", "http://127.0.0.1:9/in", KINDS[:1]))
    client.event_log.append("account-1", KINDS[0], {})
    eventually(lambda: bool(client.failed_partitions("sick")))
    (finding,) = [each for each in audit(client) if each.rule == "failing"]
    assert finding.grade.value == "high"
    assert finding.what.startswith("1 partition failing")


def test_a_lag_over_the_limit_is_found(client: Client) -> None:
    with Receiver() as endpoint:
        endpoint.misbehave(delay=1.0)
        client.webhooks.register(WebhookDefinition("slow", endpoint.url, KINDS[:1]))
        for number in range(5):
            client.event_log.append(f"account-{number}", KINDS[0], {})
        assert found(client, largest_lag=0).get("slow") == {"lag"}
        assert "slow" not in found(client, largest_lag=100)
        endpoint.behave()


def test_the_worst_come_first_and_decide(client: Client) -> None:
    store(client, GOOD.changed(target_url="http://plain.example.com/in"))
    eventually(lambda: client.webhooks.get("good").authorization.kind.value == "bearer")
    findings = audit(client)
    assert [each.grade.value for each in findings] == sorted(
        (each.grade.value for each in findings), key=["high", "medium", "low"].index
    )
    assert too_bad(findings, "high") == "1 of grade high or worse."
    assert too_bad(findings, "low").startswith("2 of")
    assert too_bad(findings, "nothing") == ""


def test_all_that_are_inactive_are_one_finding(client: Client) -> None:
    store(client, GOOD, GOOD.changed(id="rest", target_url="https://rest.example.com/in"))
    eventually(lambda: all(each.authorization.kind.value == "bearer" for each in client.webhooks.all()))
    (finding,) = audit(client)
    assert (finding.rule, finding.webhook) == ("inactive", "(several)")
    assert finding.what.startswith("2 webhooks are inactive: good, rest. ")
