"""A ``%%webhook`` line alone: every key of its body may be left out, and so may the body.

IPython refuses a cell magic whose body is empty before the magic is asked, so that ``%%webhook --help`` would show no
help. An empty line below is body enough, and an input transformer of IPython's own kind adds it.
"""

from __future__ import annotations

import re

_ALONE = re.compile(r"%%webhook(?!\S)")


def with_body(lines: list[str]) -> list[str]:
    """The lines of a cell, with an empty one at the end where ``%%webhook`` stands alone.

    Any other cell is given back as it is.
    """
    told = [line for line in lines if line.strip()]
    return [*told, "\n"] if len(told) == 1 and _ALONE.match(told[0]) else lines


# So that a terminal, which asks whether a cell is complete, goes on waiting for the body.
with_body.has_side_effects = True  # type: ignore[attr-defined]
