"""The files to look at: notebooks below a folder, and any file that is named."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.scan._notebook import scan_with_own_rules, without_colours
from chronicle_notebook.scan._rules import UNREADABLE, Leak, Rules

NOTEBOOK = ".ipynb"
SKIPPED = frozenset({".git", ".venv", "venv", "node_modules", "site-packages", ".mypy_cache", ".ruff_cache", ".tox"})
"""Folders that are never looked into. Those with checkpoints are: they are copies of notebooks."""


def scan(paths: Iterable[str | Path], *, environment: Mapping[str, str] | None = None) -> tuple[list[Leak], int]:
    """Look at files, and at all notebooks below folders.

    :param environment: where the values of variables are; those of this process unless given.
    :returns: what was found, with what could not be read (see :attr:`Leak.unreadable`), and how many files there were.
    :raises InvalidInputError: a path that is not there.
    """
    leaks: list[Leak] = []
    files: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            unlisted, below = _notebooks(path)
            leaks += unlisted
            files |= dict.fromkeys(below)
        elif path.is_file():
            files[path] = None
        else:
            raise InvalidInputError(f"There is no file or folder {str(path)!r}.", field="path", hint="Name another.")
    for file in files:
        leaks += scan_file(file, environment=environment)
    return leaks, len(files)


def scan_file(file: Path, *, environment: Mapping[str, str] | None = None) -> list[Leak]:
    """Look at one file.

    One that cannot be opened, is no text, or is no notebook though it is named so, is told too: it may hide any secret.
    So is one in the form of before 2015, whose cells stand elsewhere.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        return [_unreadable(file, error)]
    if _is_notebook(file.name) and content.strip():
        notebook = _notebook(content)
        if notebook is not None:
            return scan_with_own_rules(notebook, environment, file=str(file))
        return [Leak(str(file), "as a notebook", UNREADABLE), *_by_line(file, content, environment)]
    found = _by_line(file, content, environment)
    return [Leak(str(file), "as a text", UNREADABLE), *found] if b"\0" in content else found


def _notebook(content: bytes) -> dict[str, Any] | None:
    """The JSON of a notebook, which is UTF-8; nothing when it is anything else, or has no list of cells."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return notebook if isinstance(notebook, dict) and isinstance(notebook.get("cells"), list) else None


def _by_line(file: Path, content: bytes, environment: Mapping[str, str] | None) -> list[Leak]:
    text = without_colours(content.decode("utf-8", errors="replace"))
    if _is_notebook(file.name):
        text = text.replace('\\"', '"')
    rules = Rules.for_references(text.replace('\\"', '"'), environment).within(text)
    return [
        Leak(str(file), f"line {number}", kind)
        for number, line in enumerate(text.splitlines(), start=1)
        for kind in rules.kinds(line)
    ]


def _notebooks(folder: Path) -> tuple[list[Leak], Iterator[Path]]:
    """What cannot be listed below a folder, and the notebooks below it, in order."""
    unlisted: list[Leak] = []
    found: list[Path] = []

    def cannot(error: OSError) -> None:
        unlisted.append(_unreadable(Path(error.filename), error))

    for here, folders, names in os.walk(folder, onerror=cannot):
        folders[:] = [each for each in folders if each not in SKIPPED]
        found += [Path(here, name) for name in names if _is_notebook(name)]
    return unlisted, (path for path in sorted(found) if path.is_file())


def _is_notebook(name: str) -> bool:
    return name.lower().endswith(NOTEBOOK)


def _unreadable(path: Path, error: OSError) -> Leak:
    return Leak(str(path), error.strerror or type(error).__name__, UNREADABLE)
