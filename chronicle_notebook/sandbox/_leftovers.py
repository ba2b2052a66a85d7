"""Temporary data folders of sandboxes that were killed and so could not delete them: the next sandbox does."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from chronicle_notebook.base._errors import SandboxError
from chronicle_notebook.sandbox._lock import FolderLock

PREFIX = "chronicle-sandbox-"
"""The value that was declared on ``cls``, or None. A subclass does not inherit it; a copy of the same class does."""
FRESH = 60.0
"""Seconds in which a folder may have no lock yet, because its sandbox is only starting."""


def sweep() -> None:
    """Delete those of this user that no living sandbox holds. What cannot be deleted is left for another time."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if _is_old_and_ours(folder.lstat()):
                _delete_unless_held(folder)
        except (OSError, SandboxError):
            continue


def _is_old_and_ours(status: os.stat_result) -> bool:
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and time.time() - status.st_mtime > FRESH


def _delete_unless_held(folder: Path) -> None:
    lock = FolderLock(folder)
    lock.acquire()
    try:
        shutil.rmtree(folder)
    finally:
        lock.release()
