"""Retrying failed partitions, on kernels of both wire generations, and what a diagnosis tells."""

from __future__ import annotations

import re
from typing import Literal

import pytest

import chronicle_notebook as cn
from chronicle_notebook._client import Client
from chronicle_notebook._secrets import MASK
from chronicle_notebook.model import BearerAuthorization, EventType, RegisteredEventType, WebhookDefinition
from chronicle_notebook.runbook import diagnose
from chronicle_notebook.runbook._url import without_credentials
from tests.runbooks.books import CANARY
from tests.runbooks.test_books import wait_until

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
        wait_until(lambda: bool(client.failed_partitions("sick")))
        tried = client.retry_failed_partitions("sick")  # while it still fails, so that it cannot have recovered
        assert [(each.partition, ran) for each, ran in tried] == [("account-1", started)]
        endpoint.behave()
        endpoint.wait_for(1, where=lambda delivery: delivery.status == 200 and bool(delivery.events))
        wait_until(lambda: not client.failed_partitions("sick"))
        assert client.retry_failed_partitions("sick") == []


def test_a_diagnosis_tells_what_the_target_says_now_and_what_the_kernel_noted(client: Client) -> None:
    client.webhooks.register(SICK)
    client.event_log.append("account-1", OPENED, {})
    wait_until(lambda: bool(client.failed_partitions("sick")))
    found = dict(diagnose(client, "sick"))
    assert found["its answer now"].startswith("no answer")
    assert re.match(r"\d+ attempts? in Default at number 0: ", found["partition account-1"])
    assert found["in Default"].startswith("active")
    assert "1 partition failing" in repr(diagnose(client, "sick"))


def test_a_diagnosis_says_when_it_could_not_send_the_credentials(client: Client) -> None:
    client.webhooks.register(SICK.changed(authorization=BearerAuthorization(cn.Secret("x")), active=False))
    wait_until(lambda: client.webhooks.get("sick").authorization.kind.value == "bearer")
    found = dict(diagnose(client, "sick"))
    assert found["credentials"] == "not sent, as SICK_TOKEN is not set here"
    assert found["active"].startswith("no")


def test_a_diagnosis_of_what_is_not_there_names_the_nearest(client: Client) -> None:
    client.webhooks.register(SICK.changed(active=False))
    with pytest.raises(cn.UnknownWebhookError) as caught:
        diagnose(client, "sik")
    assert caught.value.hint == "Did you mean 'sick'?"


@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialUrlWarning")
def test_a_diagnosis_hides_what_the_kernel_quotes_of_a_target(client: Client) -> None:
    client.webhooks.register(SICK.changed(target_url=f"http://127.0.0.1:9/in?apikey={CANARY}"))
    client.event_log.append("account-1", OPENED, {})
    wait_until(lambda: bool(client.failed_partitions("sick")))
    (failed,) = client.failed_partitions("sick")
    assert CANARY in " ".join(failed.attempts[-1].messages), "the kernel quotes it"
    found = diagnose(client, "sick")
    assert "http://127.0.0.1:9/in?apikey=" in dict(found)["partition account-1"]
    assert CANARY not in repr(dict(found)) + found._repr_html_()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("POST http://ada:word@h.example.com:81/in failed", f"POST http://{MASK}@h.example.com:81/in failed"),
        ("'https://old.example.com/?key=word': 503", f"'https://old.example.com/?key={MASK}': 503"),
        ("to http://x.example.com/?a=one two now", f"to http://x.example.com/?a={MASK} now"),
        ("http://[word", MASK),
        ("no URL", "no URL"),
    ],
)
def test_urls_in_a_message_lose_what_may_be_a_credential(text: str, kept: str) -> None:
    assert without_credentials(text, "http://x.example.com/?a=one two") == kept
