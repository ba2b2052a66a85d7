"""JSON as .NET's serializer writes it, for bodies that are equal to those of a kernel."""

from __future__ import annotations

import json
import re

# One encoder for all: making one costs more than a short text.
_ENCODED = json.JSONEncoder(separators=(",", ":")).encode
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SPECIAL = re.compile(r"\\u[0-9a-f]{4}|\\.|[<>&'+`\x7f]")


def dumps(value: object) -> str:
    """JSON as the kernel's serializer writes it: without spaces, and with everything but plain ASCII escaped.

    Quotation marks and the characters that mean something in HTML are escaped as well, in upper-case hexadecimal.
    """
    text = _ENCODED(value)
    return _STRING.sub(_escape_string, text) if _SPECIAL.search(text) else text


def _escape_string(found: re.Match[str]) -> str:
    inner = found[0][1:-1]
    return f'"{_SPECIAL.sub(_escape, inner)}"'


def _escape(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith("\\u"):
        return "\\u" + text[2:].upper()
    # Other escapes stay as they are, except that of the quotation mark.
    return text if len(text) == 2 and text != '\\"' else f"\\u{ord(text[-1]):04X}"
