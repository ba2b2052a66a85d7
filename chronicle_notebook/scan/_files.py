"""The files to scan: notebooks below a folder, and any file that is named."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.scan import _json
from chronicle_notebook.scan._budget import OUT_OF_TIME, Budget, OutOfTimeError
from chronicle_notebook.scan._notebook import scan_notebook
from chronicle_notebook.scan._rules import UNREADABLE, Leak
from chronicle_notebook.scan._text import scan_text

NOTEBOOK = ".ipynb"
SKIPPED = frozenset({".git", ".venv", "venv", "node_modules", "site-packages", ".mypy_cache", ".ruff_cache", ".tox"})
"""Folders that are never scanned. Folders with checkpoints are scanned, because checkpoints are copies of notebooks."""
MOST_BYTES = 64 * 1024 * 1024
"""The number of bytes of one file that are scanned."""
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f]")


def scan(paths: Iterable[str | Path], *, environment: Mapping[str, str] | None = None) -> tuple[list[Leak], int]:
    """Scan files, and all notebooks below folders.

    :param environment: the environment variables; by default those of this process.
    :returns: the findings, including files that could not be read (see :attr:`Leak.unreadable`), and the number of
        files.
    :raises InvalidInputError: a path does not exist.
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
    """Scan one file, within a limit of size and of time.

    A file that cannot be opened, is not text, is too long or takes too long is reported too, because it may contain any
    secret. So is a file with the name of a notebook that is not one, or that has the format before 2015, whose cells
    are in a different place.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        return [_unreadable(file, error)]
    told: list[Leak] = []
    try:
        _scan_content(file, content, environment, told)
    except OutOfTimeError:
        told.append(Leak(str(file), OUT_OF_TIME, UNREADABLE))
    except (RecursionError, MemoryError, ValueError) as error:
        told.append(Leak(str(file), f"as a whole ({type(error).__name__})", UNREADABLE))
    return told


def _scan_content(file: Path, content: bytes, environment: Mapping[str, str] | None, told: list[Leak]) -> None:
    budget = Budget()
    if len(content) > MOST_BYTES:
        told.append(Leak(str(file), f"beyond {MOST_BYTES:,} bytes", UNREADABLE))
        content = content[:MOST_BYTES]
    named = _is_notebook(file.name)
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text, exact = _decoded(content, "utf-16" if wide else "utf-8-sig")
    if not text.strip():
        return
    notebook = _notebook(text) if named or text.lstrip()[:1] == "{" else None
    # A notebook is UTF-8 and has a list of cells. Any other file is scanned as text.
    if named and (notebook is None or wide or not exact or not isinstance(notebook.get("cells"), list)):
        told.append(Leak(str(file), "as a notebook", UNREADABLE))
    elif not exact:
        told.append(Leak(str(file), "as a text", UNREADABLE))
    if notebook is not None and (named or isinstance(notebook.get("cells"), list)):
        told += scan_notebook(notebook, file=str(file), environment=environment, budget=budget)
    else:
        told += scan_text(text, environment, file=str(file), broken=named, budget=budget)


def _decoded(content: bytes, encoding: str) -> tuple[str, bool]:
    """The text, and whether it is complete. Windows writes UTF-16, with a mark."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        # Latin letters of an old file are decoded like this. Data that is not text has other bytes too.
        text = content.decode("latin-1")
        return text, not _NO_TEXT.search(text)
    return text, "\0" not in text


def _notebook(text: str) -> Mapping[str, Any] | None:
    """The object in a JSON text; None if the text has anything else."""
    try:
        notebook = _json.read(text)
    except (ValueError, RecursionError):
        return None
    return notebook if isinstance(notebook, Mapping) else None


def _notebooks(folder: Path) -> tuple[list[Leak], Iterator[Path]]:
    """The folders that cannot be listed below a folder, and the notebooks below it, in order."""
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
