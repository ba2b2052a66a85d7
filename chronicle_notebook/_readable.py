"""Texts that others wrote, fit to be shown: nothing in them moves a cursor, clears a screen or cannot be written."""

from __future__ import annotations

import re

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n)")
"""Control characters but tab and line breaks, what turns the direction of writing around, and halves of characters."""
_STANDS_FOR = "\N{REPLACEMENT CHARACTER}"


def readable(text: str) -> str:
    """The text with a sign in place of each character that a terminal would obey, or that cannot be written."""
    # Nearly every text ends here.
    return text if text.isprintable() else _UNFIT.sub(_STANDS_FOR, text)


def readable_each(texts: list[str]) -> list[str]:
    """Each of them as :func:`readable` gives it; the same list where all are fit as they are."""
    return texts if "".join(texts).isprintable() else list(map(readable, texts))


def one_line(text: str, *, most: int) -> str:
    """As above, with line breaks and tabs as spaces, and cut where it is longer than so many characters."""
    flat = " ".join(readable(text[: 4 * most]).split())
    return flat if len(flat) <= most and len(text) <= 4 * most else f"{flat[: most - 1]}…"
