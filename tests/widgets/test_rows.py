"""Rows on their way to the browser."""

from __future__ import annotations

import json

from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.model import BearerAuthorization, EventType, WebhookDefinition
from chronicle_notebook.widgets import _rows

ONE = WebhookDefinition("one", "https://example.com/1", (EventType("A"), EventType("B", 2)))
TWO = WebhookDefinition(
    "two", "https://example.com/2", (EventType("B", 2),), BearerAuthorization(Secret("x")), active=False
)


def test_event_types_stand_once_and_rows_hold_their_positions() -> None:
    columns = _rows.columns([ONE, TWO])
    assert columns["vocabulary"] == ["A", "B+2"]
    assert columns["types"] == [[0, 1], [1]]
    assert columns["auth"] == [0, 2]
    assert columns["active"] == [1, 0]


def test_nothing_of_headers_or_credentials_goes_out() -> None:
    hook = ONE.changed(headers={"x-key": "canary-1"}, authorization=BearerAuthorization(Secret("canary-2")))
    assert "canary" not in json.dumps(_rows.columns([hook]))


def test_a_patch_has_what_is_new_what_changed_and_what_is_gone() -> None:
    three = TWO.changed(id="three")
    patch = _rows.patch([ONE, TWO], [ONE.changed(target_url="https://example.com/other"), three])
    assert patch is not None
    assert patch["put"]["id"] == ["one", "three"]
    assert patch["gone"] == ["two"]


def test_there_is_no_patch_when_nothing_changed() -> None:
    assert _rows.patch([ONE, TWO], [TWO, ONE]) is None
