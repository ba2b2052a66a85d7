"""One way to look for secrets in a text.

Every pattern of this room takes linear time: whatever repeats in it is possessive or has a bound, so that no text makes
it try one place again and again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Found = tuple[int, str]
"""Where the value of a secret begins in a text, and its kind."""
Search = Callable[[str], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds secrets of some kinds."""

    words: tuple[str, ...]
    """In lower case, one of which is in every text that has such a secret. Looking for them is many times faster than
    the search, and nearly every text ends here."""
    search: Search
    also: tuple[str, ...] = ()
    """Likewise, one of which is there too."""

    def may_be_in(self, lowered: str) -> bool:
        """Whether a text, given in lower case, has the words."""
        for word in self.words:
            if word in lowered:
                return not self.also or any(other in lowered for other in self.also)
        return False


def looking_for(kind: str, *patterns: str, accepts: Callable[[str], bool] = bool, flags: int = 0) -> Search:
    """A search that gives what patterns find: the group ``value`` of a pattern that has one, else all of it.

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
