"""What the source of a notebook says about its parameters, without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from chronicle_notebook.runbook.engine._schema import STANDARD, Kind

INJECTED = re.compile(r"\s*#\s*Parameters\b")
"""The beginning of the cell that papermill inserts (its default comment)."""


def assigned_names(source: str) -> list[str]:
    """The names that a cell assigns at its top level, in order."""
    names: list[str] = []
    for statement in _tree(source).body:
        targets = (
            statement.targets
            if isinstance(statement, ast.Assign)
            else [statement.target]
            if isinstance(statement, ast.AnnAssign)
            else []
        )
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names


def injected_names(cells: Iterable[str]) -> list[str]:
    """The names that papermill set, from the last of its cells among those that have run.

    papermill itself accepts an unknown parameter without a message, sets a variable that nothing reads, and continues.
    """
    found = [cell for cell in cells if INJECTED.match(cell)]
    return assigned_names(found[-1]) if found else []


def schema_of(cells: Iterable[str]) -> dict[str, Kind | None] | None:
    """The parameters of a runbook from its call of ``runbook.start``; None if there is no such call that can be
    read."""
    for given in _given_to_start(cells, "schema"):
        if isinstance(given, ast.Dict):
            return {name: Kind.of(kind) for name, kind in STANDARD.items()} | _kinds(given)
    return None


def required_of(cells: Iterable[str]) -> list[str]:
    """The parameters whose values in a runbook are only examples, from its call of ``runbook.start``."""
    for given in _given_to_start(cells, "required"):
        if isinstance(given, ast.List | ast.Tuple):
            return [str(each.value) for each in given.elts if isinstance(each, ast.Constant)]
    return []


def _given_to_start(cells: Iterable[str], argument: str) -> Iterator[ast.expr]:
    for cell in cells:
        for node in ast.walk(_tree(cell)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("runbook.start"):
                yield from (each.value for each in node.keywords if each.arg == argument)


def _kinds(given: ast.Dict) -> dict[str, Kind | None]:
    return {
        str(key.value): Kind.of_source(value)
        for key, value in zip(given.keys, given.values, strict=True)
        if isinstance(key, ast.Constant)
    }


def _tree(source: str) -> ast.Module:
    # Magics and shell lines are not Python; the other lines are read nevertheless.
    plain = "\n".join("pass" if line.startswith(("%", "!")) else line for line in source.splitlines())
    try:
        return ast.parse(plain)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])
