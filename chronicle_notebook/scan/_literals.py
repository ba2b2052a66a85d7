"""Secrets that are written out where this package, or the environment, takes one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chronicle_notebook.scan._value import is_written_out

CODE = "a secret that is written out in code"
CELL = "a secret that is written out in a %%webhook cell"
VARIABLE = "a secret that is written out for an environment variable"

_TEXT = (
    r"""[rRuUbB]{0,2}(?P<quote>\"{3}|'{3}|"|')(?P<value>(?:\\.|(?!(?P=quote)).)*)(?P=quote)(?!\s*(?:%|\.format\b))"""
)
"""A literal. One that begins with ``f``, or is filled in, is none."""
_ARGUMENT = r"""(?:[^,()'"]|'[^'\n]*'|"[^"\n]*"|\([^()]*\)){0,300}+,\s*"""
_NAMED = r"(?:\w+\s*=\s*)?"
_HEADER = (
    r"[\w-]{0,60}(?:token|secret|passw|pwd|credential|cookie|authorization|bearer|(?:api|access|private)[-_]?key|"
    r"(?<![A-Za-z0-9])auth(?![A-Za-z0-9]))[\w-]*"
)
"""A header's name that looks like a credential, as for the builder's warning."""
_CALLS = tuple(
    re.compile(pattern + _TEXT, re.IGNORECASE)
    for pattern in (
        rf"\bSecret\(\s*{_NAMED}",
        rf"\bwith_bearer_token\(\s*{_NAMED}",
        rf"\bwith_basic_auth\(\s*{_ARGUMENT}{_NAMED}",
        r"\bwith_basic_auth\([^)]{0,500}?\bpassword\s*=\s*",
        rf"\bwith_oauth\(\s*{_ARGUMENT}{_ARGUMENT}{_NAMED}",
        r"\bwith_oauth\([^)]{0,500}?\bclient_secret\s*=\s*",
        rf"""\bwith_header\(\s*{_NAMED}["']{_HEADER}["']\s*,\s*{_NAMED}""",
    )
)
_HEADERS = re.compile(r"\bwith_headers\(\s*\{([^}]*)\}")
_HEADERS_ENTRY = re.compile(rf"""["']{_HEADER}["']\s*:\s*{_TEXT}""", re.IGNORECASE)

_VARIABLE = r"\w*(?:token|secret|passwd|password|api_?key)(?![a-z])(?!_(?:ur[il]|file|path|dir|name|id|endpoint)\b)\w*"
_ASSIGNED = tuple(
    re.compile(pattern + _TEXT, re.IGNORECASE)
    for pattern in (
        rf"""\benviron\[\s*["']{_VARIABLE}["']\s*\]\s*=\s*""",
        rf"""\b(?:environ\.(?:setdefault|get)|getenv|putenv)\(\s*["']{_VARIABLE}["']\s*,\s*""",
    )
)
_MAGIC = re.compile(
    rf"^[ \t]*%(?:set_)?env[ \t]+{_VARIABLE}(?:[ \t]*=[ \t]*|[ \t]+)(?P<value>\S.*)$", re.IGNORECASE | re.MULTILINE
)

_BODY = re.compile(r"^[ \t]*%%webhook\b.*\n", re.MULTILINE)
_KEY = rf"""["']?(?:token|password|client_secret|{_HEADER})["']?[ \t]*:[ \t]*"""
_LINE = re.compile(
    rf"^[ \t]*{_KEY}(?:[|>][+-]?[ \t]*\n[ \t]+)?(?P<value>\S.*?)[ \t]*(?:[ \t]#.*)?$", re.IGNORECASE | re.MULTILINE
)
_FLOW = re.compile(rf"[{{,]\s*{_KEY}(?P<value>[^,}}\n]+)", re.IGNORECASE)


def literals(text: str) -> Iterator[str]:
    """The kinds of literals that a text gives away, each once."""
    if any(is_written_out(value) for value in _in_code(text)):
        yield CODE
    if any(is_written_out(value) for value in _in_cell(text)):
        yield CELL
    if any(is_written_out(value) and "://" not in value for value in _of_variables(text)):
        yield VARIABLE


def _in_code(text: str) -> Iterator[str]:
    for pattern in _CALLS:
        yield from _values(pattern, text)
    for entries in _HEADERS.findall(text):
        yield from _values(_HEADERS_ENTRY, entries)


def _in_cell(text: str) -> Iterator[str]:
    """The values in the YAML below the magic; ``literal:`` before a text says that it is no reference."""
    begin = _BODY.search(text)
    if begin:
        for pattern in (_LINE, _FLOW):
            for value in _values(pattern, text[begin.end() :]):
                yield value.strip().strip("\"'").removeprefix("literal:")


def _of_variables(text: str) -> Iterator[str]:
    for pattern in _ASSIGNED:
        yield from _values(pattern, text)
    for value in _values(_MAGIC, text):
        yield value.strip().strip("\"'")


def _values(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for found in pattern.finditer(text):
        yield found["value"]
