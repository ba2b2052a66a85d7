"""The form's own constructor: what it can begin with."""

from __future__ import annotations

from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.session._client import Client
from tests.waiting import eventually

HOOK = WebhookDefinition("audit", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))


def test_it_begins_with_a_registered_webhook_by_its_id(client: Client) -> None:
    client.webhooks.register(HOOK)
    form = cn.widgets.WebhookForm(client, "audit")
    assert form.definition == HOOK
    eventually(lambda: form.model.choices)
    assert form.model.editing
    form.close()


def test_an_untouched_edit_is_calm_and_its_code_names_the_client(client: Client) -> None:
    client.webhooks.register(
        "audit", HOOK.target_url, lambda b: b.with_event_type("AccountOpened").with_basic_auth("a", "b")
    )
    form = cn.widgets.WebhookForm(client, "audit")
    eventually(lambda: form.model.choices)
    assert set(form.model.remarks.wrong) == {"username", "secret"}  # no kernel gives them back
    assert form.model.complaints(form.model.remarks.wrong) == {}
    assert f'client = cn.client("{client.name}")\n' in form.model.previews()["python"]
    form.close()


def test_an_id_that_is_not_there_is_told_with_the_nearest(client: Client) -> None:
    client.webhooks.register(HOOK)
    with pytest.raises(cn.UnknownWebhookError) as caught:
        cn.widgets.WebhookForm(client, "audti")
    assert caught.value.hint == "Did you mean 'audit'?"


@pytest.mark.parametrize("given", [5, ["audit"], cn.Client])
def test_anything_else_is_refused(client: Client, given: Any) -> None:
    with pytest.raises(cn.InvalidInputError, match="A form needs a definition or the id of a webhook, not "):
        cn.widgets.WebhookForm(client, given)
