"""The copies of the project's notebooks that a person works with.

``chronicle-notebook lab`` opens copies, in a folder that git ignores. So a run changes no file of the project: outputs
and checkpoints stay in the copies. The copies are kept from one start to the next.

A notebook of the project can change later, for example by ``git pull``. A copy whose cells are unchanged is then
replaced by the newer version. A copy whose cells were edited stays, until the newer version is asked for. No edited
cell and no output is lost: such a copy stays beside the newer version, as ``NAME-mine.ipynb``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COPIES = "my-notebooks"
"""The folder of the copies, in the project."""
ORIGINS = ".origins.json"
"""The file that holds, for each copy, a digest of the notebook that was copied."""
ASIDE = "-mine"
"""The end of the name of a copy that was set aside."""


@dataclass(slots=True)
class Refreshed:
    """What was done with the copies. Each list holds names relative to the folder of the copies."""

    replaced: list[str] = field(default_factory=list)
    """Copies that now have the newer version."""
    set_aside: list[str] = field(default_factory=list)
    """The names under which copies with edited cells or outputs stay beside the newer version."""
    outdated: list[str] = field(default_factory=list)
    """Edited copies for which the project has a newer version."""


def refresh(notebooks: Path, copies: Path, *, newer: bool) -> Refreshed:
    """Copy each notebook that has no copy, and bring the other copies up to date.

    :param notebooks: the folder of the project's notebooks.
    :param copies: the folder of the copies. It is made if it does not exist.
    :param newer: whether a copy with edited cells is replaced too.
    :raises OSError: a file cannot be read or written.
    """
    done = Refreshed()
    before = _origins(copies)
    after: dict[str, str] = {}
    for name in _names(notebooks):
        source, copy = notebooks / name, copies / name
        wanted = _digest(source)
        after[name] = wanted
        if copy.exists():
            found = _digest(copy)
            if found == wanted or before.get(name) == wanted:
                continue
            edited = found != before.get(name)
            if edited and not newer:
                after[name] = before.get(name, "")
                done.outdated.append(name)
                continue
            if edited or _has_outputs(copy):
                done.set_aside.append(_set_aside(copy).relative_to(copies).as_posix())
            done.replaced.append(name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    for name in before.keys() - after.keys():
        _drop(copies / name, before[name])
    (copies / ORIGINS).write_text(json.dumps(after, indent=1, sort_keys=True), encoding="utf-8")
    return done


def _names(folder: Path) -> Iterator[str]:
    """The notebooks of a folder, without checkpoints and other hidden files."""
    for path in sorted(folder.rglob("*.ipynb")):
        relative = path.relative_to(folder)
        if not any(part.startswith(".") for part in relative.parts):
            yield relative.as_posix()


def _origins(copies: Path) -> dict[str, str]:
    """The digests of the notebooks that were copied. Empty if they are not known: then each copy counts as edited."""
    try:
        read = json.loads((copies / ORIGINS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in read.items()} if isinstance(read, dict) else {}


def _digest(path: Path) -> str:
    """A digest of the cells without their outputs; of the bytes, if the file is not a notebook."""
    content = path.read_bytes()
    cells = _cells(content)
    if cells is not None:
        content = json.dumps([[cell.get("cell_type"), _source(cell)] for cell in cells]).encode()
    return hashlib.sha256(content).hexdigest()


def _source(cell: dict[str, Any]) -> object:
    """The source of a cell as one text: a file can hold a list of its lines instead."""
    source = cell.get("source")
    return "".join(map(str, source)) if isinstance(source, list) else source


def _has_outputs(path: Path) -> bool:
    return any(cell.get("outputs") for cell in _cells(path.read_bytes()) or [])


def _cells(content: bytes) -> list[dict[str, Any]] | None:
    """The cells of a notebook. None if this is not a notebook."""
    try:
        read = json.loads(content)
    except ValueError:
        return None
    cells = read.get("cells") if isinstance(read, dict) else None
    return cells if isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells) else None


def _set_aside(copy: Path) -> Path:
    """Rename a copy to the first free name. Returns this name."""
    number = 1
    while (target := copy.with_stem(f"{copy.stem}{ASIDE}{'' if number == 1 else f'-{number}'}")).exists():
        number += 1
    return copy.rename(target)


def _drop(copy: Path, origin: str) -> None:
    """Remove the copy of a notebook that the project no longer has, unless the copy has edited cells or outputs."""
    if copy.is_file() and _digest(copy) == origin and not _has_outputs(copy):
        copy.unlink()
