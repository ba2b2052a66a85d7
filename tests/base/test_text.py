"""Texts that others wrote do nothing to a terminal, and can be written anywhere."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, strategies as st

from chronicle_notebook.base._text import one_line, readable


@pytest.mark.parametrize(
    "text",
    ["", "orders", "Grüße, 世界 🎉", "a\tb\nc\r\nd", "مرحبا", "no\N{NO-BREAK SPACE}break", "👩\N{ZERO WIDTH JOINER}💻"],
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert readable(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\x1b]0;pwn\x07", "\N{REPLACEMENT CHARACTER}]0;pwn\N{REPLACEMENT CHARACTER}"),
        ("a\x9b2Jb", "a\N{REPLACEMENT CHARACTER}2Jb"),
        ("evil\u202egnp", "evil\N{REPLACEMENT CHARACTER}gnp"),
        ("evil\rgood", "evil\N{REPLACEMENT CHARACTER}good"),
        ("p\ud800", "p\N{REPLACEMENT CHARACTER}"),
        ("back\bspace\x7f", "back\N{REPLACEMENT CHARACTER}space\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_a_terminal_would_obey_is_replaced(text: str, kept: str) -> None:
    assert readable(text) == kept


@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_what_is_left_can_be_written_and_holds_no_control_character(text: str) -> None:
    left = readable(text)
    json.dumps(left, ensure_ascii=False).encode()
    assert not [each for each in left if unicodedata.category(each) == "Cc" and each not in "\t\n\r"]


@pytest.mark.parametrize(
    ("text", "kept"), [("a\n b\tc", "a b c"), ("x" * 11, "x" * 9 + "…"), ("x" * 10_000, "x" * 9 + "…"), ("ok", "ok")]
)
def test_a_line_is_one_line_and_not_longer_than_asked_for(text: str, kept: str) -> None:
    assert one_line(text, most=10) == kept
