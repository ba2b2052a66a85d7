"""The known defects of a kernel as a table."""

from __future__ import annotations

from collections.abc import Sequence

from chronicle_notebook.contracts._known_defect import KnownDefect
from chronicle_notebook.display._listing import Column, Listing, counted
from chronicle_notebook.display._origin import Origin

_COLUMNS = (
    Column[KnownDefect]("key", "Defect", lambda defect: defect.key),
    Column[KnownDefect]("what", "What happens", lambda defect: defect.what),
    Column[KnownDefect]("versions", "Kernels", lambda defect: defect.versions),
    Column[KnownDefect]("remedy", "What the toolkit does", lambda defect: defect.remedy),
    Column[KnownDefect]("basis", "How it is known", lambda defect: defect.basis),
    Column[KnownDefect]("seen", "Seen on", lambda defect: defect.seen or "no kernel", shown=False),
    Column[KnownDefect]("source", "Known from", lambda defect: defect.source, shown=False),
)


def defect_listing(defects: Sequence[KnownDefect], *, version: str, origin: Origin) -> Listing[KnownDefect]:
    """The listing of ``client.known_defects``."""
    kernel = f"kernel {version}" if version else "a kernel that does not report its version"
    return Listing(
        defects,
        _COLUMNS,
        caption=f"{counted(len(defects), 'known defect')} of {kernel}",
        empty=f"{kernel} has no known defects.",
        origin=origin,
    )
