"""A ``%%webhook`` line without a body: every key of the body is optional, and so is the body itself.

IPython refuses a cell magic with an empty body before it calls the magic, so ``%%webhook --help`` would show no help.
One empty line is enough as a body, so an input transformer of IPython adds it.
"""

from __future__ import annotations

import re

_ALONE = re.compile(r"%%webhook(?!\S)")


def with_body(lines: list[str]) -> list[str]:
    """The lines of a cell. A cell with only a ``%%webhook`` line gets an empty line at the end.

    Other cells are unchanged.
    """
    told = [line for line in lines if line.strip()]
    return [*told, "\n"] if len(told) == 1 and _ALONE.match(told[0]) else lines


# A terminal asks whether a cell is complete. With this it waits for the body.
with_body.has_side_effects = True  # type: ignore[attr-defined]
