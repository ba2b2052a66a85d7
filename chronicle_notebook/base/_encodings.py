"""The encodings of a secret in a text: one list for masking and for the scan."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_SHORTEST_IN_BASE64 = 8
"""The least number of bytes that is searched inside Base64. A shorter value would also occur in pictures."""
_PLAIN_IN_DOTNET = frozenset(" !#$%()*,-./:;=?@[]^_{|}~")
"""Signs that .NET's JSON writes unchanged. It escapes all others, also letters of other scripts."""


def written(secret: str) -> tuple[str, ...]:
    """A secret as it is, in JSON as Python and .NET write it, in a URL, in a query and in HTML; the longest form
    first."""
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
    """A secret as a part of a longer text in Base64, such as ``user:secret``: three forms, which depend on the text
    before it.

    A short secret has none.
    """
    content = secret.encode("utf-8", "surrogatepass")
    if len(content) < _SHORTEST_IN_BASE64:
        return
    for before in range(3):
        whole = base64.b64encode(bytes(before) + content).decode().rstrip("=")
        # The letters at both ends also depend on the text before and after the secret.
        begin, end = -(-before * 8 // 6), (before + len(content)) * 8 // 6
        yield whole[begin:end]


def _in_dotnet(sign: str) -> str:
    if sign.isascii() and (sign.isalnum() or sign in _PLAIN_IN_DOTNET):
        return sign
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))
