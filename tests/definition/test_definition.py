"""A definition that is made by hand."""

from __future__ import annotations

from typing import Any

import pytest

import chronicle_notebook as cn


@pytest.mark.parametrize(
    "given", ["AccountOpened", b"AccountOpened", {"AccountOpened": 1}, cn.EventType("AccountOpened")]
)
def test_the_event_types_of_a_definition_are_a_list_and_not_one(given: Any) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        cn.WebhookDefinition("hook", "https://example.com/in", event_types=given)
    assert caught.value.field == "event_types"
    assert "[cn.EventType(" in caught.value.hint


def test_headers_have_one_order_whatever_order_they_were_given_in() -> None:
    one = cn.WebhookDefinition("h", "http://127.0.0.1:9/in", headers={"x-b": "2", "x-a": "1"})
    other = cn.WebhookDefinition("h", "http://127.0.0.1:9/in", headers={"x-a": "1", "x-b": "2"})
    assert [*one.headers] == [*other.headers] == ["x-a", "x-b"]
    assert repr(one) == repr(other)
    assert one == other
