"""References in place of the values that they gave."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from chronicle_notebook.base._revealed import Revealed

TEXT = "a bad value 'a' at a place\n    and a tail"


def _noted(value: str) -> Revealed:
    values = Revealed()
    values.note(value, "env:X")
    return values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("    ", TEXT),
        ("\n\n\n\n", TEXT),
        (" a  ", TEXT.replace("'a'", "'env:X'")),
        ("a\r\n\r\n", TEXT.replace("'a'", "'env:X'")),
        ("  bad value  ", TEXT.replace("bad value", "env:X")),
    ],
)
def test_white_space_around_a_value_does_not_make_every_letter_of_a_message_a_secret(value: str, text: str) -> None:
    assert _noted(value).hide(TEXT) == text


@pytest.mark.parametrize(
    "text",
    [
        repr("a\nhunter2pw"),
        repr("\x1bhunter2pw"),
        json.dumps("\u0001hunter2pw"),
        quote("?t=hunter2pw"),
        "%2Dhunter2pw\\n",
    ],
)
def test_a_word_after_an_escape_is_a_whole_word(text: str) -> None:
    assert _noted("hunter2pw").hide(text) == text.replace("hunter2pw", "env:X")
    assert _noted("hunter2pw").hide("demohunter2pw") == "demohunter2pw"


def test_a_value_that_was_cut_is_hidden_as_often_as_it_stands_there_among_a_thousand_references() -> None:
    values = Revealed()
    for number in range(1000):
        values.note(f"canary/{number:05}/swordfish", f"env:X{number}")
    cut = "canary/00007/swor… 'canary%2F00008%2Fswordfish' "
    assert values.hide(cut * 2000) == "env:X7… 'env:X8' " * 2000
    assert values.hide("nothing") == "nothing"


def test_errors_in_a_group_are_hidden_too_and_a_value_that_cannot_be_compared_is_left() -> None:
    class Odd:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise ValueError("as an array of numpy does")

    inner = ValueError("bad canary-swordfish")
    inner.data = odd = Odd()  # type: ignore[attr-defined]
    group = BaseExceptionGroup("canary-swordfish", [OSError("x"), inner])
    _noted("canary-swordfish").hide_in(group)
    assert "canary" not in repr(group.exceptions)
    assert vars(inner)["data"] is odd
