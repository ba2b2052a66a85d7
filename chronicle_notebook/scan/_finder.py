"""One way to search a text for secrets.

Every pattern of this room takes linear time: every repetition in it is possessive or bounded, so that no text makes the
search slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Found = tuple[int, str]
"""The position of a secret's value in a text, and its kind."""
Search = Callable[[str], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds secrets of some kinds."""

    words: tuple[str, ...]
    """Words in lower case. Every text with such a secret has one of them. Searching for the words is many times faster
    than the pattern, and nearly every text ends here."""
    search: Search
    also: tuple[str, ...] = ()
    """More words. Every text with such a secret has one of these too."""

    def may_be_in(self, lowered: str) -> bool:
        """Whether a lower-case text has the words."""
        for word in self.words:
            if word in lowered:
                return not self.also or any(other in lowered for other in self.also)
        return False


def looking_for(kind: str, *patterns: str, accepts: Callable[[str], bool] = bool, flags: int = 0) -> Search:
    """A search that returns what patterns find: the group ``value`` of a pattern that has one, else the whole match.

    :param accepts: whether a value is a secret.
    """
    compiled = [re.compile(pattern, flags) for pattern in patterns]

    def search(text: str) -> Iterator[Found]:
        for pattern in compiled:
            group: str | int = "value" if "value" in pattern.groupindex else 0
            for found in pattern.finditer(text):
                if accepts(found[group]):
                    yield found.start(group), kind

    return search
