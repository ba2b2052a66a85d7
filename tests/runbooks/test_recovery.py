"""Retrying failed partitions, on kernels of both wire generations, and what a diagnosis tells."""

from __future__ import annotations

import re
from typing import Literal

import pytest

import chronicle_notebook as cn
from chronicle_notebook._client import Client
from chronicle_notebook.model import BearerAuthorization, EventType, RegisteredEventType, WebhookDefinition
from chronicle_notebook.runbook import diagnose
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
