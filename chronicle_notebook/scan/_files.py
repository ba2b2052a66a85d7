"""The files to look at: notebooks below a folder, and any file that is named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chronicle_notebook._errors import InvalidInputError
from chronicle_notebook.scan._notebook import rules_for, scan_notebook
from chronicle_notebook.scan._rules import Leak, Rules

NOTEBOOK = ".ipynb"
UNREADABLE = "could not be read"
SKIPPED = frozenset({".git", ".venv", "venv", "node_modules", "site-packages", ".mypy_cache", ".ruff_cache", ".tox"})
"""Folders that are never looked into. Those with checkpoints are: they are copies of notebooks."""


def scan(paths: Iterable[str | Path], *, environment: Mapping[str, str] | None = None) -> tuple[list[Leak], int]:
    """Look at files, and at all notebooks below folders.

    :param environment: where the values of variables are; ``os.environ`` unless given.
    :returns: what was found, and how many files were looked at.
    :raises InvalidInputError: a path that is not there or cannot be read.
    """
    leaks: list[Leak] = []
    count = 0
    for file in dict.fromkeys(each for path in paths for each in _files(Path(path))):
        leaks += scan_file(file, environment=environment)
        count += 1
    return leaks, count


def scan_file(file: Path, *, environment: Mapping[str, str] | None = None) -> list[Leak]:
    """Look at one file. One that is no text, or no notebook though it is named so, is a finding: it may hide any.

    :raises InvalidInputError: the file cannot be opened.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidInputError(
            f"{file} cannot be read: {error.strerror or type(error).__name__}.", field="path", hint="Name another."
        ) from None
    if file.suffix == NOTEBOOK and content.strip():
        notebook = _notebook(content)
        if notebook is not None:
            return scan_notebook(notebook, rules_for(notebook, environment), file=str(file))
        return [Leak(str(file), "as a notebook", UNREADABLE), *_by_line(file, content, environment)]
    found = _by_line(file, content, environment)
    return [Leak(str(file), "as a text", UNREADABLE), *found] if b"\0" in content else found


def _notebook(content: bytes) -> dict[str, Any] | None:
    """The JSON of a notebook, which is UTF-8; nothing when it is anything else."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return notebook if isinstance(notebook, dict) else None


def _by_line(file: Path, content: bytes, environment: Mapping[str, str] | None) -> list[Leak]:
    text = content.decode("utf-8", errors="replace")
    rules = Rules.for_references(text.replace('\\"', '"'), environment)
    return [
        Leak(str(file), f"line {number}", kind)
        for number, line in enumerate(text.splitlines(), start=1)
        for kind in rules.kinds(line)
    ]


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        for found in sorted(path.rglob(f"*{NOTEBOOK}")):
            if found.is_file() and not SKIPPED & set(found.relative_to(path).parts):
                yield found
    else:
        raise InvalidInputError(f"There is no file or folder {str(path)!r}.", field="path", hint="Name another.")
