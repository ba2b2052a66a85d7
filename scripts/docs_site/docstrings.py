"""The package's docstrings as Markdown: their roles and literal blocks are reStructuredText, for ``help()``."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|attr|mod|data|exc):`~?([^`]+)`")


class PlainDocstrings(griffe.Extension):
    """Rewrite each docstring as it is read."""

    def on_instance(self, *, obj: griffe.Object, **_kwargs: Any) -> None:
        """Called for every module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    """A docstring without roles, and with its literal blocks fenced."""
    text = re.sub(r"``([^`\n]+)``", r"`\1`", text)
    text = _ROLE.sub(lambda found: f"`{found[1].removeprefix('chronicle_notebook.')}`", text)
    return "\n".join(_fenced(text.splitlines()))


def _fenced(lines: list[str]) -> list[str]:
    done: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if not line.rstrip().endswith("::"):
            done.append(line)
            continue
        if before := line.rstrip().removesuffix("::"):
            done.append(f"{before}:")
        block: list[str] = []
        while position < len(lines) and (not lines[position].strip() or lines[position].startswith("    ")):
            block.append(lines[position].removeprefix("    "))
            position += 1
        code = "\n".join(block).strip("\n")
        kind = "text" if "──" in code else "python"
        done += ["", f"```{kind}", *code.splitlines(), "```", ""]
    return done
