"""The kernel's own words, fit to be repeated in an error: short, on one line, and without what was sent to it.

A validator can quote the password that it found too short, and an exception the token that it could not read.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable
from urllib.parse import quote

from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.base._text import one_line
from chronicle_notebook.base._url import without_credentials

LONGEST = 300
"""Characters of one text that are repeated."""
MOST = 20
"""Texts of one answer that are repeated."""
SHORTEST = 4
"""Characters that a secret must have to be found in a text without tearing words apart."""
UNREPEATED = "what the kernel said is not repeated, as it holds what was sent"

Hide = Callable[[str], str]
"""Puts dots into a text, in place of the secrets of one request."""


def as_it_is(text: str) -> str:
    """What hides nothing, for a request that holds no secret."""
    return text


def said(text: str, hide: Hide = as_it_is) -> str:
    """A text of a kernel for people."""
    # Cut before URLs are looked for: a kernel can say megabytes. The rest is longer than what is shown in the end.
    return one_line(without_credentials(hide(text)[: 4 * LONGEST]), most=LONGEST)


def all_said(texts: Iterable[str], hide: Hide = as_it_is) -> tuple[str, ...]:
    """Several of them; of very many the first, and how many more there were."""
    known = list(texts)
    shown_ones = tuple(said(text, hide) for text in known[:MOST])
    return shown_ones if len(known) <= MOST else (*shown_ones, f"and {len(known) - MOST:,} more")


def without(text: str, secret: str) -> str:
    """A text with dots for a secret, in each way in which a kernel may write it."""
    for form in _forms(secret):
        if form in text:
            if len(secret) < SHORTEST:
                return UNREPEATED
            text = text.replace(form, MASK)
    return text


def _forms(secret: str) -> dict[str, None]:
    """A secret as it is, in JSON as Python and as .NET write it, in a URL and in HTML; the longest first."""
    if not secret:
        return {}
    dotnet = "".join(
        each if each.isascii() and (each.isalnum() or each in " !#$%()*,-./:;=?@[]^_{|}~") else f"\\u{ord(each):04X}"
        for each in secret
    )
    forms = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], dotnet, html.escape(secret))
    return dict.fromkeys(sorted((*forms, quote(secret, safe=""), secret), key=len, reverse=True))
