"""Things that clients register but the sandbox does not execute: they are refused, or accepted and listed."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable

FLAG = "--accept-unserved"
"""The option of the command line; ``Sandbox(accept_unserved=True)`` in Python."""

_LOG = logging.getLogger("chronicle_notebook.sandbox")


class UnservedError(Exception):
    """A client registered something that the sandbox does not execute. The message says how to have it accepted."""


class Unserved:
    """The accepted things that are not executed, by kind, event store and name, while the sandbox runs."""

    def __init__(self, *, accepted: bool) -> None:
        self.accepted = accepted
        """Whether such things are accepted."""
        self._mutex = threading.Lock()
        self._taken: dict[tuple[str, str, str], None] = {}

    def take(self, kind: str, store: str, names: Iterable[str]) -> None:
        """Accept things of a kind, for example projections. Does nothing if there are none.

        Raises UnservedError if such things are not accepted.
        """
        wanted = list(names)
        if not wanted:
            return
        if not self.accepted:
            several = f" and {len(wanted) - 1} more" if len(wanted) > 1 else ""
            article = "an" if kind[0] in "aeiou" else "a"
            raise UnservedError(
                f"The sandbox does not execute {article} {kind} ('{wanted[0]}'{several}). Start it with {FLAG}, or "
                "Sandbox(accept_unserved=True), to accept it without executing it."
            )
        with self._mutex:
            fresh = [name for name in wanted if (kind, store, name) not in self._taken]
            self._taken.update(dict.fromkeys((kind, store, name) for name in fresh))
        for name in fresh:
            _LOG.warning("Accepted but not executed: %s '%s' in event store '%s'.", kind, name, store)

    def listed(self) -> list[str]:
        """A line for each accepted thing, in order."""
        with self._mutex:
            return [f"{kind} '{name}' in event store '{store}'" for kind, store, name in self._taken]

    def summary(self) -> str:
        """The number of accepted things of each kind, for example ``2 projections, 1 reactor``; empty if there are
        none."""
        with self._mutex:
            kinds = Counter(kind for kind, _, _ in self._taken)
        return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in kinds.items())
