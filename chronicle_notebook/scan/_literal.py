"""A string literal in a program."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chronicle_notebook.scan._value import LONGEST

OPENING = r"""[rRuUbB]{0,2}(?P<open>\\{0,16}(?:\"{3}|'{3}|"|'))"""
"""The beginning of a literal. A literal with the prefix ``f`` is a template, so its text is not a secret."""
_OPENING = re.compile(OPENING)
_REST = {
    '"': re.compile(rf'(?P<value>(?:[^"\\\n]|\\.){{0,{LONGEST}}}+)(?P<end>"?)'),
    "'": re.compile(rf"(?P<value>(?:[^'\\\n]|\\.){{0,{LONGEST}}}+)(?P<end>'?)"),
    '"""': re.compile(rf'(?P<value>(?:[^"\\]|\\.|"(?!"")){{0,{LONGEST}}}+)(?P<end>(?:""")?)', re.DOTALL),
    "'''": re.compile(rf"(?P<value>(?:[^'\\]|\\.|'(?!'')){{0,{LONGEST}}}+)(?P<end>(?:''')?)", re.DOTALL),
}
_ESCAPED = re.compile(rf"""(?P<value>[^"'\\\n]{{0,{LONGEST}}}+)(?P<end>(?:\\{{1,16}}["'])?)""")
"""The rest of a literal whose quotes are escaped, as in JSON inside JSON."""
_FILLED_IN = re.compile(r"\s{0,40}(?:%(?!\s*\n)|\.format\b)")


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal. Only as much of it is read as decides whether it is a secret."""

    value: str
    begin: int
    """Where the value begins."""
    end: int
    """Where the literal ends."""
    filled_in: bool
    """Whether it is a template."""


def literal_at(text: str, position: int) -> Literal | None:
    """The literal at a position; None if there is none."""
    opening = _OPENING.match(text, position)
    return literal_after(text, opening) if opening else None


def literal_after(text: str, opening: re.Match[str]) -> Literal:
    """The literal after its opening quote, which a pattern with :data:`OPENING` has found."""
    quote = opening["open"]
    rest = _REST.get(quote, _ESCAPED).match(text, opening.end("open"))
    assert rest is not None, "it matches the empty text too"  # noqa: S101 - for the type checker
    filled_in = bool(rest["end"]) and _FILLED_IN.match(text, rest.end()) is not None
    return Literal(rest["value"], rest.start("value"), rest.end(), filled_in)
