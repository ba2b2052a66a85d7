"""Files that only their owner can read, in whatever folder they are."""

from __future__ import annotations

import os
from pathlib import Path

from chronicle_notebook.base._errors import SandboxError


def private(path: Path) -> Path:
    """See that a file is there and is of mode 0600, before anything is written to it.

    :raises SandboxError: it is somebody else's.
    """
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600))
    try:
        path.chmod(0o600)
    except PermissionError:
        failure = SandboxError(
            f"The file {path} belongs to somebody else, who could read what a sandbox keeps in it.",
            hint="Give another data folder.",
        )
    else:
        return path
    raise failure
