"""How long to wait is checked before anything is done: a bad number must cost no webhook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, RegisteredEventType, WebhookDefinition
from chronicle_notebook.registration import _wait
from chronicle_notebook.session._client import Client
from tests.waiting import LONG, eventually

HOOK = WebhookDefinition("audit", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))
CALLS: dict[str, Callable[[Client, Any], object]] = {
    "register": lambda client, wait: client.webhooks.register(HOOK.changed(id="new"), wait=wait),
    "register several": lambda client, wait: client.webhooks.register([HOOK.changed(id="new")], wait=wait),
    "register_discovered": lambda client, wait: client.webhooks.register_discovered(wait=wait),
    "remove": lambda client, wait: client.webhooks.remove("audit", wait=wait),
    "remove several": lambda client, wait: client.webhooks.remove(["audit"], wait=wait),
    "replace": lambda client, wait: client.webhooks.replace(HOOK.changed(replayable=False), wait=wait),
}


@pytest.mark.parametrize("wait", [None, "5", -1, float("nan"), float("inf"), True])
@pytest.mark.parametrize("call", CALLS)
def test_a_wait_that_is_no_number_of_seconds_is_refused_before_anything_is_sent(
    client: Client, call: str, wait: Any
) -> None:
    @cn.webhook(target_url="http://127.0.0.1:9/in", id="declared")
    class Declared:
        pass

    client.webhooks.register(HOOK)
    with pytest.raises(cn.InvalidInputError) as caught:
        CALLS[call](client, wait)
    assert caught.value.field == "wait"
    assert list(client.webhooks.all()) == [HOOK]


def test_not_to_wait_at_all_is_fine(client: Client) -> None:
    assert client.webhooks.register(HOOK, wait=0).accepted
    eventually(lambda: "audit" in client.webhooks.ids())
    assert client.webhooks.remove("audit", wait=0).accepted
    eventually(lambda: "audit" not in client.webhooks.ids())


@pytest.mark.parametrize("timeout", [None, "5", -1, 0, float("nan"), float("inf"), True])
def test_a_test_without_a_time_to_answer_in_is_refused(client: Client, timeout: Any) -> None:
    with cn.Receiver() as endpoint:
        client.webhooks.register(HOOK.changed(target_url=endpoint.url))
        with pytest.raises(cn.InvalidInputError) as caught:
            client.webhooks.test("audit", timeout=timeout)
        assert len(endpoint.deliveries) == 0
    assert caught.value.field == "timeout"


def test_a_test_may_be_given_all_the_time_there_is(client: Client) -> None:
    assert client.webhooks.test(HOOK, timeout=1e300).status is None


class Clock:
    """A clock that only goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("profile", "lost"), [("16.37", True), ("16.37-inmemory", False), ("documented", False)])
@pytest.mark.usefixtures("settled")
def test_credentials_that_a_kernel_is_known_to_drop_are_not_waited_for(
    profile: str, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    with (
        cn.Sandbox(behaves_like=profile, settle_delay=0.0, time_scale=0.01) as sandbox,
        cn.connect(sandbox.connection_string, event_store="shop", name=profile) as client,
    ):
        client.ensure_event_store()
        client._kernel.register_event_types("shop", [RegisteredEventType(EventType("AccountOpened"))])
        monkeypatch.setattr(_wait, "time", clock)
        secured = HOOK.changed(authorization=cn.BearerAuthorization(cn.Secret("canary-4c1d")))
        outcome = client.webhooks.register(secured, wait=LONG)
        assert [each.field for each in outcome.ineffective] == (["authorization"] if lost else [])
        assert clock.now < 2 * _wait.GRACE_OF_CREDENTIALS, "by the clock of the wait, not by that of the machine"
        assert (clock.now >= _wait.GRACE_OF_CREDENTIALS) == lost
