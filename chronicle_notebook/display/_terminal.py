"""What the programs of this package have in common: how they read their command line, and how they end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from chronicle_notebook.base._errors import nearest

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells count it: 128 and the number of SIGINT."""
TERMINATED = 143
"""The exit code after SIGTERM, likewise."""
CLOSED = 141
"""The exit code when nobody reads any more, as after ``| head``: 128 and the number of SIGPIPE."""


class Terminated(KeyboardInterrupt):
    """SIGTERM, in a program that ends in order when it comes."""


class Parser(argparse.ArgumentParser):
    """A parser, and through it each of its commands, that names the nearest option for one that there is not."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._known: list[str] = []
        super().__init__(*arguments, **named)

    def add_argument(self, *arguments: Any, **named: Any) -> argparse.Action:
        """Add an argument, and note how its option is written."""
        action = super().add_argument(*arguments, **named)
        self._known += action.option_strings
        return action

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Read a command line; the exit code is 2 for one with something unknown in it.

        A command's own parser is asked by this method too, and there the error shows how that command is written.
        """
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.refuse(unknown)
        return options, unknown

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """End with an error about words that are not known, with the option that the first of them resembles most."""
        words = [word.partition("=")[0] for word in unknown if word.startswith("-")]
        hints = [f". Did you mean {near!r}?" for word in words for near in nearest(word, self._known, most=1)]
        self.error(f"unrecognized arguments: {' '.join(unknown)}{hints[0] if hints else ''}")


def ended(program: Callable[[], int]) -> int:
    """Run a program to its end; the exit code. Neither Ctrl-C nor a closed pipe shows a traceback."""
    try:
        try:
            return program()
        finally:
            # Here and not at the end of the interpreter, which could only complain.
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        return CLOSED
    except KeyboardInterrupt as told:
        terminated = isinstance(told, Terminated)
        try:
            print("Terminated." if terminated else "Interrupted.", file=sys.stderr)  # noqa: T201 - to its terminal
        except BrokenPipeError:  # Ctrl-C ends who reads a pipe as well
            _silence()
        return TERMINATED if terminated else INTERRUPTED


def _silence() -> None:
    """Let what is still held for a reader who has gone vanish; a stream that has a reader keeps it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
