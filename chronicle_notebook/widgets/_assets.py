"""The browser's half of a widget: ES modules and styles of this package, joined into one of each.

A widget's module reaches the browser as one text, so it cannot import a neighbour there. The files in ``static/``
import each other all the same, as editors and checkers want it; here they are put one after the other, in the order
given, and the lines that import a neighbour are left out.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_NEIGHBOUR = re.compile(r'^import \{[^}]*\} from "\./[a-z_]+\.js";\n', re.MULTILINE)


@cache
def script(*names: str) -> str:
    """The modules of these names, as one. Names must differ across them, since they share one scope."""
    return "\n".join(_NEIGHBOUR.sub("", _read(f"{name}.js")) for name in names)


@cache
def style(*names: str) -> str:
    """The style sheets of these names, as one."""
    return "\n".join(_read(f"{name}.css") for name in names)


def _read(name: str) -> str:
    return files("chronicle_notebook.widgets").joinpath("static", name).read_text(encoding="utf-8")
