"""Which of the known bugs one kernel has: by its release, and by what was measured on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.contracts._known_defect import KnownDefect, Storage
from chronicle_notebook.model import ServerVersion

_DOCUMENTED = frozenset({"changes-ignored", "secrets-look-changed", "store-created"})
"""The behaviour of a kernel that works as documented."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The result of a probe, as far as it changes what is known about a kernel."""

    taken: datetime
    present: frozenset[str]
    """The keys of the bugs that were seen."""
    absent: frozenset[str]
    """The keys of the bugs that were looked for and not seen."""


Recall = Callable[[str, ServerVersion], Measurement | None]
"""Returns what was measured on a server (``host:port``) when it had this version; None if nothing was measured."""


KnownDefects = Mapping[str, KnownDefect]
"""The known bugs of one kernel by their keys."""


def by_key(defects: Iterable[KnownDefect]) -> KnownDefects:
    """The known bugs of a kernel, for those who look for single ones."""
    return {defect.key: defect for defect in defects}


def known_defects(
    version: ServerVersion, generation: str, measured: Measurement | None = None
) -> tuple[KnownDefect, ...]:
    """The known bugs of a kernel: what was measured on it, and for all other bugs its release."""
    if version.is_sandbox:  # the version says nothing about the bugs of releases
        told = {defect.key for defect in DEFECTS if defect.key in _DOCUMENTED}
    else:
        told = {defect.key for defect in DEFECTS if defect.affects(version, generation)}
    if measured is None:
        return tuple(defect for defect in DEFECTS if defect.key in told)
    unlike = _storage_not_seen(measured)
    return tuple(
        replace(defect, measured=measured.taken) if defect.key in measured.present else defect
        for defect in DEFECTS
        if defect.key in measured.present
        or (defect.key in told - measured.absent and (unlike is None or defect.storage is not unlike))
    )


def _storage_not_seen(measured: Measurement) -> Storage | None:
    """The storage that a kernel does not have, as it was seen with a bug of the other one; None if nothing tells.

    A bug that no probe measures is not claimed of a kernel whose storage does not have it.
    """
    seen = {defect.storage for defect in DEFECTS if defect.key in measured.present} - {Storage.ANY}
    if len(seen) != 1:
        return None
    return Storage.MEMORY if Storage.DATABASE in seen else Storage.DATABASE
