"""What the programs of this package share: how they read their command line, and how they end."""

from __future__ import annotations

import argparse
import codecs
import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

from chronicle_notebook.base._errors import nearest

INTERRUPTED = 130
"""The exit code after Ctrl-C, as in shells: 128 and the number of SIGINT."""
TERMINATED = 143
"""The exit code after SIGTERM: 128 and the number of SIGTERM."""
CLOSED = 141
"""The exit code if the reader of the output has gone, as after ``| head``: 128 and the number of SIGPIPE."""

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""The errors of a write for which a device has no room, or which it cannot carry out."""
_ASCII = {"✓": "+", "✗": "x", "·": ".", "–": "-", "…": "..."}
"""Marks of this package for a terminal that cannot show them."""
_WRITABLE = "chronicle_notebook.writable"
"""The name of the error handler of streams."""


class Terminated(KeyboardInterrupt):
    """SIGTERM as an exception, so that a program ends in order."""


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM raise :class:`Terminated` in the block, which cleans up then. For the main thread of a program."""

    def terminate(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Parser(argparse.ArgumentParser):
    """A parser that suggests the most similar option for an unknown one. Its commands have such a parser too."""

    wrong_line = 2
    """The exit code for a wrong command line. A command for which 2 means something else has another one."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._known: list[str] = []
        super().__init__(*arguments, **named)

    def add_argument(self, *arguments: Any, **named: Any) -> argparse.Action:
        """Add an argument, and remember the names of its option."""
        action = super().add_argument(*arguments, **named)
        self._known += action.option_strings
        return action

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Read a command line. An unknown word ends the program with :attr:`wrong_line`.

        argparse calls this method for the parser of a command too, so that the error shows the usage of that command.
        """
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.refuse(unknown)
        return options, unknown

    def error(self, message: str) -> NoReturn:
        """End with the usage and a message."""
        self.print_usage(sys.stderr)
        self.exit(self.wrong_line, f"{self.prog}: error: {message}\n")

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """End with an error about unknown words. The error suggests the option that is most similar to the first
        word."""
        words = [word.partition("=")[0] for word in unknown if word.startswith("-")]
        hints = [f". Did you mean {near!r}?" for word in words for near in nearest(word, self._known, most=1)]
        self.error(f"unrecognized arguments: {' '.join(unknown)}{hints[0] if hints else ''}")


def ended(program: Callable[[], int]) -> int:
    """Run a program to its end and return the exit code. Neither Ctrl-C nor a closed pipe shows a traceback, nor does a
    terminal whose encoding lacks a character."""
    _write_everything()
    try:
        try:
            return program()
        finally:
            # Flush here, not at the end of the interpreter, which could only complain.
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        return CLOSED
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _silence()
        with suppress(OSError):
            print(f"The output could not be written: {error.strerror}.", file=sys.stderr)  # noqa: T201 - to its terminal
        return 1
    except KeyboardInterrupt as told:
        terminated = isinstance(told, Terminated)
        try:
            words = ["Terminated." if terminated else "Interrupted.", *getattr(told, "__notes__", ())]
            print(*words, file=sys.stderr)  # noqa: T201 - to its terminal
        except BrokenPipeError:  # Ctrl-C ends the reader of a pipe too
            _silence()
        return TERMINATED if terminated else INTERRUPTED


def _write_everything() -> None:
    """Let both streams accept every text. A character that an encoding lacks must not end a program half way."""
    codecs.register_error(_WRITABLE, _writable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_WRITABLE)


def _writable(error: UnicodeError) -> tuple[str, int]:
    """The replacement of what an encoding lacks: an ASCII mark, else the number of the character as in Python."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    shown = (_ASCII.get(each) or each.encode("ascii", "backslashreplace").decode() for each in lacking)
    return "".join(shown), error.end


def _silence() -> None:
    """Discard the output for a reader that has gone. It is the same for a full device. Any other stream keeps its
    output."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
