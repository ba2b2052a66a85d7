"""The record of an application that is under way: what a process that was killed may have sent.

A kernel goes on with a list after the death of its caller, one webhook after the other at some 0.13 s each, and the
same webhooks sent again meanwhile are registered twice (seen on 16.37.1). So the next plan waits until nothing changes
any more. Inside of one process ``registration`` knows more: there an interrupted call is continued.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chronicle_notebook.desired._export import write_text
from chronicle_notebook.desired._store import StateClient
from chronicle_notebook.display._progress import CallProgress

QUIET = 3.0
"""The seconds without a change after which the kernel has nothing left to do: many times what it takes for one."""
FORGOTTEN = 600.0
"""The seconds after which a kernel has certainly finished. Its deadline for a part is far below."""
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
        """The record of a file, for the event store of a client; in the current folder without a file."""
        place = f"{client.server}/{client.event_store}"
        mark = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        folder, stem = (Path(), "webhooks") if path is None else (path.parent, path.stem)
        return cls(folder / f".{stem}.applying-{mark}.json", client)

    @contextmanager
    def writing(self, expected: Mapping[str, bool]) -> Iterator[SendingRecord]:
        """Keep the file while something is sent. It stays if the process is killed, or the sending is interrupted.

        :param expected: whether the webhook of an id is there in the end.
        """
        told = {"at": time.time(), "expected": dict(expected)}
        write_text(self.path, json.dumps(told), private=True)
        yield self
        if self.finished:
            self.path.unlink(missing_ok=True)

    def wait_until_quiet(self) -> None:
        """Wait until what an unfinished application has sent is there, or nothing more appears."""
        expected = self._unfinished()
        if not expected:
            return
        with CallProgress() as progress:
            seen, since = self._done(expected), time.monotonic()
            while len(seen) < len(expected) and time.monotonic() - since < QUIET:
                progress.tell(f"An earlier call was interrupted: {len(seen):,} of {len(expected):,} are done. Waiting.")
                time.sleep(PAUSE)
                now = self._done(expected)
                if now != seen:
                    seen, since = now, time.monotonic()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _done(self, expected: Mapping[str, bool]) -> set[str]:
        there = {each.id for each in self.client.webhooks.all()}
        return {name for name, present in expected.items() if (name in there) is present}

    def _unfinished(self) -> dict[str, bool]:
        """What an application that did not end has sent; empty if there is none, or it is too long ago."""
        try:
            told = json.loads(self.path.read_text(encoding="utf-8"))
            at, expected = float(told["at"]), {str(name): bool(there) for name, there in told["expected"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}
        return expected if abs(time.time() - at) < FORGOTTEN else {}
