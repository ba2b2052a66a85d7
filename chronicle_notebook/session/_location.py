"""Where a client is: an event store and a namespace, each known to exist before a call mentions it.

A kernel creates what a call mentions: an event store by looking it up (source: K/Core/EventStores), a namespace by
appending to it (source: K/Core/EventSequences/EventSequence.cs). A name that was mistyped would go unnoticed.
"""

from __future__ import annotations

from collections.abc import Sequence

from chronicle_notebook.base._arguments import check_names
from chronicle_notebook.base._errors import InvalidInputError, KernelError, UnknownEventStoreError, did_you_mean
from chronicle_notebook.contracts._gateway import KernelGateway

DEFAULT_NAMESPACE = "Default"
"""The namespace that each event store has (source: K/Core/EventStores/EnsureEventStore.cs)."""


class Place:
    """An event store and a namespace of one kernel. What was found to exist is not looked for again."""

    def __init__(self, kernel: KernelGateway, event_store: str, namespace: str) -> None:
        self._kernel = kernel
        self._event_store = event_store
        self._namespace = namespace
        self._store_exists = False
        self._namespace_exists = False

    def store(self) -> str:
        """The event store.

        :raises UnknownEventStoreError: the kernel does not have it.
        """
        if not self._store_exists:
            known = self._kernel.event_stores()
            if self._event_store not in known:
                raise UnknownEventStoreError(
                    f"The kernel {self._kernel.server} has no event store {self._event_store!r}.",
                    field="event_store",
                    hint=did_you_mean(self._event_store, known)
                    or f"It has {', '.join(known) or 'none'}. "
                    f"Create one with client.ensure_event_store({self._event_store!r}).",
                )
            self._store_exists = True
        return self._event_store

    def namespace(self) -> str:
        """The namespace.

        :raises UnknownEventStoreError: the kernel does not have the event store.
        :raises InvalidInputError: the event store does not have the namespace.
        """
        if not self._namespace_exists:
            self._check(self._namespace, self.namespaces(), "client")
            self._namespace_exists = True
        return self._namespace

    def namespaces(self, only: str | None = None) -> Sequence[str]:
        """The namespaces of the event store, or the one that is named.

        :raises InvalidInputError: the event store does not have that one.
        """
        check_names(namespace=only)
        known = self._kernel.namespaces(self.store())
        if only is None:
            return known
        self._check(only, known, "client")
        return [only]

    def check_from(self, event_store: str) -> None:
        """Look for both, for somebody who is at another event store and is told what to do from there.

        :raises UnknownEventStoreError: the kernel does not have the event store.
        :raises InvalidInputError: the event store does not have the namespace.
        """
        known, door = self.namespaces(), "client"
        if event_store != self._event_store:
            start = DEFAULT_NAMESPACE if DEFAULT_NAMESPACE in known else "".join(known[:1])
            door = f"client.at(event_store={self._event_store!r}, namespace={start!r})"
        self._check(self._namespace, known, door)
        self._namespace_exists = True

    def remark(self) -> str:
        """What is missing here and what to do, to be seen before a call fails; empty when nothing is known to be.

        Whatever else is wrong, the next call says.
        """
        try:
            self.namespace()
        except (UnknownEventStoreError, InvalidInputError) as error:
            return f"{error.message} {error.hint}"
        except KernelError:
            return ""
        return ""

    def described(self, namespace: str | None, webhook: str | None = None) -> str:
        """What a listing is about: ``event store 'banking', all namespaces``."""
        what = "" if webhook is None else f"webhook {webhook!r} in "
        where = "all namespaces" if namespace is None else f"namespace {namespace!r}"
        return f"{what}event store {self._event_store!r}, {where}"

    def _check(self, namespace: str, known: Sequence[str], door: str) -> None:
        if namespace in known:
            return
        raise InvalidInputError(
            f"Event store {self._event_store!r} on {self._kernel.server} has no namespace {namespace!r}.",
            field="namespace",
            hint=did_you_mean(namespace, known)
            or f"It has {', '.join(known) or 'none'}: choose one with namespace=. "
            f"Create one with {door}.ensure_namespace({namespace!r}).",
        )
