"""What counts as a secret in a text. Only what is a secret with high confidence: people switch off a scan with many
false alarms.

No finding repeats a value, or a part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chronicle_notebook.base._encodings import in_base64, written
from chronicle_notebook.base._text import one_line
from chronicle_notebook.scan._assignments import ASSIGNMENTS, DATA, PAIR
from chronicle_notebook.scan._budget import Budget
from chronicle_notebook.scan._calls import CALLS
from chronicle_notebook.scan._finder import Finder, Found
from chronicle_notebook.scan._patterns import PATTERNS
from chronicle_notebook.scan._readings import Reading, readings
from chronicle_notebook.scan._references import referenced
from chronicle_notebook.scan._tokens import TOKENS
from chronicle_notebook.scan._value import SHORTEST

UNREADABLE = "could not be read"
"""The kind of a finding that is not a secret, but a file that was not scanned completely."""
FINDERS = (*TOKENS, *PATTERNS, *CALLS, *ASSIGNMENTS)
_LONGEST_NAME = 300
"""The number of characters of a file name and of a place that are shown."""
_PART = 1 << 18
"""The number of characters that are searched at once. The time limit is checked between two parts."""
_OVERLAP = 4_096
"""The number of characters of the next part that are searched too, so that no secret is cut."""


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """A secret and its place. The value itself is not stored here."""

    file: str
    place: str
    """The place for people: ``cell 3 (id setup), output 1``, or ``line 12``."""
    kind: str

    @property
    def unreadable(self) -> bool:
        """Whether this is not a secret, but a file that could not be read, so that nobody knows its content."""
        return self.kind == UNREADABLE

    def __str__(self) -> str:
        """Safe for a terminal: the name of a file can contain characters that move the cursor."""
        return ": ".join(one_line(part, most=_LONGEST_NAME) for part in (self.file, self.place, self.kind))


class Rules:
    """What to search in the texts of one file."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        """Search for the values of these variables, in addition to everything that looks like a secret."""
        self._values = {
            name: _forms(value) for name, value in (variables or {}).items() if len(value.strip()) >= SHORTEST
        }
        self._finders: Sequence[Finder] = FINDERS

    @classmethod
    def for_references(cls, text: str, environment: Mapping[str, str] | None = None) -> Rules:
        """Rules that know the values of the variables that a text refers to and that are set."""
        return cls(dict(referenced(text, environment)))

    def within(self, text: str) -> Rules:
        """The few rules that can find anything in a text that is made of several texts, one below the other."""
        lowered = text.lower()
        narrowed = Rules()
        narrowed._values = {name: forms for name, forms in self._values.items() if any(form in text for form in forms)}
        narrowed._finders = [each for each in self._finders if each.may_be_in(lowered)]
        return narrowed

    def kinds(self, text: str) -> Iterator[str]:
        """The kinds of secrets in a text, each once."""
        yield from dict.fromkeys(kind for _, kind in self.lines(readings(text)))

    def lines(self, forms: Iterable[Reading], budget: Budget | None = None) -> list[tuple[int, str]]:
        """The secrets in any reading of a text, by line and kind, each once.

        :raises OutOfTimeError: the budget is used up.
        """
        told: dict[tuple[int, str], None] = {}
        for form in forms:
            found = list(self._found(form, budget))
            for line, (_, kind) in zip(form.lines([at for at, _ in found]), found, strict=True):
                told[line, kind] = None
        return without_doubles(told)

    def _found(self, form: Reading, budget: Budget | None) -> Iterator[Found]:
        for name, values in self._values.items():
            for value in values:
                at = form.text.find(value)
                while at >= 0:
                    yield at, f"the value of the environment variable {name}"
                    at = form.text.find(value, at + len(value))
        finders = (*self._finders, *DATA) if form.settings else self._finders
        for begin in range(0, len(form.text), _PART):
            part = form.text[begin : begin + _PART + _OVERLAP]
            lowered = part.lower()
            for finder in (each for each in finders if each.may_be_in(lowered)):
                if budget is not None:
                    budget.check()
                yield from ((begin + at, kind) for at, kind in finder.search(part))


def without_doubles(found: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """The findings by line and kind, each once: a secret that was recognised by its form is not reported again for its
    name."""
    told = dict.fromkeys(found)
    known = {line for line, kind in told if kind != PAIR}
    return sorted(each for each in told if each[1] != PAIR or each[0] not in known)


def _forms(value: str) -> tuple[str, ...]:
    """The forms of a value in a notebook, also as a part of a text in Base64."""
    bare = value.strip()
    return tuple(dict.fromkeys((*written(bare), *in_base64(bare))))
