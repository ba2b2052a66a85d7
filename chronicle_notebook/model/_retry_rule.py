"""When a kernel tries a failed partition again, and when it gives up.

Each release that was run (16.33, 16.37 and a build of 16.38) has the same rule, and so have the sources of later
releases, unless ``Observers:MaxRetryAttempts`` is configured: the pause after attempt number n is 2^n seconds, at most
600, and the eleventh failed attempt is the last one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

MOST_ATTEMPTS = 11
"""The number of attempts after which a kernel gives up a partition, unless it is configured otherwise (seen on 16.37.1:
``Observers:MaxRetryAttempts`` is 10, and the first attempt is not a retry)."""
LONGEST_PAUSE = 600.0
"""The longest pause of a kernel between two attempts, in seconds."""
LATE = 120.0
"""The seconds of lateness that say nothing: an attempt takes a while, and clocks differ."""


def pause_after(attempts: int) -> float:
    """The seconds between a number of failed attempts and the next one."""
    return min(2.0 ** min(attempts, MOST_ATTEMPTS), LONGEST_PAUSE)


def next_attempt(attempts: int, last: datetime) -> datetime | None:
    """The time of the next attempt; None if there is none. This is an estimate: a kernel adds the time that an attempt
    takes, and does not report its plan."""
    return None if attempts >= MOST_ATTEMPTS else last + timedelta(seconds=pause_after(attempts))


def last_attempt(attempts: int, last: datetime) -> datetime | None:
    """The earliest time of the attempt after which the kernel gives up; None if that was the last one."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return last + timedelta(seconds=sum(map(pause_after, range(max(attempts, 1), MOST_ATTEMPTS))))


def is_overdue(attempts: int, last: datetime, now: datetime) -> bool:
    """Whether the next attempt has not come for a long time, so that it will probably not come."""
    return (now - last).total_seconds() > 2 * pause_after(attempts) + LATE
