"""Where the records of pauses are: one file for each event store of a kernel.

The folder is ``$CHRONICLE_NOTEBOOK_PAUSED``, else ``chronicle-notebook/paused`` in the user's data folder
(``$XDG_DATA_HOME`` or ``~/.local/share``; ``~/Library/Application Support`` on macOS; ``%LOCALAPPDATA%`` on Windows).
The records of a sandbox inside this process are in a temporary folder, because the sandbox ends with the process.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import quote

from chronicle_notebook.base._user_folders import named_folder, user_folder

PAUSED = "CHRONICLE_NOTEBOOK_PAUSED"
"""The environment variable that names the folder."""
_LONGEST = 100
"""The longest part of a path, in characters. File systems allow 255 bytes."""


def paused_file(server: str, event_store: str, *, embedded: bool = False) -> Path:
    """The file with the paused webhooks of an event store. It need not exist.

    :param server: ``host:port`` of the kernel. A kernel that is reached under two names has two files.
    :param embedded: whether the kernel is the sandbox inside this process.
    :raises InvalidInputError: nobody knows the home directory, and the folder is in it.
    """
    given = os.getenv(PAUSED)
    if given:
        folder = named_folder(given, variable=PAUSED, field="file")
    elif embedded:
        folder = _temporary(os.getpid())
    else:
        folder = user_folder("data", "the record of a pause", variable=PAUSED, field="file") / "paused"
    return folder / _safe(server) / f"{_safe(event_store)}.yaml"


def _safe(name: str) -> str:
    """A name as a part of a path: the same name for the same text, and another one for another text."""
    safe = quote(name, safe="")
    if len(safe) <= _LONGEST:
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{safe[:_LONGEST]}~{digest}"


@cache
def _temporary(process: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="chronicle-notebook-paused-"))

    def remove() -> None:
        if os.getpid() == process:  # a forked process has this function too
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder
