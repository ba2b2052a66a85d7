"""One sandbox per data folder."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from chronicle_notebook.base._errors import NotSupportedError, SandboxError
from chronicle_notebook.sandbox._private import private

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]


class FolderLock:
    """A lock on a data folder that the operating system gives back when its process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    def acquire(self) -> None:
        """Take the lock. Raises SandboxError when another sandbox holds it, NotSupportedError where there is none."""
        if fcntl is None:
            raise NotSupportedError(
                "A sandbox kernel runs on Linux and macOS: this platform has no lock for its data folder.",
                hint="Run the notebook there, for example in a container.",
            )
        file = private(self._folder / "sandbox.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise SandboxError(
                f"The data folder {self._folder} is in use by another running sandbox.",
                hint="Stop that one, or give this one another folder.",
            ) from error
        self._file = file

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            # Not by closing alone: a process that was forked meanwhile has the file open as well.
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._file.close()
            self._file = None
