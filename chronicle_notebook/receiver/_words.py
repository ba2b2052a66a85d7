"""Small helpers for what the receiver says."""

from __future__ import annotations


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 delivery``, ``2 deliveries``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def readable(text: str) -> str:
    """The text with whatever is not UTF-8 replaced, so that it can be shown and written anywhere."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
