"""Completion on the lines of our magics: subcommands, flags, names of the kernel, and keys inside ``%%webhook``."""

from __future__ import annotations

import re
import shlex
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from chronicle_notebook.definition._references import plain_id
from chronicle_notebook.magics._cell_completion import complete_body
from chronicle_notebook.magics._command import COMMON, Command
from chronicle_notebook.magics._names import Names
from chronicle_notebook.magics._table import BY_NAME
from chronicle_notebook.magics._words import Word, scan

MOST = 200
"""The largest number of names in one completion. A user with more names types another letter."""

_LINE = re.compile(r"\s*(?:[\w\s.,*\[\]'\"]+=\s*)?%(chronicle|webhooks|webhook)(?=\s)")
_CELL = re.compile(r"\s*%%webhook(?=\s|\Z)")
_PLAIN = re.compile(r"[\w@%+=:,./-]+\Z", re.ASCII)

Candidates = tuple[str, Sequence[str]]
"""The text before the cursor that is replaced, and its possible replacements."""


class Completion:
    """A matcher for IPython. It never raises an error, and waits for the network no longer than the names do."""

    def __init__(self, names: Names, shell: Any) -> None:
        self._names = names
        self._shell = shell

        # A separate function, because IPython stores on it that it is a matcher.
        def matcher(context: CompletionContext) -> SimpleMatcherResult:
            return self._matched(context)

        mark: Any = context_matcher(identifier="chronicle_notebook", priority=100)
        self.matcher: Callable[[CompletionContext], SimpleMatcherResult] = mark(matcher)

    def _matched(self, context: CompletionContext) -> SimpleMatcherResult:
        try:
            found = self.candidates(context.full_text, context.cursor_line, context.cursor_position)
        except Exception:  # noqa: BLE001 - nobody who types is to see a traceback
            found = None
        if found is None:
            return {"completions": []}
        fragment, texts = found
        completions = [SimpleCompletion(text=text, type="chronicle") for text in texts]
        return {"completions": completions, "matched_fragment": fragment, "suppress": True, "ordered": True}

    def candidates(self, text: str, line: int, column: int) -> Candidates | None:
        """The completions at a place in a cell; None if the place does not belong to our magics."""
        lines = text.split("\n")
        before = lines[line][:column]
        opening = next((index for index, each in enumerate(lines) if each.strip()), 0)
        if _CELL.match(lines[opening]):
            if line == opening:
                found = _CELL.match(before)
                return None if found is None or found.end() == len(before) else self._line("%%webhook", before, found)
            return complete_body(lines[opening + 1 : line], before, self._names, self._shell.user_ns)
        found = _LINE.match(before)
        return None if found is None else self._line(f"%{found.group(1)}", before, found)

    def _line(self, name: str, before: str, found: re.Match[str]) -> Candidates:
        magic = BY_NAME[name]
        rest = before[found.end() :]
        words = scan(rest)
        partial = words.pop() if words and words[-1].end == len(rest) else Word("", len(rest), len(rest), quoted=False)
        fragment = rest[partial.start :]
        command: Command | None = magic.command("")
        if magic.subcommands:
            if not words and not partial.flag:
                return fragment, starting(magic.subcommands, partial.text)
            named = magic.command(words[0].text) if words else None
            command, words = (named, words[1:]) if named is not None else (command, words)
        if command is None:
            return fragment, starting([flag.name for flag in COMMON], partial.text)
        return self._word(command, words, partial, fragment)

    def _word(self, command: Command, words: Sequence[Word], partial: Word, fragment: str) -> Candidates:
        if partial.flag:
            return self._flag(command, words, partial, fragment)
        previous = command.flag(words[-1].text) if words and words[-1].flag else None
        if previous is not None and previous.value:
            return fragment, self._values(previous.choices, previous.names, partial.text)
        place = sum(not word.flag for word in words) - sum(_takes_value(command, word) for word in words[:-1])
        if place < len(command.arguments):
            argument = command.arguments[place]
            return fragment, self._values(argument.choices, argument.names, partial.text)
        given = {word.text for word in words}
        return fragment, [flag.name for flag in command.flags if flag.name not in given] if not partial.text else []

    def _flag(self, command: Command, words: Sequence[Word], partial: Word, fragment: str) -> Candidates:
        name, equals, value = partial.text.partition("=")
        flag = command.flag(name)
        if equals:
            if flag is None or not flag.value:
                return fragment, []
            return fragment, [f"{name}={each}" for each in self._values(flag.choices, flag.names, value)]
        given = {word.text.partition("=")[0] for word in words}
        known = [each.name for each in (*command.flags, *COMMON) if each.name not in given]
        return fragment, starting(known, name)

    def _values(self, choices: Sequence[str], names: str, prefix: str) -> list[str]:
        if choices:
            return starting(choices, prefix)
        if not names:
            return []
        if names == "files":
            return [quoted(name) for name in files_like(prefix)]
        return [quoted(name) for name in starting_sorted(self._names.get(names), prefix)]


def _takes_value(command: Command, word: Word) -> bool:
    flag = command.flag(word.text) if word.flag else None
    return flag is not None and bool(flag.value)


def starting(candidates: Iterable[str], prefix: str) -> list[str]:
    """The candidates that begin with a prefix, in upper or lower case."""
    return [each for each in candidates if each.lower().startswith(prefix.lower())]


def starting_sorted(names: Sequence[str], prefix: str) -> Sequence[str]:
    """The names that begin with a prefix, from a sorted sequence. If there is none: those that begin with it in the
    other case."""
    first = bisect_left(names, prefix)
    last = bisect_left(names, f"{prefix}\U0010ffff") if prefix else len(names)
    return names[first : min(last, first + MOST)] or starting(names, prefix)[:MOST]


def files_like(prefix: str) -> list[str]:
    """The YAML files, and the folders, whose paths begin like this."""
    folder, _, start = prefix.rpartition("/")
    base = Path(f"{folder}/" if folder or prefix.startswith("/") else ".")
    before = prefix[: len(prefix) - len(start)]
    found = (each for each in sorted(base.iterdir()) if each.name.startswith(start) and not each.name.startswith("."))
    names = (f"{each.name}/" if each.is_dir() else each.name for each in found)
    return [f"{before}{name}" for name in names if name.endswith(("/", ".yaml", ".yml"))][:MOST]


def quoted(name: str) -> str:
    """A name in the form for a line, with quotes if it needs them."""
    name = plain_id(name)
    if name.startswith("-"):
        return f"'{name}'" if "'" not in name else shlex.quote(name)
    return name if _PLAIN.match(name) else shlex.quote(name)
