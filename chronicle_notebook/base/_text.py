"""Other people's text, made safe to show: no character moves a cursor, clears a screen or cannot be written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n)")
"""Control characters except tab and line breaks, characters that turn the direction of writing around, and halves of
characters."""
_STANDS_FOR = "\N{REPLACEMENT CHARACTER}"


def readable(text: str) -> str:
    """The text, with a sign for each character that a terminal would obey or that cannot be written."""
    # Nearly every text ends here.
    return text if text.isprintable() else _UNFIT.sub(_STANDS_FOR, text)


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
