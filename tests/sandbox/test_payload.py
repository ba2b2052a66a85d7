"""The text forms: JSON, moments."""

from __future__ import annotations

import json

import pytest

from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox.delivery import _payload


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", '"plain"'),
        ('say "hi"', '"say \\u0022hi\\u0022"'),
        ("a\\u00e4", '"a\\\\u00e4"'),
        ("<a&b>'+`", '"\\u003Ca\\u0026b\\u003E\\u0027\\u002B\\u0060"'),
        ("ä€😀", '"\\u00E4\\u20AC\\uD83D\\uDE00"'),
        ("tab\tnew\n", '"tab\\tnew\\n"'),
        ({"k<": [1e30, -5, True, None]}, '{"k\\u003C":[1e+30,-5,true,null]}'),
    ],
)
def test_everything_but_plain_ascii_is_escaped_in_upper_case(value: object, text: str) -> None:
    assert _payload.dumps(value) == text
    assert json.loads(text) == value


def test_the_spaced_notation_has_spaces_in_braces_and_around_colons() -> None:
    value = {"a": 1, "b": {"c": [1, "x"], "d": {}}, "e": []}
    assert _payload.spaced(value) == '{ "a" : 1, "b" : { "c" : [1, "x"], "d" : { } }, "e" : [] }'
    assert json.loads(_payload.spaced(value)) == value


@pytest.mark.parametrize(
    ("given", "normal", "short"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.0000000+00:00", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05.0000000+00:00", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05.12+02:00", "2026-01-02T01:04:05.1200000+00:00", "2026-01-02T01:04:05.12+00:00"),
        ("2026-01-02T23:04:05.1234567-02:30", "2026-01-03T01:34:05.1234567+00:00", "2026-01-03T01:34:05.1234567+00:00"),
    ],
)
def test_moments_are_kept_in_utc_with_seven_digits_and_written_without_trailing_zeros(
    given: str, normal: str, short: str
) -> None:
    assert _moment.normalized(given) == normal
    assert _moment.trimmed(normal) == short
