"""What a long call has done so far: one line of a terminal, or one output of a notebook that changes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._notebook import in_notebook
from chronicle_notebook.display._table_and_card import Card

SHOWN_AFTER = 1.0
"""The seconds after which a call shows its progress."""
_COUNTED: ContextVar[Callable[[int], None] | None] = ContextVar("counted", default=None)


@contextmanager
def counting(counted: Callable[[int], None]) -> Iterator[None]:
    """Call ``counted`` with the number of things that are done, whenever a call in this block tells its progress."""
    token = _COUNTED.set(counted)
    try:
        yield
    finally:
        _COUNTED.reset(token)


class _Line(Displayed):
    """One sentence, as text and as HTML."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _display(self) -> Card:
        return Card(heading=self._text, facts=())


class CallProgress:
    """Shows how far a call has come, to a person who waits for it: nothing in a script, and nothing for a quick call.

    A widget calls from a thread of its own, and shows its own state.
    """

    def __init__(self, *, shown_after: float = SHOWN_AFTER) -> None:
        self._from = time.monotonic() + shown_after
        self._handle: Any = None
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._width:
            sys.stderr.write("\n")
            sys.stderr.flush()
            self._width = 0

    def tell(self, text: str, *, done: int | None = None) -> None:
        """Show one sentence in place of the last one.

        :param done: how many things are done, for :func:`counting`.
        """
        counted = _COUNTED.get()
        if counted is not None and done is not None:
            counted(done)
        if time.monotonic() < self._from or threading.current_thread() is not threading.main_thread():
            return
        if in_notebook():
            self._show(_Line(text))
        elif sys.stderr is not None and sys.stderr.isatty():
            sys.stderr.write(f"\r{text.ljust(self._width)}")
            sys.stderr.flush()
            self._width = len(text)

    def _show(self, line: _Line) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(line, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(line)
