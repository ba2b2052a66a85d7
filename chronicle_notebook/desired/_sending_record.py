"""The record of an application that is under way: what a process that was killed may have sent.

A kernel goes on with a list after the death of its caller, one webhook after the other at some 0.13 s each, and the
same webhooks sent again meanwhile are registered twice (seen on 16.37.1). So the next plan waits until nothing changes
any more. Inside of one process ``registration`` knows more: there an interrupted call is continued.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chronicle_notebook.base._errors import InvalidInputError, PlanRefusedError
from chronicle_notebook.desired._store import StateClient
from chronicle_notebook.display._progress import CallProgress
from chronicle_notebook.model import WebhookDefinition

QUIET = 3.0
"""The seconds without a change after which the kernel has nothing left to do: many times what it takes for one."""
_FAR = 1 << 30
"""The byte of the file that is locked on Windows."""
PAUSE = 0.25
"""The seconds between two looks at the list."""


@dataclass(slots=True)
class SendingRecord:
    """The file with what is being sent to one event store."""

    path: Path
    client: StateClient
    finished: bool = True
    """Whether nothing can be under way when the application ends."""

    @classmethod
    def of(cls, path: Path | None, client: StateClient) -> SendingRecord:
        """The record of a file, for the event store of a client; in the current folder without a file.

        Where nobody can write to that folder, as in a container, it is in the user's data folder.
        """
        place = f"{client.server}/{client.event_store}"
        folder, stem = (Path(), "webhooks") if path is None else (path.parent, path.stem)
        if folder.is_dir() and not os.access(folder, os.W_OK):
            from platformdirs import user_data_path

            place = f"{place}/{folder.resolve()}"
            folder = user_data_path("chronicle-notebook", appauthor=False) / "applying"
        mark = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return cls(folder / f".{stem}.applying-{mark}.json", client)

    @contextmanager
    def writing(self, expected: Mapping[str, bool]) -> Iterator[SendingRecord]:
        """Keep the file while something is sent. It stays if the process is killed, or the sending is interrupted.

        :param expected: whether the webhook of an id is there in the end.
        :raises PlanRefusedError: another application of the same file to the same event store is under way.
        :raises InvalidInputError: the file cannot be written.
        """
        with self._held() as handle:
            os.ftruncate(handle, 0)
            os.write(handle, json.dumps({"expected": dict(expected)}).encode())
            try:
                yield self
            finally:
                if self.finished:
                    os.ftruncate(handle, 0)
                    with suppress(OSError):  # Windows removes no open file; an empty one says nothing
                        self.path.unlink(missing_ok=True)

    @contextmanager
    def _held(self) -> Iterator[int]:
        """The file, opened and locked. The lock ends with the process, however the process ends."""
        while True:
            try:
                if not self.path.parent.exists():
                    self.path.parent.mkdir(parents=True, mode=0o700)
                handle = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
            except OSError as error:
                raise InvalidInputError(
                    f"{self.path} cannot be written: {error.strerror}.",
                    field="path",
                    hint="Let this process write to the folder of the file.",
                ) from None
            try:
                if not _locked(handle):
                    raise PlanRefusedError(
                        "Another application of the same file to this event store is under way. Nothing was sent.",
                        webhooks=(),
                        hint="Wait until the other application has ended, then make the plan again.",
                    )
                if not _is_at(handle, self.path):
                    continue  # its last owner removed it between the opening and the locking
                yield handle
                return
            finally:
                os.close(handle)

    def wait_until_quiet(self) -> None:
        """Wait until what an unfinished application has sent does not change any more.

        The ids are not enough: a kernel can add the credentials of a webhook in a later step. While the application
        is under way in another process or thread, its record is left alone. An old record costs one short wait: its
        age is not looked at, because the clock can have been set since it was written.
        """
        expected = self._unfinished()
        if not expected:
            return
        with CallProgress() as progress:
            seen, since = self._found(), time.monotonic()
            while time.monotonic() - since < QUIET:
                done = sum((name in seen) is present for name, present in expected.items())
                progress.tell(f"An earlier call was interrupted: {done:,} of {len(expected):,} are done. Waiting.")
                time.sleep(PAUSE)
                now = self._found()
                if now != seen:
                    seen, since = now, time.monotonic()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _found(self) -> dict[str, WebhookDefinition]:
        return {each.id: each for each in self.client.webhooks.all()}

    def _unfinished(self) -> dict[str, bool]:
        """What an application that did not end has sent; empty if there is none, or it is under way."""
        try:
            handle = os.open(self.path, os.O_RDWR)
            try:
                if not _locked(handle):
                    return {}
            finally:
                os.close(handle)
            told = json.loads(self.path.read_text(encoding="utf-8"))
            return {str(name): bool(there) for name, there in told["expected"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}


def _locked(handle: int) -> bool:
    """Lock an open file for this opening alone; false if another opening has it."""
    try:
        _lock(handle)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _lock(handle: int) -> None:
    """Lock an open file until it is closed.

    :raises OSError: another opening has the lock (``BlockingIOError``, on Windows ``PermissionError``), or the file
        system has no locks.
    """
    if sys.platform == "win32":
        import msvcrt

        # The lock of Windows also stops reading, so it is on a byte far behind the text. No byte needs to be there.
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False
