"""The filters of ``to_frame``: what cannot be meant is refused under the name of the argument."""

from __future__ import annotations

from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client


@pytest.mark.parametrize(
    ("filters", "field", "message"),
    [
        (
            {"event_type": cn.EventType("AccountOpened")},
            "event_type",
            "must be a text, not a value of the type EventType",
        ),
        ({"event_type": 5}, "event_type", "must be a text, not 5"),
        ({"event_type": "A+" + "9" * 5000}, "event_type", "has 5,000 digits"),
        ({"url": 5}, "url", "must be a text, not 5"),
        ({"authorization": 1}, "authorization", "must be a text, not 1"),
        ({"authorization": "baisc"}, "authorization", "'baisc' is not a kind of authorization"),
        ({"active": "yes"}, "active", "must be True or False, not a text"),
        ({"active": 1}, "active", "must be True or False, not 1"),
        ({"tidy": "yes"}, "tidy", "must be True or False, not a text"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_named_and_nothing_is_asked_for(
    client: Client, shared_sandbox: Sandbox, filters: dict[str, Any], field: str, message: str
) -> None:
    absent = cn.connect(shared_sandbox.connection_string, event_store="not-there", name="absent")
    for each in (client, absent):
        with pytest.raises(cn.InvalidInputError) as caught:
            each.webhooks.to_frame(**filters)
        assert caught.value.field == field
        assert message in caught.value.message
        assert caught.value.hint
    absent.close()


def test_a_kind_of_authorization_that_is_nearly_right_is_suggested(client: Client) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        client.webhooks.to_frame(authorization="baisc")
    assert caught.value.hint == "Did you mean 'basic'?"
