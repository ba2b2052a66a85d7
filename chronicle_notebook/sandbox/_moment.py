"""Moments in the text form of the contract: ISO 8601 with seven fraction digits and an offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_FORM = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def now() -> str:
    """This moment, in UTC."""
    return _text(datetime.now(UTC), "")


def normalized(text: str) -> str:
    """A moment in UTC with seven fraction digits. Raises ValueError when the text is not a moment."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"String '{text}' was not recognized as a valid DateTime.")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    zone = _zone(found[8] or "Z")
    moment = datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    return _text(moment, (found[7] or "").ljust(7, "0"))


def trimmed(text: str) -> str:
    """The form in JSON: the fraction without trailing zeros."""
    date, _, rest = text.partition(".")
    if not rest:
        return text
    fraction = rest[:7].rstrip("0")
    return f"{date}{'.' if fraction else ''}{fraction}{rest[7:]}"


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)


def _text(moment: datetime, fraction: str) -> str:
    digits = fraction or f"{moment.microsecond:06d}0"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{digits}+00:00"
