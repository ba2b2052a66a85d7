"""The JSON of a notebook, read without losing anything that a person could read in the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_LONGEST_NUMBER = 1_000
"""The number of digits up to which a number is read as a number."""


class Entries(dict[str, Any]):
    """An object with all its entries, also those whose key is repeated."""

    __slots__ = ("all",)

    def __init__(self, entries: Iterable[tuple[str, Any]]) -> None:
        self.all = list(entries)
        super().__init__(self.all)


def read(text: str) -> Any:
    """The value of a JSON text.

    :raises ValueError: the text is not JSON.
    :raises RecursionError: it is nested too deeply.
    """
    return json.loads(text, object_pairs_hook=_object, parse_int=_number)


def entries(value: Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
    """The entries of an object, including repeated keys."""
    return value.all if isinstance(value, Entries) else value.items()


def texts(value: Any) -> Iterator[str]:
    """Every text below a value, including keys. A key is joined with its value, so that a header is complete.

    Notebooks write lines as lists of texts: such a list is one text.
    """
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            for key, held in reversed(list(entries(each))):
                if isinstance(held, str):
                    waiting.append(f"{key}: {held}")
                else:
                    waiting += (held, str(key))
        elif isinstance(each, list | tuple):
            waiting += _lines(each) or reversed(each)


def joined(value: Any) -> str | None:
    """The text of a source, which may be a list of lines; None if it is neither."""
    if isinstance(value, str):
        return value
    return "".join(value) if isinstance(value, list) and all(isinstance(each, str) for each in value) else None


def _lines(values: list[Any] | tuple[Any, ...]) -> list[str]:
    """A list of texts as one text. If they are not lines, also joined with line breaks."""
    if not values or not all(isinstance(each, str) for each in values):
        return []
    whole = "".join(values)
    parted = any(not each.endswith("\n") for each in values[:-1])
    return [whole, "\n".join(values)] if parted else [whole]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else Entries(pairs)


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits
