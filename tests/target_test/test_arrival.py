"""What a test proves when the target is a receiver of this process."""

from __future__ import annotations

from typing import Any

import pytest

from chronicle_notebook import Receiver
from chronicle_notebook.model import ServerVersion
from chronicle_notebook.receiver._receiver import receiver_at
from chronicle_notebook.session._client import Client
from chronicle_notebook.target_test._answer import Grade


def events_of(receiver: Receiver) -> list[dict[str, Any]]:
    return [event for delivery in receiver.deliveries for event in delivery.events]


def test_an_event_goes_through_the_sandbox_and_arrives(client: Client) -> None:
    with Receiver() as receiver:
        client.webhooks.register("mine", receiver.url, lambda b: b.with_event_type("AccountOpened"))
        answer = client.webhooks.test("mine")
        (event,) = events_of(receiver)
    assert answer.grade is Grade.ARRIVED
    assert answer
    assert event["context"]["eventType"]["id"] == "AccountOpened"
    assert "was appended to the sandbox, went through the kernel and arrived" in answer.caveats[0]


def test_a_receiver_that_refuses_it_leaves_the_grade_of_the_request(client: Client) -> None:
    with Receiver() as receiver:
        client.webhooks.register("mine", receiver.url, lambda b: b.with_event_type("AccountOpened"))
        receiver.misbehave(status=503)
        answer = client.webhooks.test("mine")
        receiver.behave()
    assert answer.grade is Grade.ANSWERED
    assert not answer
    assert "answered 503" in answer.caveats[-1]


def test_an_inactive_webhook_gets_no_event_and_the_answer_says_why(client: Client) -> None:
    with Receiver() as receiver:
        client.webhooks.register("mine", receiver.url, lambda b: b.with_event_type("AccountOpened").not_active())
        answer = client.webhooks.test("mine")
        assert events_of(receiver) == []
    assert answer.grade is Grade.ACCEPTED
    assert "because it is inactive" in answer.caveats[-1]


def test_a_kernel_that_is_no_sandbox_is_never_given_an_event(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver:
        client.webhooks.register("mine", receiver.url, lambda b: b.with_event_type("AccountOpened"))
        client.event_log.append("account-1", "AccountOpened", {})
        receiver.wait_for(1)
        monkeypatch.setattr(Client, "version", ServerVersion("19.29.4"))
        assert not client.sandbox
        answer = client.webhooks.test("mine")
        assert len(events_of(receiver)) == 1
    assert client.event_log.tail() == 0
    assert answer.grade is Grade.ACCEPTED
    assert "where 1 event arrived at this path so far. No event was appended" in answer.caveats[-1]


def test_a_definition_that_is_not_registered_gets_no_event(client: Client) -> None:
    with Receiver() as receiver:
        client.webhooks.register("mine", receiver.url_for("other"), lambda b: b.with_event_type("AccountOpened"))
        answer = client.webhooks.test(client.webhooks.get("mine").changed(target_url=receiver.url))
        assert events_of(receiver) == []
    assert answer.grade is Grade.ACCEPTED


def test_a_receiver_is_found_by_its_url_while_it_serves() -> None:
    with Receiver(path="/hooks") as receiver:
        assert receiver_at(receiver.url) is receiver
        assert receiver_at(receiver.url_for("a b")) is receiver
        assert receiver_at(receiver.url.replace("127.0.0.1", "localhost")) is receiver
        url = receiver.url
        for other in (
            f"{url}x",
            url.replace("http:", "https:"),
            url.replace("127.0.0.1", "example.com"),
            "http://[",
            "",
        ):
            assert receiver_at(other) is None
    assert receiver_at(url) is None
