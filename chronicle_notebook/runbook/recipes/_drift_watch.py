"""Looking again and again at the drift of an event store from a file, and telling when it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import monotonic, sleep

from chronicle_notebook.base._arguments import check_whole
from chronicle_notebook.base._errors import KernelError, StateFileError
from chronicle_notebook.base._text import count, readable
from chronicle_notebook.desired._drift import Drift, DriftRow
from chronicle_notebook.display._table_and_card import clock

MOST_MINUTES = 24 * 60
"""The longest watch in minutes."""
LEAST_SECONDS = 5
"""The shortest time in seconds between two looks, so that a watch is no load for a kernel."""
MOST_SECONDS = 3600
"""The longest time in seconds between two looks."""
MOST_ROWS = 20
"""The largest number of differences that the text about one change lists. A last line has the number of the others."""


def watched(
    look: Callable[[], Drift], *, minutes: int = 0, every_seconds: int = 60, tell: Callable[[str], object]
) -> tuple[Drift, str]:
    """The last drift of a watch, and a sentence about how often it changed, which is empty without a watch.

    The first look must succeed. If a later one fails, the watch tells why and goes on. Ctrl-C ends the watch.

    :param look: reads the drift.
    :param minutes: how long to watch, at most a day; 0 means one look.
    :param every_seconds: the seconds between two looks, from 5 to an hour.
    :param tell: gets a text about the first look, about each change, and about the end after Ctrl-C.
    :raises InvalidInputError: one of the two times is out of its limits.
    :raises KernelError: the first or the last look failed.
    :raises StateFileError: the file could not be read in the first or the last look.
    :raises KeyboardInterrupt: somebody ended the watch.
    """
    check_whole(minutes, field="watch_minutes", least=0, most=MOST_MINUTES)
    check_whole(every_seconds, field="every_seconds", least=LEAST_SECONDS, most=MOST_SECONDS)
    found = look()
    if not minutes:
        return found, ""
    tell(f"{clock(found.origin.read_at)}  {readable(found.headline)}. Watching for {count(minutes, 'minute')}.")
    looks, changes = 1, 0
    failed: KernelError | StateFileError | None = None
    ends = monotonic() + minutes * 60
    try:
        while (left := ends - monotonic()) > 0:
            sleep(min(every_seconds, left))
            looks += 1
            before, missed = found, failed
            try:
                found, failed = look(), None
            except (KernelError, StateFileError) as error:
                failed = error
                if missed is None:
                    tell(f"{clock(datetime.now(UTC))}  The drift cannot be read: {readable(error.message)}")
                continue
            if found != before or missed is not None:
                changes += found != before
                tell("\n".join([f"{clock(found.origin.read_at)}  {readable(found.headline)}.", *_told(before, found)]))
    except KeyboardInterrupt:
        tell(f"{clock(datetime.now(UTC))}  The watch was ended. {_summary(looks, changes)}")
        raise
    if failed is not None:
        raise failed
    return found, _summary(looks, changes)


def _summary(looks: int, changes: int) -> str:
    return f"The drift changed {count(changes, 'time')} in {count(looks, 'look')}."


def _told(before: Drift, after: Drift) -> Iterator[str]:
    """The differences that are new, and those that are gone."""
    new = [f"  new: {_row(each)}" for each in after if each not in before]
    gone = [f"  gone: {_row(each)}" for each in before if each not in after]
    changed = [*new, *gone]
    yield from changed[:MOST_ROWS]
    if len(changed) > MOST_ROWS:
        yield f"  and {len(changed) - MOST_ROWS:,} more"


def _row(row: DriftRow) -> str:
    return readable(f"{row.webhook}: {row.kind.value}, {row.field}")
