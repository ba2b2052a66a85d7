"""A line, parsed with the table: the command and its values.

This is own code because argparse and shlex would make it longer: completion needs the position of each word and words
whose quote is still open, a quoted word must never be a flag, a flag may stand only once, and an error names the next
step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.magics._command import COMMON, Command, Flag, Magic
from chronicle_notebook.magics._habits import check_id, check_words, instead
from chronicle_notebook.magics._words import Word, split

NEVER_SHOWN = frozenset({"CONNECTION", "URL", "--url"})
"""The values that can contain a secret and are shown only in part."""


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a magic."""

    magic: Magic
    command: Command
    values: Mapping[str, str] = field(default_factory=dict)
    """The values of arguments by name and of flags by flag. References are not resolved yet."""
    switches: frozenset[str] = frozenset()
    """The given flags that have no value."""
    variables: Mapping[str, object] = field(default_factory=dict)
    """The variables that Python sees on the line."""
    body: str = ""

    @property
    def title(self) -> str:
        """The name of the command in a message: ``%webhook show``."""
        return f"{self.magic.name} {self.command.name}".rstrip()

    def given(self, name: str) -> str | None:
        """A value as it was written; None if it was not given."""
        return self.values.get(name)

    def text(self, name: str) -> str | None:
        """A value with its reference resolved; None if it was not given.

        :raises InvalidInputError: the value of the reference was not found, or it is a Secret where values are shown.
        """
        from chronicle_notebook.definition._references import resolve_text

        value = self.values.get(name)
        kind, _, variable = (value or "").partition(":")
        if kind == "var" and name not in NEVER_SHOWN and self.referred(name):
            raise InvalidInputError(
                f"{name}: the variable {variable!r} holds a Secret, and {name} is shown in tables and messages.",
                field=name,
                hint="Assign a text to a variable, and name that one.",
            )
        return None if value is None else resolve_text(value, self.variables, field=name)

    def required(self, name: str) -> str:
        """A required value with its reference resolved."""
        return self.text(name) or ""

    def referred(self, name: str) -> bool:
        """Whether a value came from the environment or from a Secret, so that messages show the reference."""
        from chronicle_notebook.base._secrets import Secret

        kind, _, variable = (self.values.get(name) or "").partition(":")
        return kind == "env" or (kind == "var" and isinstance(self.variables.get(variable), Secret))


def title_of(magic: Magic, line: str) -> str:
    """The name of a line's command in a message, even if the line is wrong."""
    from chronicle_notebook.magics._words import scan

    words = scan(line)
    known = magic.command(words[0].text) if words and magic.subcommands else None
    return f"{magic.name} {known.name}" if known is not None else magic.name


def wants(line: str, flag: str) -> bool:
    """Whether a line has a flag, even if the line is wrong."""
    from chronicle_notebook.magics._words import scan

    words = [word for word in scan(line) if word.flag]
    return any(word.text == flag for word in words)


def parse(magic: Magic, line: str) -> Call:
    """Parse a line.

    :raises InvalidInputError: the line is wrong. The error says what is wrong and what would be right.
    """
    words = split(line)
    check_words(words)
    command, rest = _command(magic, words)
    values: dict[str, str] = {}
    switches: set[str] = set()
    plain: list[Word] = []
    position = 0
    while position < len(rest):
        word = rest[position]
        position += 1
        if word.text == "--" and not word.quoted:
            plain += rest[position:]
            break
        if not word.flag:
            plain.append(word)
            continue
        flag, attached = _flag(magic, command, word)
        if flag.name in values or flag.name in switches:
            raise _usage(magic, command, f"{flag.name} is given twice.", "Give it once.")
        if not flag.value:
            switches.add(flag.name)
            continue
        if attached is None:
            if position == len(rest) or rest[position].flag:
                raise _usage(magic, command, f"{flag.name} needs a value.", f"Write {flag.name} {flag.value}.")
            attached = rest[position].text
            position += 1
        _check_choice(magic, command, flag.name, attached, flag.choices)
        values[flag.name] = attached
    _check_exclusion(magic, command, switches)
    if "--help" not in switches:
        values |= _arguments(magic, command, plain)
    return Call(magic, command, values, frozenset(switches))


def _command(magic: Magic, words: Sequence[Word]) -> tuple[Command, Sequence[Word]]:
    names = magic.subcommands
    unnamed = magic.command("")
    if not names and unnamed is not None:
        return unnamed, words
    if not words or words[0].flag:
        if unnamed is not None:
            return unnamed, words
        if any(word.text == "--help" for word in words):
            return Command("", ""), words
        raise InvalidInputError(
            "A subcommand is missing.",
            field="subcommand",
            hint=f"Write one of {', '.join(names)}; {magic.name} --help tells more.",
        )
    found = magic.command(words[0].text)
    if found is None and magic.name == "%webhook" and any("://" in word.text for word in words):
        raise InvalidInputError(
            "%webhook does not register.",
            field="subcommand",
            hint="Write %%webhook ID URL on the first line of a cell, and the rest below it.",
        )
    if found is None and unnamed is not None and unnamed.flag(f"--{words[0].text}") is not None:
        return unnamed, words  # a flag without its dashes
    if found is None:
        raise InvalidInputError(
            f"There is no subcommand {words[0].text!r}.",
            field="subcommand",
            hint=_of_one_webhook(magic, words[0].text)
            or instead(magic.name, words[0].text)
            or did_you_mean(words[0].text, names)
            or _which(magic),
        )
    return found, words[1:]


def _of_one_webhook(magic: Magic, word: str) -> str:
    """Where a subcommand is that somebody looks for at ``%webhooks``; empty if it is nowhere."""
    from chronicle_notebook.magics._table import WEBHOOK  # the table has the commands, and is made of what is parsed

    found = WEBHOOK.command(word) if magic.name == "%webhooks" else None
    if found is None:
        return ""
    failing = found.flag("--failing") is not None
    return f"Write %webhook {word} ID{f', or %webhook {word} --failing for all that fail' if failing else ''}."


def _which(magic: Magic) -> str:
    """The subcommands, and first what somebody wanted who wrote an id alone."""
    one = "For one webhook write %webhook show ID. " if magic.name == "%webhook" else ""
    return f"{one}It has {', '.join(magic.subcommands)}."


def _flag(magic: Magic, command: Command, word: Word) -> tuple[Flag, str | None]:
    name, equals, attached = word.text.partition("=")
    name = "--help" if name == "-h" else name
    flag = command.flag(name)
    if flag is None:
        known = [each.name for each in (*command.flags, *COMMON)]
        raise _usage(magic, command, f"there is no flag {name!r}.", did_you_mean(name, known))
    if equals and not flag.value:
        raise _usage(magic, command, f"{flag.name} takes no value.", f"Write {flag.name} alone.")
    return flag, attached if equals else None


def _arguments(magic: Magic, command: Command, words: Sequence[Word]) -> dict[str, str]:
    for argument in command.arguments[len(words) :]:
        if argument.required:
            raise _usage(magic, command, f"{argument.name} is missing: {argument.help}.", "")
    if len(words) > len(command.arguments):
        extra = len(words) - len(command.arguments)
        taken = f"takes {len(command.arguments) or 'no'} word{'' if len(command.arguments) == 1 else 's'}"
        flag = command.flag(f"--{words[len(command.arguments)].text}")
        meant = f"Did you mean {flag.name!r}? " if flag is not None else ""
        hint = f"{meant}It is written {magic.usage(command)}; put what has spaces into quotes."
        raise _usage(magic, command, f"it {taken}, and {extra} more {'is' if extra == 1 else 'are'} there.", hint)
    values = {}
    for argument, word in zip(command.arguments, words, strict=False):
        _check_choice(magic, command, argument.name, word.text, argument.choices)
        if argument.name == "ID":
            check_id(word)
        values[argument.name] = word.text
    return values


def _check_choice(magic: Magic, command: Command, name: str, given: str, choices: Sequence[str]) -> None:
    if choices and given not in choices:
        hint = f"{did_you_mean(given, choices)} Write {', '.join(choices[:-1])} or {choices[-1]}.".strip()
        raise _usage(magic, command, f"{name} cannot be {given!r}.", hint)


def _check_exclusion(magic: Magic, command: Command, switches: set[str]) -> None:
    for flag in command.flags:
        if flag.excludes and {flag.name, flag.excludes} <= switches:
            raise _usage(magic, command, f"{flag.name} and {flag.excludes} exclude each other.", "Give one of them.")


def _usage(magic: Magic, command: Command, message: str, hint: str) -> InvalidInputError:
    return InvalidInputError(
        message[0].upper() + message[1:],
        field="line",
        hint=hint or f"It is written {magic.usage(command)}.",
    )
