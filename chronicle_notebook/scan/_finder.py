"""One kind of secret, and how a text is searched for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds one kind of secret."""

    kind: str
    words: tuple[str, ...]
    """In lower case, one of which is in every text that has such a secret. Looking for them is many times faster than
    the pattern, and nearly every text ends here."""
    values: Callable[[str], Iterator[str]]
    """What may be such a secret in a text."""
    accepts: Callable[[str], bool] = bool
    """Whether it is one."""
    also: tuple[str, ...] = ()
    """Likewise, one of which is there too."""
    short: bool = False
    """Whether such a secret stands in one line, so that it is found where texts are put one below the other."""

    def may_be_in(self, lowered: str) -> bool:
        """Whether a text, given in lower case, has the words."""
        for word in self.words:
            if word in lowered:
                return not self.also or any(other in lowered for other in self.also)
        return False

    def may_be_below(self, text: str, lowered: str) -> bool:
        """Whether there may be such a secret in one of several texts, which are put one below the other."""
        return self.finds(text, lowered) if self.short else self.may_be_in(lowered)

    def finds(self, text: str, lowered: str) -> bool:
        """Whether there is such a secret in a text, which is given in lower case too."""
        return self.may_be_in(lowered) and any(map(self.accepts, self.values(text)))


def values_of(*patterns: str, flags: int = 0) -> Callable[[str], Iterator[str]]:
    """A function that gives what patterns find: the group ``value`` of one that has it, else all of it."""
    compiled = [re.compile(pattern, flags) for pattern in patterns]

    def values(text: str) -> Iterator[str]:
        for pattern in compiled:
            group: str | int = "value" if "value" in pattern.groupindex else 0
            for found in pattern.finditer(text):
                yield found[group]

    return values
