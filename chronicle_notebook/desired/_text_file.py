"""Text files that are never half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from chronicle_notebook.base._errors import InvalidInputError


def read_text(path: str | Path) -> str:
    """The text of a file in UTF-8, with or without a mark of the byte order."""
    return Path(path).read_text(encoding="utf-8-sig")


def write_text(path: str | Path, text: str, *, private: bool = False) -> Path:
    """Write a file, and return its path. The file is on the disk when this returns.

    :param private: only its owner may read it (mode 600). A file that is there keeps its mode otherwise.
    :raises InvalidInputError: it cannot be written.
    """
    path = Path(path)
    try:
        mode = 0o600 if private else _mode(path)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        written = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            written.chmod(mode)
            written.replace(path)
        except BaseException:
            written.unlink(missing_ok=True)
            raise
    except OSError as error:
        why = error.strerror or "the file system refused"
        raise InvalidInputError(
            f"{path} cannot be written: {why}.", field="path", hint="Name a file in a folder that exists."
        ) from None
    return path


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
