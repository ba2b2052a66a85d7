"""The environment variables that a text uses as secrets, so that their values can be searched."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping

from chronicle_notebook.base._credential_names import variable_may_hold_secret
from chronicle_notebook.base._secrets import variable_names

_NAME = "([A-Za-z_][A-Za-z0-9_]*)"
_SECRETS = tuple(
    re.compile(pattern)
    for pattern in (rf"env:{_NAME}", rf"env%3[Aa]{_NAME}", rf"""Secret\.env\(\s*(?:name\s*=\s*)?["']{_NAME}["']""")
)
"""How a text says that a variable contains a secret. The second form of ``env:`` is the form in a URL."""
_OPEN = re.compile(
    r"(?:^|_)(?:USER|USER_?NAME|LOGNAME|LOGIN|CLIENT_ID|AUTHORITY|REGION|HOST|HOST_?NAME|PORT|HOME|(?:OLD)?PWD|PATH|"
    r"SHELL|LANG|TERM|TZ)$",
    re.IGNORECASE,
)
"""Names of values that are sent or written together with a secret, but are not secret: they occur in many texts."""
_READ = tuple(
    re.compile(pattern)
    for pattern in (rf"""environ(?:\.get\(\s*|\[\s*)["']{_NAME}["']""", rf"""getenv\(\s*["']{_NAME}["']""")
)
"""How code reads a variable, which may contain anything."""
_DENSE = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])\S{12,}")
"""The form of a text that is hardly anything but a secret."""


def referenced(text: str, environment: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Each variable that a text uses as a secret and that is set, with its value.

    :param environment: the environment variables; by default those of this process.
    """
    told = {name for name in _names(_SECRETS, text) if not _OPEN.search(name)}
    read = _names(_READ, text)
    for name in variable_names() if environment is None else environment:
        bare = _tells(name) and name in text and re.search(rf"\b{name}\b", text) is not None
        if not (bare or name in told or name in read):
            continue
        value = os.getenv(name) if environment is None else environment[name]
        if value and (bare or name in told or _DENSE.fullmatch(value)):
            yield name, value


def _tells(name: str) -> bool:
    """Whether a name needs no ``env:`` before it: plans, shells and ``os.environ`` use the name alone."""
    return name.isidentifier() and variable_may_hold_secret(name) and not _OPEN.search(name)


def _names(patterns: Iterable[re.Pattern[str]], text: str) -> set[str]:
    return {name for pattern in patterns for name in pattern.findall(text)}
