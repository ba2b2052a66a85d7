"""What counts as a secret in a text. Only what is one with high confidence: a scan that cries wolf gets switched off.

No finding repeats a value, or a part of it.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from chronicle_notebook.scan._finder import Finder
from chronicle_notebook.scan._literals import LITERALS, PAIR
from chronicle_notebook.scan._patterns import PATTERNS
from chronicle_notebook.scan._references import referenced
from chronicle_notebook.scan._value import SHORTEST

UNREADABLE = "could not be read"
"""The kind of what is no secret, but a file that was not looked at as a whole."""
FINDERS = (*PATTERNS, *LITERALS)
_SHORTEST_ENCODED = 8
"""Bytes of a value that are looked for in Base64: fewer would be found in a picture."""


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """A secret, and where it stands. The value itself is not here."""

    file: str
    place: str
    """For people: ``cell 3 (id setup), output 1``, or ``line 12``."""
    kind: str

    @property
    def unreadable(self) -> bool:
        """Whether this is no secret, but a file that could not be read, so that nobody knows what is in it."""
        return self.kind == UNREADABLE

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.kind}"


class Rules:
    """What to look for in the texts of one file."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        """Look for the values of these variables, besides what looks like a secret by itself."""
        self._values = {
            name: _forms(value) for name, value in (variables or {}).items() if len(value.strip()) >= SHORTEST
        }
        self._finders: Sequence[Finder] = FINDERS

    @classmethod
    def for_references(cls, text: str, environment: Mapping[str, str] | None = None) -> Rules:
        """Rules that know the values of the variables which a text refers to, as far as they are set."""
        return cls(dict(referenced(text, environment)))

    def within(self, text: str) -> Rules:
        """The rules by which anything can be found in a text that is made of several, one below the other: few."""
        lowered = text.lower()
        narrowed = Rules()
        narrowed._values = {name: forms for name, forms in self._values.items() if any(form in text for form in forms)}
        narrowed._finders = [each for each in self._finders if each.may_be_below(text, lowered)]
        return narrowed

    def kinds(self, text: str) -> Iterator[str]:
        """What a text gives away, each kind once."""
        lowered = text.lower()
        found = [
            f"the value of the environment variable {name}"
            for name, forms in self._values.items()
            if any(form in text for form in forms)
        ]
        found += [finder.kind for finder in self._finders if finder.finds(text, lowered)]
        # What is known for what it is, is not told a second time for its name.
        yield from dict.fromkeys(kind for kind in found if kind != PAIR or set(found) == {PAIR})


def _forms(value: str) -> tuple[str, ...]:
    """A value as it can stand in a notebook: as it is, in HTML, in JSON, in a URL, in Base64."""
    bare = value.strip()
    forms: Iterable[str] = (bare, html.escape(bare), json.dumps(bare)[1:-1], quote(bare, safe=""), *_encoded(bare))
    return tuple(dict.fromkeys(forms))


def _encoded(value: str) -> Iterator[str]:
    """A value as a part of a text in Base64, which depends on what stands before it: ``user:value``, for example."""
    content = value.encode()
    if len(content) < _SHORTEST_ENCODED:
        return
    for before in range(3):
        whole = base64.b64encode(bytes(before) + content).decode().rstrip("=")
        # What stands before and after it is in the letters at both ends as well.
        begin, end = -(-before * 8 // 6), (before + len(content)) * 8 // 6
        yield whole[begin:end]
