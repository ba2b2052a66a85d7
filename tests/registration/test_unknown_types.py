"""A webhook for an event type that nobody has registered yet: refused, unless somebody wants it so."""

from __future__ import annotations

import pytest

import chronicle_notebook as cn
from chronicle_notebook.session._client import Client

URL = "http://127.0.0.1:9/in"
FUTURE = cn.WebhookDefinition("future", URL, (cn.EventType("AccountOpened"), cn.EventType("ParcelSent")))


def test_it_is_refused_and_the_hint_says_how_to_register_it_on_purpose(client: Client) -> None:
    for call in (client.webhooks.register, client.webhooks.plan):
        with pytest.raises(cn.UnknownEventTypeError, match="ParcelSent") as caught:
            call(FUTURE)
        assert "accept_unknown=True" in caught.value.hint
    assert client.webhooks.ids() == []


def test_on_purpose_it_is_registered_and_the_note_says_that_nothing_comes(client: Client) -> None:
    plan = client.webhooks.plan(FUTURE, accept_unknown=True)
    told = "The event store has no event type 'ParcelSent', so the webhook does not receive it."
    assert any(told in note for note in plan.notes)
    outcome = client.webhooks.register(FUTURE, accept_unknown=True)
    assert outcome
    assert any(told in note for note in outcome.notes)
    assert not any("'AccountOpened', so" in note for note in outcome.notes)
    assert client.webhooks.get("future").event_types == FUTURE.event_types
    assert "ParcelSent" not in {each.id for each in client.event_types()}, "the type itself is not registered"


def test_every_way_to_register_takes_it(client: Client) -> None:
    @cn.webhook(target_url=URL, id="declared")
    class Declared:
        def define(self, builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
            return builder.with_event_type("ParcelSent")

    assert client.webhooks.register(Declared, accept_unknown=True)
    assert client.webhooks.register("by-id", URL, lambda b: b.with_event_type("ParcelSent"), accept_unknown=True)
    assert client.webhooks.register([FUTURE, FUTURE.changed(id="another")], accept_unknown=True)
    name = client.name
    assert cn.webhooks.plan(FUTURE.changed(id="by-name"), client=name, accept_unknown=True).effective
    assert cn.webhooks.register(FUTURE.changed(id="by-name"), client=name, accept_unknown=True)
    with pytest.raises(cn.InvalidInputError, match="accept_unknown"):
        client.webhooks.register(FUTURE, accept_unknown="yes")  # type: ignore[call-overload]
