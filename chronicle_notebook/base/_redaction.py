"""The kernel's own messages, made safe to repeat in an error: short, on one line, and without the secrets that were
sent.

A validator can quote a password that is too short, and an exception can quote a token that cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.base._text import one_line
from chronicle_notebook.base._url import without_credentials

LONGEST = 300
"""The largest number of characters of one text that are repeated."""
MOST = 20
"""The largest number of texts of one answer that are repeated."""
SHORTEST = 4
"""The least length of a secret that is searched in a text. A shorter secret would also match parts of other words."""
UNREPEATED = "the message of the kernel is not repeated, because it contains what was sent"

Hide = Callable[[str], str]
"""Replaces the secrets of one request in a text by dots."""


def as_it_is(text: str) -> str:
    """The text as it is, for a request without secrets."""
    return text


def said(text: str, hide: Hide = as_it_is) -> str:
    """A text of a kernel, made safe for people."""
    # The text is cut before URLs are searched, because a kernel can send megabytes. The rest is longer than the final
    # text.
    return one_line(without_credentials(hide(text)[: 4 * LONGEST]), most=LONGEST)


def all_said(texts: Iterable[str], hide: Hide = as_it_is) -> tuple[str, ...]:
    """Several texts of a kernel. If there are very many: the first ones, and how many more there were."""
    known = list(texts)
    shown_ones = tuple(said(text, hide) for text in known[:MOST])
    return shown_ones if len(known) <= MOST else (*shown_ones, f"and {len(known) - MOST:,} more")


def without(text: str, secret: str) -> str:
    """A text with dots for a secret, in every form in which a kernel may write the secret."""
    from chronicle_notebook.base._encodings import written

    for form in written(secret):
        if form in text:
            if len(secret) < SHORTEST:
                return UNREPEATED
            text = text.replace(form, MASK)
    return text
