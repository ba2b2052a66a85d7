"""The server and the time of reading of a displayed value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from chronicle_notebook.display._displayed import Displayed


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Origin:
    """The kernel and the event store that an answer came from, and the time of the answer."""

    server: str
    """``host:port`` of the kernel."""
    event_store: str = ""
    banner: str = ""
    """One line above everything from a protected kernel; empty for any other kernel."""
    read_at: datetime = field(default_factory=_now, compare=False)
    """The time of the answer, with time zone."""

    @property
    def stamp(self) -> str:
        """The line below a displayed value."""
        from chronicle_notebook.display._table_and_card import clock

        return f"Read {clock(self.read_at)} from {self.server}"

    @property
    def mark(self) -> str:
        """The mark of a protected kernel in a one-line repr; empty for any other kernel."""
        return ", PROTECTED" if self.banner else ""


class Originated(Displayed):
    """A value from a kernel. It shows itself, with the place and the time of reading."""

    __slots__ = ()

    origin: Origin

    @property
    def server(self) -> str:
        """``host:port`` of the kernel."""
        return self.origin.server

    @property
    def event_store(self) -> str:
        """The name of the event store."""
        return self.origin.event_store

    @property
    def read_at(self) -> datetime:
        """The time of the answer, with time zone."""
        return self.origin.read_at
