"""Identities: who caused an event, and for whom."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from chronicle_notebook.sandbox._stores import SequenceScope

_NULL = (
    "The data is NULL at ordinal {}. This method can't be called on NULL values. Check using IsDBNull before calling."
)


def turned(text: str) -> str:
    """The chain in the JSON text of an identity, in reverse: the actor is then inside ``onBehalfOf``.

    Kernels on SQL databases return identities like this (seen at 16.37.1 on SQLite and PostgreSQL).
    """
    identity = json.loads(text)
    if "onBehalfOf" not in identity:
        return text
    chain = links(identity)
    chain.reverse()
    return json.dumps(_joined(chain))


def links(identity: dict[str, Any]) -> list[dict[str, Any]]:
    """The identities of a chain, each without the one for which it acts."""
    found = []
    current: dict[str, Any] | None = identity
    while current is not None:
        found.append({key: value for key, value in current.items() if key != "onBehalfOf"})
        current = current.get("onBehalfOf")
    return found


def _joined(chain: list[dict[str, Any]]) -> dict[str, Any]:
    first, *rest = chain
    return {**first, "onBehalfOf": _joined(rest)} if rest else first


class Identities:
    """The effect of an identity without a subject or a name on its namespace on SQL databases: nothing can be read
    there any more.

    ``Subject`` and ``Name`` must be there in each link of a chain; ``UserName`` may be absent. An empty text counts as
    missing here. A kernel distinguishes the two, but the messages of the wire do not show which it was.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], set[tuple[int, str]]] = {}
        self._spoiled: dict[tuple[str, str], str] = {}

    def load(self, stored: Iterable[tuple[SequenceScope, str]]) -> None:
        """Note the identities of stored events, oldest first."""
        for scope, text in stored:
            self.stored(scope, text)

    def stored(self, scope: SequenceScope, text: str) -> str:
        """Note that an event was stored with an identity. Returns why its append fails nevertheless; empty if it does
        not."""
        place = (scope.store, scope.namespace)
        known = self._known.setdefault(place, set())
        spoiled = self._spoiled.get(place, "")
        if spoiled and (scope.key, text) not in known:
            return spoiled
        gap = _gap(text)
        if gap:
            self._spoiled[place] = gap
            return gap
        known.add((scope.key, text))
        return ""

    def spoiled(self, scope: SequenceScope) -> str:
        """Why the events of a scope cannot be read; empty if they can."""
        return self._spoiled.get((scope.store, scope.namespace), "")


def _gap(text: str) -> str:
    for link in links(json.loads(text)):
        for part, ordinal in (("name", 1), ("subject", 2)):
            if not link[part]:
                return _NULL.format(ordinal)
    return ""
