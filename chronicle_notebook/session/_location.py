"""The event store and the namespace of a client. Both are checked before a call names them.

A kernel creates what a call names: an event store when it looks it up (source: K/Core/EventStores), a namespace when an
event is appended to it (source: K/Core/EventSequences/EventSequence.cs). So nobody would notice a misspelled name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from chronicle_notebook.base._arguments import check_names
from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._errors import InvalidInputError, KernelError, UnknownEventStoreError, did_you_mean
from chronicle_notebook.base._text import listed
from chronicle_notebook.contracts._gateway import KernelGateway

Found = TypeVar("Found")

DEFAULT_NAMESPACE = "Default"
"""The namespace that each event store has (source: K/Core/EventStores/EnsureEventStore.cs)."""


def blank_store_warning(event_stores: Iterable[str]) -> str:
    """A warning about an event store with a blank name; empty if the kernel has none.

    One call with such a name records it, and a kernel on SQL storage does not start any more (seen on 16.37.1 and on a
    build of 16.38 on SQLite).
    """
    blank = [name for name in event_stores if not name.strip()]
    if not blank:
        return ""
    return (
        f"The kernel has an event store with a blank name ({listed(blank)}). With SQL storage the kernel will not "
        "start again: before it is restarted, ask the administrator of its storage to remove this event store."
    )


class Place:
    """An event store and a namespace of one kernel. Each is checked only until it was found."""

    def __init__(self, kernel: KernelGateway, event_store: str, namespace: str) -> None:
        self._kernel = kernel
        self._event_store = event_store
        self._namespace = namespace
        self._store_exists = False
        self._namespace_exists = False
        self._listed: Sequence[str] = (DEFAULT_NAMESPACE,)
        """The namespaces that the kernel listed last."""

    def store(self) -> str:
        """The event store.

        :raises UnknownEventStoreError: the kernel does not have it.
        """
        if not self._store_exists:
            self._find_store(self._kernel.event_stores())
        return self._event_store

    def _find_store(self, known: Sequence[str]) -> None:
        if self._event_store not in known:
            raise UnknownEventStoreError(
                f"The kernel {self._kernel.server} has no event store {self._event_store!r}.",
                field="event_store",
                hint=did_you_mean(self._event_store, known)
                or f"It has {listed(known)}. Create one with client.ensure_event_store({self._event_store!r}).",
            )
        self._store_exists = True

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
        """The namespaces of the event store, or only the given one.

        :raises InvalidInputError: the event store does not have the given namespace.
        """
        check_names(namespace=only)
        known = self._listed = self._kernel.namespaces(self.store())
        if only is None:
            return known
        self._check(only, known, "client")
        return [only]

    def in_each(self, ask: Callable[[str, str], Found], only: str | None = None) -> dict[str, Found]:
        """What ``ask`` returns for the event store and each of its namespaces, or only the given one, by namespace.

        The namespaces that were listed last are asked at the same time as the kernel lists them again. Otherwise the
        answer would take two round trips, and the namespaces are nearly always the same.

        :param ask: reads something of an event store and a namespace.
        :raises InvalidInputError: the event store does not have the given namespace.
        """
        store = self.store()

        def asked(spaces: Sequence[str]) -> dict[str, Found]:
            return dict(zip(spaces, at_once(*(partial(ask, store, space) for space in spaces)), strict=True))

        likely = [space for space in self._listed if only in {None, space}]
        known, found = at_once(lambda: self.namespaces(only), lambda: asked(likely))
        found |= asked([space for space in known if space not in found])
        return {space: found[space] for space in known}

    def check_from(self, event_store: str) -> None:
        """Check the event store and the namespace for a caller that uses another event store. The hint says what to do
        from there.

        :raises UnknownEventStoreError: the kernel does not have the event store.
        :raises InvalidInputError: the event store does not have the namespace.
        """
        known, door = self.namespaces(), "client"
        if event_store != self._event_store:
            start = DEFAULT_NAMESPACE if DEFAULT_NAMESPACE in known else "".join(known[:1])
            door = f"client.at(event_store={self._event_store!r}, namespace={start!r})"
        self._check(self._namespace, known, door)
        self._namespace_exists = True

    def remark(self, event_stores: Sequence[str] | None = None) -> str:
        """What is missing or wrong and what to do, so that it is visible before a call fails; empty if nothing is.

        The next call reports all other problems. The namespace that each event store has is not asked for.

        :param event_stores: the event stores, if they were just listed.
        """
        found = []
        try:
            known = self._kernel.event_stores() if event_stores is None else event_stores
            found.append(blank_store_warning(known))
            self._find_store(known)
            if self._namespace != DEFAULT_NAMESPACE:
                self.namespace()
        except (UnknownEventStoreError, InvalidInputError) as error:
            found.append(f"{error.message} {error.hint}")
        except KernelError:
            pass
        return " ".join(filter(None, found))

    def described(self, namespace: str | None, webhook: str | None = None) -> str:
        """The subject of a listing: ``event store 'banking', all namespaces``."""
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
            or f"It has {listed(known)}: choose one with namespace=. "
            f"Create one with {door}.ensure_namespace({namespace!r}).",
        )
