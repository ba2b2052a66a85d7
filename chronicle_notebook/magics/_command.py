"""What a magic consists of: subcommands, arguments and flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Names = Literal["", "webhooks", "paused", "event_types", "stores", "namespaces", "clients", "files"]
"""The names of the connected kernel that complete a value, or YAML files; empty for none."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A word whose position decides its meaning."""

    name: str
    help: str
    required: bool = True
    choices: tuple[str, ...] = ()
    names: Names = ""

    @property
    def usage(self) -> str:
        """The argument in a line of usage."""
        shown = "|".join(self.choices) or self.name
        return shown if self.required else f"[{shown}]"


@dataclass(frozen=True, slots=True)
class Flag:
    """A word that begins with ``--``."""

    name: str
    help: str
    value: str = ""
    """The name of its value; empty for a flag without a value."""
    choices: tuple[str, ...] = ()
    names: Names = ""
    excludes: str = ""
    """A flag that cannot be combined with this flag."""

    @property
    def usage(self) -> str:
        """The argument in a line of usage."""
        shown = "|".join(self.choices) or self.value
        return f"[{self.name} {shown}]" if shown else f"[{self.name}]"


@dataclass(frozen=True, slots=True)
class Command:
    """A magic, or one of its subcommands."""

    name: str
    """The name of a subcommand; empty for a magic without subcommands."""
    summary: str
    arguments: tuple[Argument, ...] = ()
    flags: tuple[Flag, ...] = ()
    python: str = ""
    """The same in Python."""

    def flag(self, name: str) -> Flag | None:
        """The flag of a name, including the common flags."""
        return next((flag for flag in (*self.flags, *COMMON) if flag.name == name), None)


@dataclass(frozen=True, slots=True)
class Magic:
    """A magic with subcommands, or with one command that has no name."""

    name: str
    """As it is written: ``%webhook`` or ``%%webhook``."""
    summary: str
    commands: tuple[Command, ...]
    notes: str = ""

    def command(self, name: str) -> Command | None:
        """The subcommand of a name."""
        return next((command for command in self.commands if command.name == name), None)

    @property
    def subcommands(self) -> list[str]:
        """The names of the subcommands."""
        return [command.name for command in self.commands if command.name]

    def usage(self, command: Command) -> str:
        """One line of usage."""
        takes = [argument.usage for argument in command.arguments] + [flag.usage for flag in command.flags]
        parts = [self.name, command.name, *takes]
        return " ".join(part for part in parts if part)


COMMON = (
    Flag("--help", "show this help and do nothing"),
    Flag("--traceback", "show where an error came from, instead of two lines"),
)
