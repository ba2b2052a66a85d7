"""Text files that are never half written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: one writer at a time is then up to the users
    fcntl = None  # type: ignore[assignment]


def write_whole(path: Path, text: str, *, private: bool = True) -> None:
    """Write a file as a whole: a reader sees what was there before, or all of this, also after a crash.

    A symbolic link stays one: what it leads to is written.

    :param private: only its owner may read it (mode 600). Else a file that is there keeps its mode, and a new one has
        the usual one.
    :raises OSError: it cannot be written, or is a device or a pipe such as ``/dev/null``, which would be replaced by a
        file. The file is as it was before.
    """
    import tempfile

    path = Path(os.path.realpath(path))
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "it is a device or a pipe")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # with mode 0600
    written = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if not private:
            written.chmod(_mode(path))
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Nobody else who asks for this changes the files of the folder meanwhile. The folder is made if it is missing.

    Where the file system cannot lock a folder, as NFS, one writer at a time is up to the users.

    :raises OSError: the folder cannot be made or read.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if fcntl is None:
        yield
        return
    # The folder is locked, because the files themselves are replaced, and a file for the lock would stay.
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # NFS locks only what is open for writing, and a folder never is
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        with suppress(OSError):  # some file systems cannot do this for a folder
            os.fsync(handle)
    finally:
        os.close(handle)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
