"""How an error of this package shows in a notebook: where the person's own code called, what failed, the next step.

IPython lets an exception render itself. Of the frames only those of cells and of the person's own files are shown, as a
place without its source: the rest helps nobody to find the line, and a line of a cell, or a value on it, can hold a
secret. ``%config ChronicleMagics.traceback = True`` shows every frame, also of the last error again with ``%tb``.
"""

from __future__ import annotations

import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_LIBRARIES = (str(Path(__file__).parents[1]), *sorted({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}))


def rendered(error: BaseException, message: str, hint: str) -> list[str]:
    """The lines for an error that reached a cell."""
    shell = _shell()
    lines = (
        _everything(error, shell) if _wants_all(shell) else [*_own(error.__traceback__, shell), *_causes(error, shell)]
    )
    lines += [f"{type(error).__name__}: {message}", *getattr(error, "__notes__", ())]
    return [*lines, f"Next step: {hint}"] if hint else lines


def _shell() -> Any:
    """The shell of IPython that this runs in, if any."""
    module = sys.modules.get("IPython")
    return None if module is None else module.get_ipython()


def _wants_all(shell: Any) -> bool:
    # Found by name: the magics stand above this, and may not be loaded.
    known = getattr(shell, "configurables", ())
    return any(type(each).__name__ == "ChronicleMagics" and each.traceback for each in known)


def _own(trace: TracebackType | None, shell: Any) -> list[str]:
    """The places in the person's own code, the outermost first."""
    places = [_place(frame, _cell(frame, shell)) for frame in _frames(trace) if _is_own(frame, shell)]
    return [place for place, before in zip(places, ["", *places], strict=False) if place != before]


def _causes(error: BaseException, shell: Any) -> Iterator[str]:
    """Where code of the person raised what became this error. The text of that may hold anything, so it is left out."""
    cause = error.__cause__
    while cause is not None:
        yield from (f"{type(cause).__name__} in {place}" for place in _own(cause.__traceback__, shell)[-1:])
        cause = cause.__cause__


def _everything(error: BaseException, shell: Any) -> list[str]:
    """Every frame below IPython's own, of the error and of what it came from."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        kind = [] if seen is error else [type(seen).__name__, "", "It came up while this was handled:", ""]
        lines = ["Traceback (most recent call last):", *_formatted(seen.__traceback__, shell), *kind, *lines]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return lines


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
    """What a cell is called, for example ``Cell In[3]``; empty for what is none."""
    told = None if shell is None else shell.compile.format_code_name(frame.filename)
    return "" if told is None else " ".join(told)


def _place(frame: traceback.FrameSummary, cell: str) -> str:
    where = f"{cell or f'File {frame.filename}'}, line {frame.lineno}"
    # A cell's own frame is called <module>, or <cell line: 2>.
    return where if frame.name.startswith(("<module", "<cell")) else f"{where}, in {frame.name}"
