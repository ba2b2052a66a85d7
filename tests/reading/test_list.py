"""The list: a sequence with a text form and a static HTML form."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.display._table_and_card import SHOWN
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.reading._list import WebhookList

NASTY = "<script>alert('x')</script>&\""


def listed(*definitions: WebhookDefinition) -> WebhookList:
    return WebhookList(
        definitions,
        origin=Origin("kernel:35000", "banking", read_at=datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)),
    )


def hook(webhook: str = "account-events", **changes: object) -> WebhookDefinition:
    return WebhookDefinition(webhook, "https://example.com", (EventType("AccountOpened"),)).changed(**changes)


def test_it_is_a_sequence_by_position_and_by_id() -> None:
    hooks = listed(hook("a"), hook("b"), hook("c"))
    assert len(hooks) == 3
    assert hooks[1] is hooks["b"]
    assert hooks[1:].ids == ["b", "c"]
    assert [each.id for each in hooks] == hooks.ids == ["a", "b", "c"]
    assert hooks["b"] in hooks
    assert hook("d") not in hooks
    ids: list[Any] = ["b", "d", 5]
    assert [each in hooks for each in ids] == [True, False, False]
    assert hooks.find("b") is hooks[1]
    assert hooks.find("d") is None
    assert hooks == listed(hook("a"), hook("b"), hook("c"))
    with pytest.raises(IndexError):
        hooks[3]
    with pytest.raises(cn.UnknownWebhookError):
        hooks["d"]


def test_the_text_has_every_webhook_and_where_and_when_it_was_read() -> None:
    text = repr(listed(hook("a"), hook("b", active=False)))
    assert "2 webhooks of event store 'banking'" in text
    assert "AccountOpened" in text
    assert "from kernel:35000" in text
    assert "2026-03-01" in text


def test_the_html_is_a_table_with_caption_and_scoped_headers_and_no_script() -> None:
    html = listed(hook(NASTY, target_url=f"https://x/{NASTY}", headers={NASTY: "v"}))._repr_html_()
    assert "<script" not in html
    root = ET.fromstring(html)
    table = root.find("table")
    assert table is not None
    assert table.find("caption") is not None
    assert all(cell.get("scope") == "col" for cell in table.findall("thead/tr/th"))
    assert [cell.get("scope") for cell in table.findall("tbody/tr/th")] == ["row"]
    assert NASTY in "".join(root.itertext())
    assert "kernel:35000" in "".join(root.itertext())


def test_an_empty_list_says_what_to_do_next() -> None:
    assert "register" in repr(listed())
    assert "register" in listed()._repr_html_()


def test_a_long_list_is_cut_and_says_so() -> None:
    hooks = listed(*(hook(f"hook-{number}") for number in range(SHOWN + 5)))
    assert f"{SHOWN} of {SHOWN + 5} rows shown" in repr(hooks)
    assert hooks._repr_html_().count('scope="row"') == SHOWN
    assert len(listed(*(hook(f"hook-{number}") for number in range(10_000)))._repr_html_()) < 45_000


def test_header_values_are_in_no_form() -> None:
    hooks = listed(hook(headers={"x-key": "swordfish"}))
    assert "x-key" in repr(hooks)
    assert "swordfish" not in repr(hooks) + hooks._repr_html_() + repr(hooks[0]) + hooks.to_frame().to_html()
