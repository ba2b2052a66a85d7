"""The values of request headers that .NET parses, and so refuses where they do not follow the grammar of the header.

A kernel adds the headers of a webhook to its requests with .NET. The refused values were seen on kernels of 16.37.1 and
of a build before 16.38; the rules for single headers are those of RFC 9110, which .NET follows.
"""

from __future__ import annotations

import re
from datetime import datetime

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a pattern
_SPACE = r"[ \t]*"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PAIR = rf"{TOKEN}(?:{_SPACE}={_SPACE}(?:{TOKEN}|{_QUOTED}))?"
_PARAMETERS = rf"(?:{_SPACE};{_SPACE}{_PAIR})*"
_QUALITY = rf"(?:{TOKEN})(?:{_SPACE};{_SPACE}[qQ]{_SPACE}={_SPACE}(?:0(?:\.\d*)?|1(?:\.0*)?))?"
_PRODUCT = rf"{TOKEN}(?:{_SPACE}/{_SPACE}{TOKEN})?"
_COMMENT = r"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\))*\)"
_TAG = r'\*|(?:[Ww]/)?"[^"]*"'
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s/@:,]+)(?::\d*)?"

_LISTS = {
    "accept": rf"{TOKEN}/{TOKEN}{_PARAMETERS}",
    "accept-charset": _QUALITY,
    "accept-encoding": _QUALITY,
    "accept-language": _QUALITY,
    "cache-control": _PAIR,
    "connection": TOKEN,
    "expect": rf"{_PAIR}{_PARAMETERS}",
    "if-match": _TAG,
    "if-none-match": _TAG,
    "pragma": _PAIR,
    "te": rf"{TOKEN}{_PARAMETERS}",
    "trailer": TOKEN,
    "transfer-encoding": rf"{TOKEN}{_PARAMETERS}",
    "upgrade": _PRODUCT,
    "via": rf"(?:{TOKEN}/)?{TOKEN}[ \t]+{_HOST}(?:[ \t]+{_COMMENT})?",
    "warning": rf"\d{{3}}[ \t]+(?:{TOKEN}|{_HOST})[ \t]+{_QUOTED}(?:[ \t]+{_QUOTED})?",
}
"""One value of a header with a comma-separated list of values."""

_SINGLES = {
    "authorization": rf"{TOKEN}(?:[ \t]+.*)?",
    "from": r"(?:.*<)?[^\s<>@]+@[^\s<>@]+>?",
    "host": _HOST,
    "max-forwards": r"\d{1,10}",
    "proxy-authorization": rf"{TOKEN}(?:[ \t]+.*)?",
    "range": rf"{TOKEN}{_SPACE}={_SPACE}(?:\d+-\d*|-\d+)(?:{_SPACE},{_SPACE}(?:\d+-\d*|-\d+))*",
    "referer": r"\S+",
}
"""The value of a header with a single value."""

_DATES = {"date", "if-modified-since", "if-unmodified-since"}
_DATE_FORMATS = (
    "%a, %d %b %Y %H:%M:%S GMT", "%d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S",
    "%a, %d %b %y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S %z",
)  # fmt: skip
ONE_VALUE = frozenset({*_SINGLES, *_DATES, "if-range"})
"""The headers that cannot be given twice."""


def wrong_part(key: str, value: str) -> str | None:
    """The part of a value that cannot be parsed, from its beginning on; None if the value is right.

    :param key: the name of the header in lower case. The values of all other headers are right.
    """
    if key == "user-agent":
        return _scanned(value, rf"{_PRODUCT}|{_COMMENT}", r"[ \t]+|$", "[ \t]*")
    if key in _LISTS:
        return _scanned(value, _LISTS[key], rf"{_SPACE}(?:,|$)", "[ \t,]*")
    stripped = value.strip(" \t")
    if key in _SINGLES:
        good = re.fullmatch(_SINGLES[key], stripped) is not None
    elif key in _DATES:
        good = _is_date(stripped)
    elif key == "if-range":
        good = _is_date(stripped) or re.fullmatch(_TAG, stripped) is not None
    else:
        good = True
    return None if good else value


def _scanned(value: str, item: str, end: str, between: str) -> str | None:
    """The rest of a value from its first wrong item on."""
    place = 0
    while True:
        found = re.compile(between).match(value, place)
        place = found.end() if found else place
        if place == len(value):
            return None
        one = re.compile(f"(?:{item})(?={end})").match(value, place)
        if one is None:
            return value[place:]
        place = one.end()


def _is_date(text: str) -> bool:
    for form in _DATE_FORMATS:
        try:
            datetime.strptime(text, form)  # noqa: DTZ007 - whether it can be read is all that matters
        except ValueError:
            continue
        return True
    return False
