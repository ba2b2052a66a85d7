"""The encodings in which a secret can stand in a text: one list, for what is taken out and what is looked for."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_SHORTEST_IN_BASE64 = 8
"""Bytes of a value that are looked for inside Base64: fewer would be found in a picture."""
_PLAIN_IN_DOTNET = frozenset(" !#$%()*,-./:;=?@[]^_{|}~")
"""Signs that .NET's JSON writes as they are; it escapes all others, letters of other scripts too."""


def written(secret: str) -> tuple[str, ...]:
    """A secret as it is, in JSON as Python and .NET write it, in a URL, in a query and in HTML; the longest first."""
    if not secret:
        return ()
    forms = (
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        "".join(map(_in_dotnet, secret)),
        html.escape(secret),
        quote(secret, safe="", errors="replace"),
        quote_plus(secret, safe="", errors="replace"),
    )
    return tuple(sorted(dict.fromkeys(forms), key=len, reverse=True))


def in_base64(secret: str) -> Iterator[str]:
    """A secret as a part of a longer text in Base64, such as ``user:secret``: three forms, by what stands before it.

    A short secret gives none.
    """
    content = secret.encode("utf-8", "surrogatepass")
    if len(content) < _SHORTEST_IN_BASE64:
        return
    for before in range(3):
        whole = base64.b64encode(bytes(before) + content).decode().rstrip("=")
        # What stands before and after the secret is in the letters at both ends as well.
        begin, end = -(-before * 8 // 6), (before + len(content)) * 8 // 6
        yield whole[begin:end]


def _in_dotnet(sign: str) -> str:
    if sign.isascii() and (sign.isalnum() or sign in _PLAIN_IN_DOTNET):
        return sign
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))
