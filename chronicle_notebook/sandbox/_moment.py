"""Moments in the text form of the contract: ISO 8601 with seven fraction digits and an offset."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from chronicle_notebook.sandbox._exceptions import FormatException

NEVER = "0001-01-01T00:00:00.0000000+00:00"
"""The moment of a cause without a time."""

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?\s*(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def now() -> str:
    """This moment, in UTC."""
    moment = datetime.now(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0+00:00"


def kept(text: str) -> str:
    """A moment with its own offset, or UTC if it has none, and with seven fraction digits.

    A date alone means midnight. Raises FormatException if the text is not a moment.
    """
    found = _FORM.fullmatch(text.strip())
    if found is not None:
        year, month, day = (int(part) for part in found.groups()[:3])
        hour, minute, second = (int(part or 0) for part in found.groups()[3:6])
        try:
            moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(found[8] or "Z"))
        except ValueError:
            found = None
    if found is None:
        raise FormatException(
            f"The string '{text}' was not recognized as a valid DateTime. There is an unknown word starting at index "
            "'0'."
        )
    zone = f"{moment:%z}"
    return f"{_day(moment)}T{moment:%H:%M:%S}.{(found[7] or '')[:7].ljust(7, '0')}{zone[:3]}:{zone[3:5]}"


def trimmed(text: str) -> str:
    """The form in JSON: the fraction without trailing zeros."""
    date_and_time, _, rest = text.partition(".")
    if not rest:
        return text
    fraction = rest[:7].rstrip("0")
    return f"{date_and_time}{'.' if fraction else ''}{fraction}{rest[7:]}"


def coarse(text: str) -> str:
    """The same with six fraction digits and a zero: the precision of a database."""
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest[:6]}0{rest[7:]}" if rest else text


def is_date(text: str) -> bool:
    """Whether a text is a date and nothing more."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _day(moment: datetime) -> str:
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02}"


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)
