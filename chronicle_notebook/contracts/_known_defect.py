"""One bug of some kernel releases, and whether a kernel has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chronicle_notebook.base._public import public
from chronicle_notebook.model import ServerVersion

Release = tuple[int, int, int]
_LAST_CLASSIC: Release = (16, 37, 1)
"""The newest known release of the `classic` generation."""
_RELEASE = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")


class Storage(StrEnum):
    """The storage of the kernels that have a bug, in the words of ``KnownDefect.versions``."""

    ANY = ""
    """Every storage, or it is not known on which storage the bug does not exist."""
    DATABASE = "not with in-memory storage"
    MEMORY = "with in-memory storage"


@public
@dataclass(frozen=True, slots=True)
class KnownDefect:
    """One bug of some kernel releases.

    No answer of a kernel names its storage. So the releases decide whether a kernel has a bug, and ``versions`` says
    which storage does not have it, until :meth:`Client.probe` has measured it.
    """

    key: str
    """A short name, for example ``authorization-dropped``."""
    what: str
    """What happens, as a sentence."""
    versions: str
    """The kernel releases and the storage, as text for people."""
    remedy: str
    """What this package does about the bug, or what the user can do."""
    source: str
    """The source of this knowledge: a file of Chronicle's source, an issue, or a running kernel."""
    seen: str = ""
    """The releases and the storage on which the bug was seen; empty if it was not seen on a running kernel."""
    fixed_in: Release | None = None
    """The first release without the bug; None if it is not known."""
    last_seen: Release | None = None
    """The last release that is known to have the bug, if later releases were not examined.

    None if every release before the fix is assumed to have the bug.
    """
    first_seen: Release | None = None
    """The first release that has the bug; None if every earlier release is assumed to have it."""
    storage: Storage = Storage.ANY
    """Which storage the bug needs."""
    measured: datetime | None = None
    """When :meth:`Client.probe` saw the bug on this kernel; None if only the release tells that the kernel has it."""

    @property
    def basis(self) -> str:
        """How it is known that this kernel has the bug: ``measured on`` a date, or ``known of this release``."""
        return "known of this release" if self.measured is None else f"measured on {self.measured:%Y-%m-%d}"

    def affects(self, version: ServerVersion, generation: str) -> bool:
        """Whether a kernel has the bug, as far as is known.

        If the version cannot be read, a kernel of the `classic` generation counts as its newest release. Any other one
        counts as a kernel without a fix, and as one that was not examined.
        """
        known = release_of(version.version) or (_LAST_CLASSIC if generation == "classic" else None)
        if self.first_seen is not None and (known is None or known[:2] < self.first_seen[:2]):
            return False
        if self.fixed_in is not None:
            return known is None or known < self.fixed_in
        return self.last_seen is None or (known is not None and known[:2] <= self.last_seen[:2])


def release_of(text: str) -> Release | None:
    """The release of a version; None if the version cannot be read.

    A development build counts as its release. Any other pre-release counts as the release before it, because it may
    lack the fix.
    """
    found = _RELEASE.fullmatch(text.strip())
    if found is None:
        return None
    major, minor, patch = int(found[1]), int(found[2]), int(found[3])
    if found[4] in {None, "development"}:
        return major, minor, patch
    return major, minor, patch - 1
