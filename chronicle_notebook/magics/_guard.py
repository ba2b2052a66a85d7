"""How an error of a magic is shown: two lines, or everything on request. The cell fails in both cases, with the same
error.

IPython lets an exception render itself. So nothing of IPython is patched, the type of the error stays the same, and
programs that run notebooks see the error. Neither form shows the lines of the cell or the values of variables, because
these can contain secrets.
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
from chronicle_notebook.base._revealed import revealed
from chronicle_notebook.base._traceback import chained, lines_of

_PACKAGE = str(Path(__file__).parents[1])
INTERRUPTED = "If the command changes something, list the webhooks to see whether it did."
UNFORESEEN = "This is a fault of chronicle_notebook: run it again with --traceback, and report what that shows."
NO_HINT = "Run it again with --traceback to see where it came from."


@contextmanager
def guarded(title: str, *, server: Callable[[], str], full: bool) -> Iterator[None]:
    """Give every error that leaves the block its two lines, with references in place of their values.

    :param title: the command, for example ``%webhook show``.
    :param server: ``host:port`` of the kernel; empty if there is none.
    :param full: also show where the error came from.
    """
    with revealed() as values:
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:
            values.hide_in(error)
            lines = [*(_trace(error) if full else []), *two_lines(error, title, server())]
            # Only from the standard library, so that the error can still be copied and sent to another process.
            error._render_traceback_ = partial(list, [*map(values.hide, lines)])  # type: ignore[union-attr]
            raise


def two_lines(error: BaseException, title: str, server: str) -> list[str]:
    """What failed, with the server, and what to do next."""
    name = type(error).__name__
    if isinstance(error, ChronicleError):
        named = not server or server in error.message or (isinstance(error, KernelError) and bool(error.server))
        where = title if named else f"{title} (kernel {server})"
        hint = error.hint or NO_HINT
        return list(map(_line, lines_of(name, f"{where}: {error.message}", hint)))
    where = f"{title} (kernel {server})" if server else title
    if isinstance(error, KeyboardInterrupt):
        said = " ".join(getattr(error, "__notes__", ())) or INTERRUPTED
        return lines_of(name, f"{where} was interrupted.", said)
    # The text of an unexpected error may contain anything, so only the traceback shows it.
    return lines_of(name, f"{where} failed with an unexpected error.", UNFORESEEN)


def _line(text: str) -> str:
    return " ".join(text.split())


def _trace(error: BaseException) -> list[str]:
    """The frames inside this package and below it, of the error and of its causes, without cells and variables."""
    lines = chained(
        error,
        frames=lambda trace: "".join(traceback.extract_tb(_inside(trace)).format()).splitlines(),
        tell=lambda each: f"{type(each).__qualname__}: {each}",
    )
    return [*lines, ""]


def _inside(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and not _ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _ours(filename: str) -> bool:
    return filename.startswith(_PACKAGE) and filename != __file__


@contextmanager
def noted_warnings(note: Callable[[str], None]) -> Iterator[None]:
    """Print a warning of this package as one line. Python's own form would repeat the lines of the cell."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ChronicleWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, ChronicleWarning):
            note(f"{warning.category.__name__}: {warning.message}")
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
