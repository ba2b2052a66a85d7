"""The data folder of a sandbox: who may use it, which files are deleted, and by whom.

A sandbox deletes no file of a user. It deletes only temporary folders that a sandbox made, which it recognises by a
mark, and in these only files that a sandbox writes. It follows no link.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from chronicle_notebook.base._errors import NotSupportedError, SandboxError
from chronicle_notebook.base._user_folders import expanded

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

DATABASE, KEY, KEY_UNFINISHED, LOCK = "sandbox.db", "encryption.pem", "encryption.partial", "sandbox.lock"
"""The files of a data folder."""
SOCKET, CERTIFICATE = "grpc", "key"
"""The files of the folder that a sandbox needs only while it runs."""
LAB_SECRET, LAB_SETTINGS = "client-secret", "jupyter_config.py"
"""The files of the folder that a JupyterLab with a sandbox needs while it runs."""
PREFIX, FRONT_PREFIX, LAB_PREFIX = "chronicle-sandbox-", "chronicle-front-", "chronicle-lab-"
"""How the names of temporary folders begin."""
MARK = b"chronicle-notebook made this folder and deletes it\n"
"""The content of the lock file of a temporary folder. A folder without it belongs to a user, whatever its name is."""
FRESH = 60.0
"""The time in seconds in which a folder may have no lock yet, because its sandbox is starting."""

_OURS = frozenset(
    {
        DATABASE,
        f"{DATABASE}-wal",
        f"{DATABASE}-shm",
        f"{DATABASE}-journal",
        KEY,
        KEY_UNFINISHED,
        LOCK,
        SOCKET,
        CERTIFICATE,
        LAB_SECRET,
        LAB_SETTINGS,
    }
)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def private(path: Path) -> Path:
    """Check that a file exists with mode 0600 before anything is written to it.

    :raises SandboxError: the path is a link or a folder, or the file belongs to somebody else.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | _NO_LINK, 0o600)
    except OSError as error:
        raise _unusable(path, "is a link" if path.is_symlink() else f"cannot be used: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _unusable(path, "is not a file")
        if status.st_nlink > 1:
            raise _unusable(path, "has a second name elsewhere (a hard link)")
        if status.st_uid != os.geteuid():
            raise _unusable(path, "belongs to somebody else, who could read the data in it")
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    return path


def _unusable(path: Path, why: str) -> SandboxError:
    return SandboxError(f"{path} {why}, so a sandbox cannot use it.", hint="Give another data folder with --data.")


class FolderLock:
    """A lock on a folder. The operating system releases it when its process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    def acquire(self, *, mark: bytes = b"") -> None:
        """Take the lock, and write a mark into a new lock file.

        :raises SandboxError: another sandbox has the lock.
        :raises NotSupportedError: the platform has no such lock.
        """
        if fcntl is None:
            raise NotSupportedError(
                "A sandbox kernel runs on Linux and macOS: this platform has no lock for its data folder.",
                hint="Run the notebook there, for example in a container.",
            )
        file = private(self._folder / LOCK).open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise SandboxError(
                f"The data folder {self._folder} is in use by another running sandbox.",
                hint="Stop that one, or give this one another folder.",
            ) from error
        if mark and not file.tell():
            file.write(mark)
            file.flush()
        self._file = file

    def release(self) -> None:
        """Release the lock."""
        if self._file is not None:
            # Closing is not enough: a process that was forked in the meantime has the file open too.
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._file.close()
            self._file = None


def given_folder(path: str | os.PathLike[str]) -> Path:
    """The whole path of a folder that a user gave.

    :raises SandboxError: it begins with ``~``, and nobody knows the home directory.
    """
    try:
        return expanded(path).absolute()
    except OSError as error:
        raise SandboxError(
            f"The data folder {os.fspath(path)} cannot be used: {error.strerror}.",
            hint="Give the whole path, or set HOME.",
        ) from None


class DataFolder:
    """A folder that this sandbox holds from :meth:`take` to :meth:`release`."""

    def __init__(self, given: Path | None) -> None:
        """``given`` is a folder of the user; None means a temporary folder, which is deleted with the sandbox."""
        self._temporary = given is None
        self.path = given
        """The folder; None while a temporary one does not exist."""
        self._lock: FolderLock | None = None

    def take(self) -> Path:
        """Create the folder if it does not exist, check it and lock it.

        :raises SandboxError: the folder cannot be created, other users can write to it, or another sandbox uses it.
        """
        if self._temporary:
            sweep()
            self.path = _made(PREFIX)
        assert self.path is not None  # noqa: S101 - set a line above, or given
        lock = FolderLock(self.path)
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check(self.path)
            lock.acquire(mark=MARK if self._temporary else b"")
        except OSError as error:
            raise SandboxError(
                f"The data folder {self.path} cannot be used: {error.strerror}.", hint="Give another folder."
            ) from error
        self._lock = lock
        return self.path

    def release(self) -> None:
        """Release the folder, and delete it if it is temporary. Has no effect if it is not held."""
        lock, self._lock = self._lock, None
        if self._temporary and self.path is not None:
            delete(self.path)
            self.path = None
        if lock is not None:
            lock.release()


def _check(folder: Path) -> None:
    """Refuse a folder in which another user could create a link or change a file."""
    status = folder.stat()
    if status.st_uid not in {os.geteuid(), 0}:
        raise SandboxError(
            f"The data folder {folder} belongs to somebody else.", hint="Give a folder of your own with --data."
        )
    shared_group = status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid)
    if shared_group or status.st_mode & stat.S_IWOTH:
        raise SandboxError(
            f"Others can write to the data folder {folder} (mode {status.st_mode & 0o7777:o}), so they could change "
            "what a sandbox keeps.",
            hint="Remove this right with chmod go-w, or give another folder with --data.",
        )
    for name in sorted(_OURS):
        if (folder / name).is_symlink():
            raise _unusable(folder / name, "is a link")


def _is_own_group(group: int) -> bool:
    """Whether a group belongs to one account only: many systems create one for each account and allow it to write."""
    import grp
    import pwd

    try:
        entry, user = grp.getgrgid(group), pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return False
    return entry.gr_name == user and not set(entry.gr_mem) - {user}


class PrivateFolder:
    """A temporary folder that only its owner can enter, for what is needed while a process runs."""

    def __init__(self, prefix: str, *, longest: int = 4096) -> None:
        """Make the folder.

        :param prefix: how its name begins; :func:`sweep` knows the prefix.
        :param longest: the number of bytes that its path may have, for a Unix socket in it.
        :raises SandboxError: no such folder can be made.
        """
        made = _made(prefix)
        if len(os.fsencode(made)) > longest:
            made.rmdir()
            made = _made(prefix, "/tmp")  # noqa: S108 - a Unix socket needs a short path
        self.path = made
        self._lock = FolderLock(self.path)
        self._lock.acquire(mark=MARK)

    def remove(self) -> None:
        """Delete the folder."""
        delete(self.path)
        self._lock.release()


def _made(prefix: str, place: str | None = None) -> Path:
    """Make a temporary folder.

    :raises SandboxError: no such folder can be made.
    """
    try:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    except OSError as error:
        raise SandboxError(
            f"No temporary folder can be made: {error.strerror}.",
            hint="Set TMPDIR to a folder that this process can write to, and that has room.",
        ) from None


def sweep() -> None:
    """Delete temporary folders of this user that a killed sandbox left behind. Folders that cannot be deleted stay."""
    places = {"/tmp"}  # noqa: S108 - only looked at
    with suppress(OSError):  # none can be written
        places.add(tempfile.gettempdir())
    for place in places:
        for prefix in (PREFIX, FRONT_PREFIX, LAB_PREFIX):
            for folder in Path(place).glob(f"{prefix}*"):
                try:
                    if _is_marked(folder):
                        _delete_unless_held(folder)
                except (OSError, SandboxError):
                    continue


def _is_marked(folder: Path) -> bool:
    """Whether a sandbox of this user made a folder some time ago as a temporary folder."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or time.time() - status.st_mtime <= FRESH:
        return False
    descriptor = os.open(folder / LOCK, os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0))
    try:
        status = os.fstat(descriptor)
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        return ours and os.read(descriptor, len(MARK) + 1) == MARK
    finally:
        os.close(descriptor)


def _delete_unless_held(folder: Path) -> None:
    lock = FolderLock(folder)
    lock.acquire()
    try:
        delete(folder)
    finally:
        lock.release()


def delete(folder: Path) -> None:
    """Delete the files that a sandbox writes, and the folder if it is then empty. No link is followed."""
    for name in _OURS:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError:
            continue  # a folder of this name is not ours
    try:
        folder.rmdir()
    except OSError:
        return  # the folder has other files: they stay
