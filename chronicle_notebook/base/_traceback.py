"""How a notebook shows an error of this package: the lines of the user's own code, the message, the next step.

IPython lets an exception render itself. Only the frames of cells and of the user's own files are shown, each as a place
without its source. The other frames do not help to find the line, and a line of a cell, or a value in it, can contain a
secret. ``%config ChronicleMagics.traceback = True`` shows every frame, also of the last error with ``%tb``.
"""

from __future__ import annotations

import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_LIBRARIES = (str(Path(__file__).parents[1]), *sorted({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}))


def rendered(error: BaseException, message: str, hint: str) -> list[str]:
    """The lines for an error that reached a cell."""
    shell = _shell()
    if _wants_all(shell):
        # Every frame below IPython's own, of the error and of its causes.
        lines = chained(
            error,
            frames=lambda trace: _formatted(trace, shell),
            tell=lambda each: "" if each is error else type(each).__name__,
        )
    else:
        lines = [*_own(error.__traceback__, shell), *_causes(error, shell)]
    first, *rest = lines_of(type(error).__name__, message, hint)
    return [*lines, first, *getattr(error, "__notes__", ()), *rest]


def _shell() -> Any:
    """The IPython shell of this process; None if there is none."""
    module = sys.modules.get("IPython")
    return None if module is None else module.get_ipython()


def _wants_all(shell: Any) -> bool:
    # Found by name, because this module must not import the magics, which may not be loaded.
    known = getattr(shell, "configurables", ())
    return any(type(each).__name__ == "ChronicleMagics" and each.traceback for each in known)


def _own(trace: TracebackType | None, shell: Any) -> list[str]:
    """The places in the user's own code, the outermost first."""
    places = [_place(frame, _cell(frame, shell)) for frame in _frames(trace) if _is_own(frame, shell)]
    return [place for place, before in zip(places, ["", *places], strict=False) if place != before]


def _causes(error: BaseException, shell: Any) -> Iterator[str]:
    """The places where user code raised the cause of this error. The text of the cause may contain anything, so it is
    left out."""
    cause = error.__cause__
    while cause is not None:
        yield from (f"{type(cause).__name__} in {place}" for place in _own(cause.__traceback__, shell)[-1:])
        cause = cause.__cause__


def chained(
    error: BaseException,
    *,
    frames: Callable[[TracebackType | None], Iterable[str]],
    tell: Callable[[BaseException], str],
) -> list[str]:
    """The tracebacks of an error and of its causes, the first cause at the top.

    :param frames: the lines of one traceback.
    :param tell: the line below it; empty for none.
    """
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        told = [line for line in (tell(seen),) if line]
        between = ["", "It was raised while this error was handled:", ""] if lines else []
        lines = ["Traceback (most recent call last):", *frames(seen.__traceback__), *told, *between, *lines]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return lines


def lines_of(kind: str, message: str, hint: str) -> list[str]:
    """An error by its type and message, and the next step if there is one."""
    return [f"{kind}: {message}", *([f"Next step: {hint}"] if hint else [])]


def _formatted(trace: TracebackType | None, shell: Any) -> Iterator[str]:
    frames = list(_frames(trace))
    first = next((at for at, frame in enumerate(frames) if _cell(frame, shell)), 0)
    for frame in frames[first:]:
        if _is_own(frame, shell):
            yield f"  {_place(frame, _cell(frame, shell))}"
        else:
            yield from "".join(traceback.format_list([frame])).splitlines()


def _frames(trace: TracebackType | None) -> Iterable[traceback.FrameSummary]:
    return traceback.StackSummary.extract(traceback.walk_tb(trace), lookup_lines=False)


def _is_own(frame: traceback.FrameSummary, shell: Any) -> bool:
    name = frame.filename
    if _cell(frame, shell):
        return True
    return not (name.startswith(("<", *_LIBRARIES)) or _INSTALLED.intersection(Path(name).parts))


def _cell(frame: traceback.FrameSummary, shell: Any) -> str:
    """The name of a cell, for example ``Cell In[3]``; empty if the frame is not in a cell."""
    told = None if shell is None else shell.compile.format_code_name(frame.filename)
    return "" if told is None else " ".join(told)


def _place(frame: traceback.FrameSummary, cell: str) -> str:
    where = f"{cell or f'File {frame.filename}'}, line {frame.lineno}"
    # The frame of a cell itself is called <module>, or <cell line: 2>.
    return where if frame.name.startswith(("<module", "<cell")) else f"{where}, in {frame.name}"
