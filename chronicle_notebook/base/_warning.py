"""Warnings that name the line of the user, however deep in the package they are raised."""

from __future__ import annotations

import inspect
import warnings

from chronicle_notebook.base._revealed import hidden

_OURS = frozenset({"chronicle_notebook", "IPython", "ipywidgets", "traitlets", "contextlib", "functools"})
"""The packages whose lines are not the user's: this package, and the packages between a cell and a magic or a
widget."""


def warn_user(message: str, category: type[Warning]) -> None:
    """Give a warning at the nearest line outside of the package, or at the outermost line if there is none."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(hidden(message), category, stacklevel=level)
