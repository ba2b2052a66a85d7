"""The text forms: JSON, moments."""

from __future__ import annotations

import json

import pytest

from chronicle_notebook.base._dotnet_json import dumps
from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._json_text import double, single


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
    assert dumps(value) == text
    assert json.loads(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.1, "1.1"),
        (1000.0, "1000"),
        (-0.0, "-0"),
        (0.0, "0"),
        (1e21, "1E+21"),
        (-1e-7, "-1E-07"),
        (0.0001, "0.0001"),
        (0.00001, "1E-05"),
        (123456789012345.0, "123456789012345"),
        (1e15, "1E+15"),
        (12345678901234567890.0, "1.2345678901234567E+19"),
        (5e-324, "5E-324"),
        (0.000123456, "0.000123456"),
    ],
)
def test_a_double_is_written_with_as_few_digits_as_tell_it(value: float, text: str) -> None:
    assert double(value) == text
    assert float(text) == value


@pytest.mark.parametrize(("value", "text"), [(1.1, "1.1"), (16777216.0, "1.6777216E+07"), (0.1, "0.1"), (3.0, "3")])
def test_a_single_has_fewer_digits(value: float, text: str) -> None:
    assert single(value) == text


@pytest.mark.parametrize(
    ("given", "kept", "short"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.0000000+00:00", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05.0000000+00:00", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05.12+02:00", "2026-01-02T03:04:05.1200000+02:00", "2026-01-02T03:04:05.12+02:00"),
        ("2026-01-02T23:04:05.1234567-02:30", "2026-01-02T23:04:05.1234567-02:30", "2026-01-02T23:04:05.1234567-02:30"),
        ("2026-01-02", "2026-01-02T00:00:00.0000000+00:00", "2026-01-02T00:00:00+00:00"),
    ],
)
def test_moments_keep_their_offset_and_have_seven_digits(given: str, kept: str, short: str) -> None:
    assert _moment.kept(given) == kept
    assert _moment.trimmed(kept) == short


def test_a_database_keeps_six_digits_of_a_moment() -> None:
    assert _moment.coarse("2026-01-02T23:04:05.1234567-02:30") == "2026-01-02T23:04:05.1234560-02:30"
