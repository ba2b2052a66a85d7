"""Whether the file of a declared class was changed after the class was made, as with ``%autoreload``.

``%autoreload 2`` of IPython 9 replaces the methods of a changed class, and keeps what a decorator said before.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path


def modified_ns(cls: type) -> int:
    """When the file of a class's module was last changed, in nanoseconds; 0 without a file."""
    file = _file(cls)
    try:
        return 0 if file is None else file.stat().st_mtime_ns
    except OSError:
        return 0


def changed_arguments(cls: type, declared: Mapping[str, str | None]) -> list[str]:
    """The arguments of ``@webhook`` that the file now gives as other texts than the class has.

    An argument that is computed is not known without running the file, so it is left out.
    """
    file = _file(cls)
    try:
        tree: ast.AST | None = None if file is None else ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    for name in cls.__qualname__.split("."):
        body = getattr(tree, "body", ())
        tree = next((node for node in body if isinstance(node, ast.ClassDef) and node.name == name), None)
    if not isinstance(tree, ast.ClassDef):
        return []
    written = {
        keyword.arg: keyword.value.value
        for call in tree.decorator_list
        if isinstance(call, ast.Call) and _name(call.func) == "webhook"
        for keyword in call.keywords
        if keyword.arg is not None and isinstance(keyword.value, ast.Constant)
    }
    return [name for name, value in declared.items() if name in written and written[name] != value]


def _name(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _file(cls: type) -> Path | None:
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return Path(file) if isinstance(file, str) else None
