"""Whether a kernel keeps its events in memory, where a replay hangs its webhook for good.

No answer of a kernel names its storage. Three things tell it, and the first one that does decides: what the user says,
what was measured on this kernel (:meth:`Client.probe`), and the hash of an event, which in-memory storage does not keep
(seen on 16.37.1 and on a build of 16.38; there is one on SQLite and PostgreSQL).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from chronicle_notebook.base._errors import InvalidInputError, NotSupportedError
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._kernel_defects import by_key
from chronicle_notebook.events._true_tails import have_hashes

Kept = Literal["database", "memory"]
HANGS = "replay-hangs-memory"
"""The known bug of a replay with in-memory storage."""


def refuse_hanging(
    kernel: KernelGateway, event_store: str, namespaces: Iterable[str], sequence: str, *, said: Kept | None
) -> str:
    """Refuse a replay that would hang. Returns how it is known that this one does not; empty if there is no such bug.

    :param said: what the user says about the storage.
    :raises InvalidInputError: the user says something else than ``database`` or ``memory``.
    :raises NotSupportedError: the kernel most likely keeps its events in memory.
    """
    if said not in {None, "database", "memory"}:
        raise InvalidInputError(
            "The storage is 'database' or 'memory'.",
            field="storage",
            hint='Leave it out, or write storage="database" if the kernel has an SQL or MongoDB database.',
        )
    defect = by_key(kernel.known_defects).get(HANGS)
    if defect is None:
        return ""
    if said == "memory":
        raise _hangs("you say that it does")
    if said == "database":
        return "You say that the kernel has a database. In memory, a replay would hang the webhook for good."
    if defect.measured is not None:
        raise _hangs(defect.basis)
    hashed = have_hashes(kernel, event_store, namespaces, sequence)
    if hashed is False:
        raise _hangs("its events have no hash, as with this storage alone")
    return "" if hashed is None else "The kernel has a database: its events have a hash, which they lack in memory."


def in_memory(kernel: KernelGateway, event_store: str, namespaces: Iterable[str], sequence: str) -> bool | None:
    """Whether the kernel keeps its events in memory and has the bugs of this storage; None if nothing tells."""
    defect = by_key(kernel.known_defects).get(HANGS)
    if defect is None:
        return False
    if defect.measured is not None:
        return True
    hashed = have_hashes(kernel, event_store, namespaces, sequence)
    return None if hashed is None else not hashed


def _hangs(why: str) -> NotSupportedError:
    return NotSupportedError(
        f"This kernel keeps its events in memory ({why}). There a replay delivers nothing, sets the webhook back to "
        f"the first event, and hangs it for good ({HANGS}). Nothing was sent.",
        hint="Send events again with client.webhooks.redeliver(ID, from_sequence_number=0). If the kernel has a "
        'database, write storage="database".',
    )
