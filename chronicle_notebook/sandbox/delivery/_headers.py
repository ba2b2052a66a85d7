"""The headers of a request: .NET's checks of a webhook's headers, and how it merges them.

The refused values and the messages were seen on kernels of 16.37.1 and of a build before 16.38. The rules for single
headers are those of RFC 9110, which .NET follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from chronicle_notebook.sandbox.delivery._failure import DeliveryError

CONTENT = frozenset(
    ("allow", "content-disposition", "content-encoding", "content-language", "content-length", "content-location",
     "content-md5", "content-range", "content-type", "expires", "last-modified")
)  # fmt: skip
"""Headers of the body, which cannot be added to a request."""

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a pattern
_SPACE = r"[ \t]*"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PAIR = rf"{_TOKEN}(?:{_SPACE}={_SPACE}(?:{_TOKEN}|{_QUOTED}))?"
_PARAMETERS = rf"(?:{_SPACE};{_SPACE}{_PAIR})*"
_QUALITY = rf"(?:{_TOKEN})(?:{_SPACE};{_SPACE}[qQ]{_SPACE}={_SPACE}(?:0(?:\.\d*)?|1(?:\.0*)?))?"
_PRODUCT = rf"{_TOKEN}(?:{_SPACE}/{_SPACE}{_TOKEN})?"
_COMMENT = r"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\))*\)"
_TAG = r'\*|(?:[Ww]/)?"[^"]*"'
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s/@:,]+)(?::\d*)?"

_LISTS = {
    "accept": rf"{_TOKEN}/{_TOKEN}{_PARAMETERS}",
    "accept-charset": _QUALITY,
    "accept-encoding": _QUALITY,
    "accept-language": _QUALITY,
    "cache-control": _PAIR,
    "connection": _TOKEN,
    "expect": rf"{_PAIR}{_PARAMETERS}",
    "if-match": _TAG,
    "if-none-match": _TAG,
    "pragma": _PAIR,
    "te": rf"{_TOKEN}{_PARAMETERS}",
    "trailer": _TOKEN,
    "transfer-encoding": rf"{_TOKEN}{_PARAMETERS}",
    "upgrade": _PRODUCT,
    "via": rf"(?:{_TOKEN}/)?{_TOKEN}[ \t]+{_HOST}(?:[ \t]+{_COMMENT})?",
    "warning": rf"\d{{3}}[ \t]+(?:{_TOKEN}|{_HOST})[ \t]+{_QUOTED}(?:[ \t]+{_QUOTED})?",
}
"""One value of a header with a comma-separated list of values."""

_SINGLES = {
    "authorization": rf"{_TOKEN}(?:[ \t]+.*)?",
    "from": r"(?:.*<)?[^\s<>@]+@[^\s<>@]+>?",
    "host": _HOST,
    "max-forwards": r"\d{1,10}",
    "proxy-authorization": rf"{_TOKEN}(?:[ \t]+.*)?",
    "range": rf"{_TOKEN}{_SPACE}={_SPACE}(?:\d+-\d*|-\d+)(?:{_SPACE},{_SPACE}(?:\d+-\d*|-\d+))*",
    "referer": r"\S+",
}
"""The value of a header with a single value."""

_DATES = {"date", "if-modified-since", "if-unmodified-since"}
_DATE_FORMATS = (
    "%a, %d %b %Y %H:%M:%S GMT", "%d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S",
    "%a, %d %b %y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S %z",
)  # fmt: skip
_ONE_VALUE = {*_SINGLES, *_DATES, "if-range"}


def merged(headers: Iterable[tuple[str, str]], credentials: str | None) -> list[tuple[str, str]]:
    """The headers of a request in their order: the credentials first, then the webhook's own.

    Names that differ only in case are one header, with the first name and both values. Raises DeliveryError for
    everything that .NET refuses.
    """
    found: dict[str, tuple[str, list[str]]] = {}
    if credentials is not None:
        found["authorization"] = ("Authorization", [credentials])
    for name, value in headers:
        _check_name(name)
        key = name.lower()
        if key in found and key in _ONE_VALUE:
            raise DeliveryError(f"Cannot add value because header '{name}' does not support multiple values.")
        _check_value(key, value)
        found.setdefault(key, (name, []))[1].append(value.strip(" \t"))
    together = {key: " " if key == "user-agent" else ", " for key in found}
    kept = [(name, together[key].join(values)) for key, (name, values) in found.items()]
    if any(not value.isascii() for _, value in kept):
        raise DeliveryError("Request headers must contain only ASCII characters.")
    return kept


def _check_name(name: str) -> None:
    if not name:
        raise DeliveryError("The value cannot be an empty string. (Parameter 'name')")
    if not re.fullmatch(_TOKEN, name):
        raise DeliveryError(f"The header name '{name}' has an invalid format.")
    if name.lower() in CONTENT:
        raise DeliveryError(
            f"Misused header name, '{name}'. Make sure request headers are used with HttpRequestMessage, response "
            "headers with HttpResponseMessage, and content headers with HttpContent objects."
        )


def _check_value(key: str, value: str) -> None:
    if any(character in "\r\n\0" for character in value):
        raise DeliveryError("New-line or NUL characters are not allowed in header values.")
    wrong = _wrong(key, value)
    if wrong is not None:
        raise DeliveryError(f"The format of value '{wrong}' is invalid.")


def _wrong(key: str, value: str) -> str | None:
    """The part of a value that cannot be parsed, from its beginning on; None if the value is right."""
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
