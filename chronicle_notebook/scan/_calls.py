"""Secrets in plain text in a call that takes one, and in the body of ``%%webhook``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chronicle_notebook.base._credential_names import looks_like_credential
from chronicle_notebook.scan._finder import Finder, Found
from chronicle_notebook.scan._literal import Literal, literal_at
from chronicle_notebook.scan._value import is_written_out

CODE = "a secret that is written out in code"
CELL = "a secret that is written out in a %%webhook cell"

_CALLS: dict[str, tuple[int, frozenset[str]]] = {
    "secret": (0, frozenset({"value"})),
    "with_bearer_token": (0, frozenset({"token"})),
    "with_basic_auth": (1, frozenset({"password"})),
    "with_oauth": (2, frozenset({"client_secret"})),
    "set_password": (2, frozenset({"password"})),
    "httpbasicauth": (1, frozenset({"password"})),
    "httpdigestauth": (1, frozenset({"password"})),
    "basicauth": (1, frozenset({"password"})),
}
"""Calls that take a secret, each with the position of the secret, from 0, and its names."""
_HEADER_CALLS = frozenset({"with_header", "with_headers"})
_CALL = re.compile(rf"(?<!\w)({'|'.join((*_CALLS, *_HEADER_CALLS))})\(", re.IGNORECASE)
_PART = re.compile(
    r"""\s++|#[^\n]{0,300}+|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)|(?P<colon>:)"""
    r"""|(?P<name>\w{1,80}+)\s{0,40}+=(?!=)|(?P<prefix>\w++(?=["']))|\w++"""
)
_PARTS = 60
"""The number of parts of a call that are read: names, literals, brackets."""
_PAIR = re.compile(r"""\bauth\s{0,10}+=\s{0,10}+\(\s{0,40}+(?=["'rRuUbB])""")
"""A user and a password as an argument of HTTP libraries."""

_BODY = re.compile(r"^[ \t]*+%%webhook\b[^\n]*+\n", re.MULTILINE)
_BODY_LINE = re.compile(
    r"""[ \t]*+(?:\#.*|-[ \t].*|["']?[\w.-]{1,80}["']?[ \t]*+:(?:[ \t].*)?|[{}\[\],].*)?|[ \t]++(?!%%)\S.*"""
)
"""A line that can be a part of the YAML below ``%%webhook``."""
_BODY_ENTRY = re.compile(
    r"""(?:^[ \t]*+|[{,][ \t]*+)["']?(?P<name>[\w.-]{1,80}+)["']?[ \t]*+:[ \t]*+"""
    r"""(?:[|>][+-]?[ \t]*+\n[ \t]++)?(?P<value>"[^"\n]{0,1000}|'[^'\n]{0,1000}|[^\s"',{}][^,}\n]{0,1000})""",
    re.MULTILINE,
)
_LONGEST_BODY = 20_000


@dataclass(frozen=True, slots=True)
class _Argument:
    position: int
    name: str | None
    """The name of the argument."""
    key: str | None
    """The literal before it in a mapping."""
    literal: Literal


class _Call:
    """Reads the literals in a call, those in mappings with their keys."""

    def __init__(self, text: str, position: int) -> None:
        """The call's bracket opens before the position."""
        self._text, self._position = text, position
        self._depth = self._index = 0
        self._name: str | None = None
        self._last: Literal | None = None
        self._key: str | None = None

    def arguments(self) -> Iterator[_Argument]:
        for _ in range(_PARTS):
            if self._depth < 0 or self._position >= len(self._text):
                return
            literal = literal_at(self._text, self._position)
            if literal is None:
                self._read_part()
                continue
            if self._depth == 0 or self._key is not None:
                yield _Argument(self._index, self._name, self._key, literal)
            self._last, self._key, self._position = literal, None, literal.end

    def _read_part(self) -> None:
        part = _PART.match(self._text, self._position)
        if part is None:
            self._position += 1
            return
        self._position = part.end()
        if part["open"]:
            self._depth += 1
        elif part["close"]:
            self._depth -= 1
        elif part["colon"]:
            self._key = self._last.value if self._last else None
        elif part["comma"]:
            self._last = self._key = None
            if self._depth == 0:
                self._index, self._name = self._index + 1, None
        elif part["name"]:
            self._name = part["name"].lower() if self._depth == 0 else self._name
        elif part["prefix"]:  # f"...", whose text is not a secret
            filled = literal_at(self._text, self._position)
            self._position = filled.end if filled else self._position


def _in_calls(text: str) -> Iterator[Found]:
    for call in _CALL.finditer(text):
        called = call[1].lower()
        if called == "secret" and call[1] != "Secret":
            continue  # a function that looks the secret up
        header: str | None = None
        for argument in _Call(text, call.end()).arguments():
            literal = argument.literal
            if called in _CALLS:
                position, names = _CALLS[called]
                given = argument.key is None and (
                    argument.name in names if argument.name else argument.position == position
                )
            else:
                given = looks_like_credential(argument.key or (header if argument.position == 1 else None) or "")
                if argument.position == 0 and argument.key is None:
                    header = literal.value
            if given and not literal.filled_in and is_written_out(literal.value):
                yield literal.begin, CODE
    for pair in _PAIR.finditer(text):
        told = [each for each in _Call(text, pair.end()).arguments() if each.position == 1 and each.key is None]
        for argument in told[:1]:
            if not argument.literal.filled_in and is_written_out(argument.literal.value):
                yield argument.literal.begin, CODE


def _in_cell(text: str) -> Iterator[Found]:
    """The values in the YAML below the magic."""
    end = 0
    while magic := _BODY.search(text, end):
        end = begin = magic.end()
        while end < min(len(text), begin + _LONGEST_BODY):
            line = text.find("\n", end) + 1 or len(text)
            if not _BODY_LINE.fullmatch(text[end:line].rstrip("\r\n")):
                break
            end = line
        for entry in _BODY_ENTRY.finditer(text, begin, end):
            value = entry["value"].strip().strip("\"'").partition(" #")[0].strip().removeprefix("literal:")
            if looks_like_credential(entry["name"]) and is_written_out(value):
                yield entry.start("value"), CELL


CALLS = (
    Finder((*(f"{name}(" for name in _CALLS), "with_header", "auth"), _in_calls),
    Finder(("%%webhook",), _in_cell),
)
"""Secrets in plain text where a secret is expected."""
