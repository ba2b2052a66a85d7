"""A line comes apart as it would in a POSIX shell, with nothing expanded."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, strategies as st

from chronicle_notebook import InvalidInputError
from chronicle_notebook.magics._words import scan, split


def words(line: str) -> list[str]:
    return [word.text for word in split(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("   ", []),
        (
            "account-events https://example.com/a?b=c&d=e#f",
            ["account-events", "https://example.com/a?b=c&d=e#f"],
        ),
        ("'my hook' https://example.com/{id}", ["my hook", "https://example.com/{id}"]),
        ('"it\'s" \'say "hi"\'', ["it's", 'say "hi"']),
        ('x="a b"c', ["x=a bc"]),
        (r"a\ b 'c\d' " + r'"\"e\\f\g"', ["a b", r"c\d", r'"e\f\g']),
        ("$HOME {x} `y` *", ["$HOME", "{x}", "`y`", "*"]),
        ("''", [""]),
    ],
)
def test_a_line_comes_apart_into_words(line: str, expected: list[str]) -> None:
    assert words(line) == expected


def test_a_word_knows_where_it_stands() -> None:
    line = "show  'my hook' --as=python"
    assert [line[word.start : word.end] for word in split(line)] == ["show", "'my hook'", "--as=python"]
    assert [word.flag for word in split(line)] == [False, False, True]


def test_a_quoted_word_is_never_a_flag() -> None:
    assert [word.flag for word in split("'--yes' --yes - --")] == [False, True, False, True]


def test_a_quote_that_is_not_closed_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="A quote is not closed"):
        split("show it's")
    assert not scan("show 'my h")[-1].closed


@given(st.text(st.sampled_from("ab '\"\\\t#$-"), max_size=16))
def test_it_agrees_with_the_standard_library(line: str) -> None:
    try:
        expected = shlex.split(line)
    except ValueError:
        expected = None
    if expected is not None:
        assert words(line) == expected


@given(st.lists(st.text(max_size=8), max_size=4))
def test_what_is_quoted_comes_back(texts: list[str]) -> None:
    assert words(" ".join(map(shlex.quote, texts))) == texts
