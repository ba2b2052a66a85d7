"""The values that references such as ``env:NAME`` gave to a command. What the command says has the references in their
place.

Somebody can name the wrong variable: a token instead of an id. An error that repeats the id would show the token, and a
notebook would keep it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar

_SHORTEST = 4
"""The least length of a value that is searched everywhere. A shorter one is also a part of other words, so only its
quoted form is searched."""
_BEGINNING = 16
"""The least length of a beginning that is searched: messages cut long texts."""
_WORD = re.compile(r"[\w-]{1,15}")
"""A value that other words can contain: ``demo`` is a part of ``demonstration``. It is searched as a whole word."""
_FRONT = r"(?:(?<![\w-])|(?<=\\[abefnrtv0])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-fA-F]{4})|(?<=%[0-9A-F]{2}))"
"""The front of a word. An escape for a line break or another sign is no part of the word after it."""
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#@]*/?(?=[^@]*$)")
"""The beginning of a URL, which says nothing secret and which other URLs share."""


class Revealed:
    """The values that the references of one command gave, with their references."""

    def __init__(self) -> None:
        self._references: dict[str, str] = {}

    def note(self, value: str, reference: str) -> None:
        """Note what a reference gave. White space alone is noted nowhere: each text has some."""
        if value.strip():
            self._references[value] = reference

    def hide(self, text: str) -> str:
        """The text with the reference in place of each value, in every form in which messages write values."""
        if not self._references:
            return text
        by_form: dict[str, str] = {}
        for value, reference in self._references.items():
            if text == value:
                return reference
            # Only what the text has: a file can have a thousand references, and each has many forms.
            by_form |= {pattern: reference for form, pattern in _patterns(value) if form in text}
        if by_form:
            # All at once: what stands for one value is not searched for the next one.
            patterns = sorted(by_form, key=len, reverse=True)
            references = [by_form[each] for each in patterns]
            found = "|".join(f"({each})" for each in patterns)
            text = re.sub(found, lambda match: references[(match.lastindex or 1) - 1], text)
        for value in sorted(self._references, key=len, reverse=True):
            text = _without_beginning(text, value, self._references[value])
        return text

    def hide_in(self, error: BaseException) -> None:
        """Hide the values in the texts of an error and of its causes: notebooks and logs keep them."""
        seen: set[int] = set()
        waiting: list[BaseException | None] = [error]
        while waiting:
            each = waiting.pop()
            if each is None or id(each) in seen:
                continue
            seen.add(id(each))
            self._hide_in_one(each)
            waiting += [each.__cause__, each.__context__]
            if isinstance(each, BaseExceptionGroup):
                waiting += each.exceptions

    def _hide_in_one(self, error: BaseException) -> None:
        named = {name: value for name in ("filename", "filename2") if (value := getattr(error, name, None))}
        for name, value in {**named, **vars(error), "args": error.args}.items():
            hidden = self._hidden(value)
            if hidden is not value and hidden != value:  # other values may not be comparable, such as arrays
                with contextlib.suppress(AttributeError, TypeError):  # an attribute that cannot be changed
                    setattr(error, name, hidden)

    def _hidden(self, value: object) -> object:
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, (tuple, list)) and type(value) in {tuple, list}:
            return type(value)(map(self._hidden, value))
        return value


_CURRENT: ContextVar[Revealed | None] = ContextVar("chronicle_notebook_revealed", default=None)


@contextlib.contextmanager
def revealed() -> Iterator[Revealed]:
    """Note in this block, which is one command, what its references give."""
    noted = Revealed()
    token = _CURRENT.set(noted)
    try:
        yield noted
    finally:
        _CURRENT.reset(token)


def note_revealed(value: str, reference: str) -> None:
    """Note what a reference gave, if a command notes it."""
    noted = _CURRENT.get()
    if noted is not None:
        noted.note(value, reference)


def hidden(text: str) -> str:
    """A text of the current command with references in place of their values."""
    noted = _CURRENT.get()
    return text if noted is None else noted.hide(text)


def _patterns(value: str) -> Iterator[tuple[str, str]]:
    """A value as messages write it, each form with the regular expression that finds it, which has no groups."""
    from chronicle_notebook.base._encodings import written

    for form in dict.fromkeys((value, value.strip(), " ".join(value.split()), value.lower())):
        if len(form) < _SHORTEST:
            for quote in ("'", '"'):
                yield form, f"(?<={quote}){re.escape(form)}(?={quote})"
            continue
        begin, end = (_FRONT, r"(?![\w-])") if _WORD.fullmatch(form) else ("", "")
        for each in (*written(form), repr(form)[1:-1]):
            yield each, f"{begin}{re.escape(each)}{end}"


def _without_beginning(text: str, value: str, reference: str) -> str:
    """The text without the beginning of a long value that was cut."""
    origin = _ORIGIN.match(value)
    least = _BEGINNING if origin is None else max(_BEGINNING, origin.end() + 1)
    beginning = value[:least]
    if len(value) <= least or beginning not in text:
        return text
    tail, parts = value[least:], []
    front, found, rest = text.partition(beginning)
    while found:
        same = next(
            (at for at, (a, b) in enumerate(zip(tail, rest, strict=False)) if a != b), min(len(tail), len(rest))
        )
        parts += [front, reference]
        front, found, rest = rest[same:].partition(beginning)
    return "".join([*parts, front])
