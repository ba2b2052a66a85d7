"""The help for ``--help``, for ``%webhook?`` and for the README, all from the same table."""

from __future__ import annotations

from textwrap import TextWrapper

from chronicle_notebook.magics._command import COMMON, Command, Flag, Magic
from chronicle_notebook.magics._table import MAGICS

_WIDTH = 100


def help_text(magic: Magic, command: Command | None = None) -> str:
    """The purpose and the arguments of a magic, for one subcommand or for all."""
    if command is not None and command.name:
        return "\n".join([magic.usage(command), "", *_described(command), "", *_table(_flags(COMMON))])
    if not magic.subcommands:
        alone = magic.commands[0]
        notes = ["", magic.notes] if magic.notes else []
        head = [magic.summary, "", magic.usage(alone), "", *_described(alone), "", *_table(_flags(COMMON))]
        return "\n".join([*head, *notes])
    lines = [magic.summary]
    for each in magic.commands:
        lines += ["", magic.usage(each), *_described(each)]
    return "\n".join([*lines, "", *_table(_flags(COMMON))])


def _described(command: Command) -> list[str]:
    rows = [(argument.name, argument.help) for argument in command.arguments] + _flags(command.flags)
    return [*TextWrapper(_WIDTH, initial_indent="  ", subsequent_indent="  ").wrap(command.summary), *_table(rows)]


def _flags(flags: tuple[object, ...]) -> list[tuple[str, str]]:
    found = [flag for flag in flags if isinstance(flag, Flag)]
    return [(f"{flag.name} {flag.value}".rstrip(), flag.help) for flag in found]


def _table(rows: list[tuple[str, str]]) -> list[str]:
    width = max((len(name) for name, _ in rows), default=0)
    lines: list[str] = []
    for name, text in rows:
        wrapper = TextWrapper(_WIDTH, initial_indent=f"    {name.ljust(width)}  ", subsequent_indent=" " * (width + 6))
        lines += wrapper.wrap(text)
    return lines


def reference() -> str:
    """All magics as Markdown, for the README."""
    parts: list[str] = []
    for magic in MAGICS:
        parts += [f"### `{magic.name}`", "", magic.summary, ""]
        parts += ["| Magic | What it does | In Python |", "| --- | --- | --- |"]
        for command in magic.commands:
            usage = magic.usage(command).replace("|", "\\|")
            parts.append(f"| `{usage}` | {command.summary.replace('|', chr(92) + '|')} | `{command.python}` |")
        parts.append("")
        if magic.notes:
            before, _, rest = magic.notes.partition("\n\n    ")
            code, _, after = rest.partition("\n\n")
            yaml = "\n".join(line.removeprefix("    ") for line in f"    {code}".splitlines())
            parts += [before, "", "```yaml", yaml, "```", "", after, ""]
    common = ", ".join(f"`{flag.name}` ({flag.help})" for flag in COMMON)
    return "\n".join([*parts, f"Every magic takes {common}."])
