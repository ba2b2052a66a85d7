"""The recommendations of a kernel: to replay webhooks whose definition has changed."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._topics import Topics

NAME = "ReplayCandidateRecommendation"
DESCRIPTION = "Webhook definition has changed."
TYPE = (
    "Cratis.Chronicle.Observation.States.IReplayCandidateRecommendation, Cratis.Chronicle.Core, Version={}.0, "
    "Culture=neutral, PublicKeyToken=null"
)
"""The name, description and type of kernels that were seen (16.37.1 in memory); the type contains their version."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommendation to replay a webhook."""

    store: str
    namespace: str
    webhook: str
    id: UUID = field(default_factory=uuid4)
    occurred: str = field(default_factory=_moment.now)


class Recommendations:
    """The recommendations of every namespace, while the sandbox runs. Each change of a definition adds one."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._mutex = threading.Lock()
        self._known: dict[UUID, Recommendation] = {}

    def add(self, store: str, namespaces: Iterable[str], webhooks: Iterable[str]) -> None:
        """Recommend to replay webhooks in namespaces."""
        made = [Recommendation(store, namespace, webhook) for webhook in webhooks for namespace in namespaces]
        with self._mutex:
            self._known.update((entry.id, entry) for entry in made)
        for namespace in {entry.namespace for entry in made}:
            self._topics.change("recommendations", store, namespace)

    def of(self, store: str, namespace: str) -> list[Recommendation]:
        """The recommendations of a namespace, oldest first. Names are compared without their case."""
        wanted = (store.lower(), namespace.lower())
        with self._mutex:
            return [entry for entry in self._known.values() if (entry.store.lower(), entry.namespace.lower()) == wanted]

    def take(self, store: str, namespace: str, identity: UUID) -> Recommendation | None:
        """Remove a recommendation of a namespace, and return it; None if there is none."""
        if not any(entry.id == identity for entry in self.of(store, namespace)):
            return None
        with self._mutex:
            found = self._known.pop(identity, None)
        self._topics.change("recommendations", store, namespace)
        return found
