"""Secrets in plain text as parameters of a runbook. A runbook refuses them, but then the notebook already contains
them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chronicle_notebook.scan._value import is_given


def secret_names(sources: Iterable[str]) -> frozenset[str]:
    """The names of the secrets in a schema in the code: ``schema={"secret": cn.Secret}``."""
    names: set[str] = set()
    for source in sources:
        if "Secret" in source and "start(" in source:
            for node in ast.walk(_tree(source)):
                if isinstance(node, ast.Dict):
                    names |= set(_secrets(node))
    return frozenset(names)


def given_in_code(source: str, names: frozenset[str]) -> bool:
    """Whether a cell assigns a secret in plain text to one of the names."""
    if not any(name in source for name in names):
        return False
    return any(name in names and is_given(value) for name, value in _assigned(source))


def given_to_papermill(metadata: Any, names: frozenset[str]) -> bool:
    """Whether papermill stored a secret in plain text in the metadata of the notebook."""
    kept = metadata.get("papermill") if isinstance(metadata, Mapping) else None
    parameters = kept.get("parameters") if isinstance(kept, Mapping) else None
    if not isinstance(parameters, Mapping):
        return False
    return any(name in names and isinstance(value, str) and is_given(value) for name, value in parameters.items())


def _secrets(node: ast.Dict) -> Iterator[str]:
    for key, value in zip(node.keys, node.values, strict=True):
        bare = value.left if isinstance(value, ast.BinOp) else value  # Secret | None
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and _is_type(bare):
            yield key.value


def _is_type(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "Secret") or (
        isinstance(node, ast.Attribute) and node.attr == "Secret"
    )


def _assigned(source: str) -> Iterator[tuple[str, str]]:
    for statement in _tree(source).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield from ((target.id, value.value) for target in targets if isinstance(target, ast.Name))


def _tree(source: str) -> ast.Module:
    # Magics and shell lines are not Python; the other lines are read nevertheless.
    plain = "\n".join("pass" if line.startswith(("%", "!")) else line for line in source.splitlines())
    try:
        return ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])
