"""One call examines each thing once: the event types, the secrets, the rules. Its warnings name the user's line."""

from __future__ import annotations

import inspect
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.model import BearerAuthorization, EventType, WebhookDefinition
from chronicle_notebook.session._client import Client

CANARY = "canary-9f2b-aaaa"
TARGET = "http://localhost:9/in"
HOOK = WebhookDefinition("hook", TARGET, (EventType("AccountOpened"),), BearerAuthorization(Secret(CANARY)))


@cn.webhook(id="declared", target_url=TARGET)
class Declared:
    """A class without event types: it gets all that are known."""

    def define(self, builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
        return builder.with_bearer_token(Secret(CANARY))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often event types are read, webhooks sent, and secrets looked up."""
    counts: Counter[str] = Counter()

    def count(owner: type, name: str) -> None:
        original = getattr(owner, name)

        def counting(*arguments: Any, **named: Any) -> Any:
            counts[name] += 1
            return original(*arguments, **named)

        monkeypatch.setattr(owner, name, counting)

    for name in ("event_types", "add_webhooks"):
        count(NegotiatedGateway, name)
    count(Secret, "reveal")
    return counts


CALLS: dict[str, Callable[[Client], object]] = {
    "a class": lambda client: client.webhooks.register(Declared),
    "a definition": lambda client: client.webhooks.register(HOOK),
    "an id": lambda client: client.webhooks.register("hook", TARGET, lambda b: b.with_bearer_token(Secret(CANARY))),
    "a list": lambda client: client.webhooks.register([Declared]),
    "a replacement": lambda client: client.webhooks.replace(Declared),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_registration_reads_event_types_once_and_a_secret_for_each_use(
    client: Client, counted: Counter[str], call: str
) -> None:
    CALLS[call](client)
    # A literal is looked up for the rules, for its length, and to be sent.
    assert counted == {"event_types": 1, "add_webhooks": 1, "reveal": 3}


@pytest.mark.parametrize("webhook", [Declared, HOOK])
def test_a_plan_examines_as_a_registration_does_and_sends_nothing(
    client: Client, counted: Counter[str], webhook: type | WebhookDefinition
) -> None:
    client.webhooks.plan(webhook)
    assert counted == {"event_types": 1, "reveal": 2}


WARNED = HOOK.changed(id="warned", headers={"x-source": Secret(CANARY)})


def test_warnings_name_the_line_of_the_user_at_every_door(client: Client) -> None:
    @cn.webhook(id="discovered", target_url=TARGET)
    class Discovered:
        def define(self, builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
            return builder.with_event_type("AccountOpened").with_header("x-source", Secret(CANARY))

    name = client.name
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        first = inspect.currentframe().f_lineno  # type: ignore[union-attr]
        client.webhooks.register(WARNED)
        client.webhooks.register([WARNED])
        client.webhooks.plan(WARNED)
        client.webhooks.replace(WARNED)
        cn.webhooks.register(WARNED, client=name)
        cn.webhooks.plan(WARNED, client=name)
        cn.webhooks.replace(WARNED, client=name)
        client.webhooks.register(Discovered)
    lines = [(each.filename, each.lineno - first) for each in given if each.category is cn.CredentialHeaderWarning]
    assert lines == [(__file__, number) for number in range(1, 9)]


def test_several_webhooks_have_each_caution_once(client: Client) -> None:
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        client.webhooks.register([WARNED, WARNED.changed(id="second")])
    told = [str(each.message) for each in given if each.category is cn.CredentialHeaderWarning]
    assert [each.partition(": ")[0] for each in told] == ["Webhook 'warned'", "Webhook 'second'"]


def test_an_answer_without_a_message_looks_no_credential_up(counted: Counter[str]) -> None:
    with cn.Sandbox(auth=True) as box, cn.connect(box.connection_string, event_store="shop", name="asked") as client:
        client.ensure_event_store()
        client.webhooks.ids()
        counted.clear()
        client.webhooks.ids()
    assert counted["reveal"] == 2, "before the call, where an error can be told well, and as it is sent"
