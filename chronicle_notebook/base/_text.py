"""Other people's text, made safe to show: no character moves a cursor, clears a screen or cannot be written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# Patterns are texts here, which re compiles when one is first used: nearly every text needs none of them.
_UNFIT = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n)"
"""Control characters except tab and line breaks, characters that turn the direction of writing around, and halves of
characters."""
_STANDS_FOR = "\N{REPLACEMENT CHARACTER}"


def readable(text: str) -> str:
    """The text, with a sign for each character that a terminal would obey or that cannot be written."""
    # Nearly every text ends here.
    return text if text.isprintable() else re.sub(_UNFIT, _STANDS_FOR, text)


_UNSEEN = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
"""Invisible letters and marks that ``str.isprintable`` counts as printable."""


def unseen(text: str) -> int:
    """The position of the first character of a text that nobody sees, counted from 1; 0 if there is none."""
    if text.isascii() and text.isprintable():
        return 0
    return next((at for at, each in enumerate(text, start=1) if not each.isprintable() or re.match(_UNSEEN, each)), 0)


def look(text: str) -> str:
    """The text in composed characters and without invisible ones: equal for texts that look the same."""
    # Nearly every text ends here.
    if text.isascii() and text.isprintable():
        return text
    import unicodedata

    composed = unicodedata.normalize("NFC", text)
    return "".join(each for each in composed if each.isprintable() and not re.match(_UNSEEN, each))


def escaped(text: str) -> str:
    """The text, with ``\\u202e`` for each character that is invisible, changes the direction of writing, breaks a
    line or cannot be written.

    Python in double quotes and YAML in double quotes read the result as the same text.
    """
    # Nearly every text ends here.
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(each) if not each.isprintable() or re.match(_UNSEEN, each) else each for each in text)


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def one_line(text: str, *, most: int) -> str:
    """The text as :func:`readable` returns it, with line breaks and tabs as spaces, cut to ``most`` characters."""
    flat = " ".join(readable(text[: 4 * most]).split())
    return flat if len(flat) <= most and len(text) <= 4 * most else f"{flat[: most - 1]}…"


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 delivery``, ``2 deliveries``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def utf8(text: str) -> str:
    """The text, with a replacement for everything that is not UTF-8, so that it can be shown and written."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def listed(names: Iterable[str]) -> str:
    """Names as a part of a sentence; ``none`` if there are none. A blank name gets quotation marks to be visible."""
    return ", ".join(visible(name) for name in names) or "none"


def visible(name: str) -> str:
    """A name, with quotation marks if it is blank."""
    return name if name.strip() else repr(name)


def joined(words: Sequence[str], last: str) -> str:
    """Words as a part of a sentence, for example ``a, b or c`` if ``last`` is ``or``."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)
