"""How an error of a magic shows: two lines, or all of it on request. The cell fails either way, with the same error.

IPython lets an exception render itself. So nothing of IPython is patched, the type stays what it is, and what runs
notebooks notices. Neither form shows the lines of the cell or the values of variables, as these can hold secrets.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType

from chronicle_notebook.base._errors import ChronicleError, ChronicleWarning, KernelError

_PACKAGE = str(Path(__file__).parents[1])
INTERRUPTED = "If it was to change something, list the webhooks to see whether it did."
UNFORESEEN = "This is a fault of chronicle_notebook: run it again with --traceback, and report what that shows."
NO_HINT = "Run it again with --traceback to see where it came from."


@contextmanager
def guarded(title: str, *, server: Callable[[], str], full: bool) -> Iterator[None]:
    """Give every error that leaves the block its two lines.

    :param title: what was run, for example ``%webhook show``.
    :param server: which kernel it was about, as ``host:port``; empty when there is none.
    :param full: show where it came from as well.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        lines = [*(_trace(error) if full else []), *two_lines(error, title, server())]
        # Of the standard library alone, so that the error can still be copied and sent to another process.
        error._render_traceback_ = partial(list, lines)  # type: ignore[union-attr]
        raise


def two_lines(error: BaseException, title: str, server: str) -> list[str]:
    """What failed against which server, and what to do next."""
    name = type(error).__name__
    if isinstance(error, ChronicleError):
        told = not server or server in error.message or (isinstance(error, KernelError) and bool(error.server))
        where = title if told else f"{title} (kernel {server})"
        hint = error.hint or NO_HINT
        return [_line(f"{name}: {where}: {error.message}"), _line(f"Next step: {hint}")]
    where = f"{title} (kernel {server})" if server else title
    if isinstance(error, KeyboardInterrupt):
        said = " ".join(getattr(error, "__notes__", ())) or INTERRUPTED
        return [f"{name}: {where} was interrupted.", f"Next step: {said}"]
    # The text of an error that was not foreseen may hold anything, so it is left to the traceback.
    return [f"{name}: {where} failed in a way that was not foreseen.", f"Next step: {UNFORESEEN}"]


def _line(text: str) -> str:
    return " ".join(text.split())


def _trace(error: BaseException) -> list[str]:
    """The frames inside this package and below, of the error and of what it came from; no cell, no variables."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        frames = traceback.extract_tb(_inside(seen.__traceback__))
        lines = [
            "Traceback (most recent call last):",
            *"".join(frames.format()).splitlines(),
            f"{type(seen).__qualname__}: {seen}",
            *(["", "It came up while this was handled:", ""] if lines else []),
            *lines,
        ]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return [*lines, ""]


def _inside(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and not _ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _ours(filename: str) -> bool:
    return filename.startswith(_PACKAGE) and filename != __file__


@contextmanager
def noted_warnings(note: Callable[[str], None]) -> Iterator[None]:
    """Say warnings of this package in one line each; as Python shows them, the lines of the cell would be repeated."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ChronicleWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, ChronicleWarning):
            note(f"{warning.category.__name__}: {warning.message}")
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
