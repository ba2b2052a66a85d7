"""Secrets that are written out where this package, the environment or a request takes one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from chronicle_notebook.scan._finder import Finder, values_of
from chronicle_notebook.scan._value import is_random, is_written_out

CODE = "a secret that is written out in code"
CELL = "a secret that is written out in a %%webhook cell"
VARIABLE = "a secret that is written out for an environment variable"
COMMAND = "a secret that is written out in a command"
PAIR = "a secret that is written out beside its name"

_LITERAL = (
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
_CALLS = {
    r"\bSecret\(\s*": (_NAMED,),
    r"\bwith_bearer_token\(": (rf"\s*{_NAMED}",),
    r"\bwith_basic_auth\(": (rf"\s*{_ARGUMENT}{_NAMED}", r"[^)]{0,500}?\bpassword\s*=\s*"),
    r"\bwith_oauth\(": (rf"\s*{_ARGUMENT}{_ARGUMENT}{_NAMED}", r"[^)]{0,500}?\bclient_secret\s*=\s*"),
    r"\bwith_header\(": (rf"""\s*{_NAMED}["']{_HEADER}["']\s*,\s*{_NAMED}""",),
    r"\bset_password\(": (rf"\s*{_ARGUMENT}{_ARGUMENT}{_NAMED}", r"[^)]{0,500}?\bpassword\s*=\s*"),
}
"""The calls that take a secret, each with the ways to the literal."""
_HEADERS = re.compile(r"\bwith_headers\(\s*\{([^}]*)\}")
_HEADERS_ENTRY = values_of(rf"""["']{_HEADER}["']\s*:\s*{_LITERAL}""", flags=re.IGNORECASE)

_VARIABLE = r"\w*(?:token|secret|passwd|password|api_?key)(?![a-z])(?!_(?:ur[il]|file|path|dir|name|id|endpoint)\b)\w*"
_VARIABLES = values_of(
    rf"""\benviron\[\s*["']{_VARIABLE}["']\s*\]\s*=\s*{_LITERAL}""",
    rf"""\b(?:environ\.(?:setdefault|get)|getenv|putenv)\(\s*["']{_VARIABLE}["']\s*,\s*{_LITERAL}""",
    rf"(?m:^)[ \t]*%(?:set_)?env[ \t]+{_VARIABLE}(?:[ \t]*=[ \t]*|[ \t]+)(?P<value>\S.*)(?m:$)",
    rf"(?m:^)[ \t]*(?:!+[ \t]*set|!*[ \t]*export)[ \t]+{_VARIABLE}="
    r"(?P<value>\"[^\"\n]*|'[^'\n]*|[^\s;&|]+)",
    flags=re.IGNORECASE,
)

_BODY = re.compile(r"^[ \t]*%%webhook\b.*\n", re.MULTILINE)
_KEY = rf"""["']?(?:token|password|client_secret|{_HEADER})["']?[ \t]*:[ \t]*"""
_CELL = values_of(
    rf"(?m:^)[ \t]*{_KEY}(?:[|>][+-]?[ \t]*\n[ \t]+)?(?P<value>\S.*?)[ \t]*(?:[ \t]#.*)?(?m:$)",
    rf"[{{,]\s*{_KEY}(?P<value>[^,}}\n]+)",
    flags=re.IGNORECASE,
)

_NAME = (
    r"(?![\w-]{0,60}(?:next|page|continuation|cancell?ation|bos|eos|pad|unk|sep|cls|mask|stop)[-_]?token)"
    r"[\w-]{0,60}?(?:token|secret|passwd|password|passphrase|(?:api|access|private)[-_]?key|(?<![A-Za-z])auth)"
)
"""What a secret is called in a mapping. The token of a page, or of a language model, opens nothing."""
_PAIRS = values_of(
    rf"""["']{_NAME}["']\s*:\s*{_LITERAL}""",
    rf"\A{_NAME}: (?P<value>\S+)\Z",
    flags=re.IGNORECASE,
)

_COMMANDS = values_of(
    r"""\bcurl\b[^\n]{0,500}?\s(?:-u|--user)[ =]?["']?[^\s:"']*:(?P<value>[^\s"']+)""",
    rf"""\bcurl\b[^\n]{{0,500}}?\s(?:-H|--header)[ =]?["']{_HEADER}:\s*(?P<value>[^\s"']+)["']""",
    flags=re.IGNORECASE,
)


def _unquoted(values: Callable[[str], Iterator[str]]) -> Callable[[str], Iterator[str]]:
    """Without the quotes around a value; ``literal:`` before a text says that it is no reference."""
    return lambda text: (value.strip().strip("\"'").removeprefix("literal:") for value in values(text))


_CALLED = values_of(*(name + way + _LITERAL for name, ways in _CALLS.items() for way in ways), flags=re.IGNORECASE)


def _in_code(text: str) -> Iterator[str]:
    yield from _CALLED(text)
    for entries in _HEADERS.findall(text):
        yield from _HEADERS_ENTRY(entries)


def _in_cell(text: str) -> Iterator[str]:
    """The values in the YAML below the magic."""
    begin = _BODY.search(text)
    if begin:
        yield from _CELL(text[begin.end() :])


def _no_address(value: str) -> bool:
    return "://" not in value and is_written_out(value)


_WORDS = ("token", "secret", "passw", "passphrase", "key", "auth")

LITERALS = (
    Finder(
        CODE,
        ("secret(", "with_bearer_token(", "with_basic_auth(", "with_oauth(", "with_header", "set_password("),
        _in_code,
        is_written_out,
    ),
    Finder(CELL, ("%%webhook",), _unquoted(_in_cell), is_written_out),
    Finder(
        VARIABLE,
        _WORDS,
        _unquoted(_VARIABLES),
        _no_address,
        also=("environ", "getenv(", "putenv(", "%env", "%set_env", "export", "!set"),
    ),
    Finder(COMMAND, ("curl",), _COMMANDS, is_written_out),
    Finder(PAIR, _WORDS, _PAIRS, is_random),
)
"""What stands written out where a secret is taken."""
