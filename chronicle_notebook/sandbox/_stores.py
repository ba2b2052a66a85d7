"""Event stores, namespaces and sequences, in memory and in storage."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._exceptions import (
    ArgumentException,
    ArgumentNullException,
    InvalidEventStoreName,
    InvalidName,
)
from chronicle_notebook.sandbox._topics import Topics
from chronicle_notebook.sandbox.storage._event_stores import EventStoreTable


@dataclass(slots=True)
class Namespace:
    """A namespace with the sequences that were used in it."""

    key: int
    name: str
    sequences: dict[str, SequenceScope] = field(default_factory=dict)


@dataclass(slots=True)
class Store:
    """An event store with its namespaces by lower-case name."""

    key: int
    name: str
    namespaces: dict[str, Namespace] = field(default_factory=dict)


class Stores:
    """All event stores. Names are compared without regard to case, and ``System`` always exists.

    ``on_store`` and ``on_namespace`` are called with each new store or namespace, after its creation.
    """

    def __init__(self, table: EventStoreTable, topics: Topics, behaviour: Behaviour) -> None:
        self._table = table
        self._behaviour = behaviour
        self._topics = topics
        self._mutex = threading.RLock()
        self._stores: dict[str, Store] = {}
        self.on_store: Callable[[Store], None] = lambda _store: None
        self.on_namespace: Callable[[Store, Namespace], None] = lambda _store, _namespace: None

    def load(self) -> None:
        """Read what is in storage."""
        stores = {key: Store(key, name) for key, name in self._table.stores()}
        owners: dict[int, tuple[Store, Namespace]] = {}
        for key, owner, name in self._table.namespaces():
            store = stores[owner]
            owners[key] = (store, Namespace(key, name))
            store.namespaces[name.lower()] = owners[key][1]
        for key, owner, name in self._table.sequences():
            store, namespace = owners[owner]
            namespace.sequences[name] = SequenceScope(key, store.name, namespace.name, name)
        self._stores = {store.name.lower(): store for store in stores.values()}
        self.ensure(SYSTEM_STORE)

    def all(self) -> list[Store]:
        """Every event store, oldest first."""
        with self._mutex:
            return list(self._stores.values())

    def namespaces(self, store: Store) -> list[Namespace]:
        """Every namespace of a store, oldest first."""
        with self._mutex:
            return list(store.namespaces.values())

    def scopes(self) -> dict[int, SequenceScope]:
        """Every sequence by its key."""
        with self._mutex:
            return {
                scope.key: scope
                for store in self._stores.values()
                for namespace in store.namespaces.values()
                for scope in namespace.sequences.values()
            }

    def find(self, name: str) -> Store | None:
        """The store of a name; None if there is none."""
        return self._stores.get(name.lower())

    def ensure(self, name: str) -> Store:
        """The store of a name. If there is none, it is created, with the namespace ``Default``.

        Raises ValueError for a name that a store cannot have.
        """
        with self._mutex:
            store = self.find(name)
            created = store is None
            if store is None:
                self._check_store(name)
                store = self._stores[name.lower()] = Store(self._table.add_store(name), name)
        if created:
            self.on_store(store)
            self.ensure_namespace(store, DEFAULT_NAMESPACE)
            self._topics.change("stores")
        return store

    def ensure_namespace(self, store: Store, name: str) -> Namespace:
        """The namespace of a name. If there is none, it is created."""
        with self._mutex:
            namespace = store.namespaces.get(name.lower())
            created = namespace is None
            if namespace is None:
                self._check_namespace(name)
                namespace = Namespace(self._table.add_namespace(store.key, name), name)
                store.namespaces[name.lower()] = namespace
        if created:
            self.on_namespace(store, namespace)
            self._topics.change("namespaces", store.name)
        return namespace

    def scope(self, store: str, namespace: str, sequence: str) -> SequenceScope:
        """A sequence, created together with its store and its namespace."""
        _check(sequence, "event sequence")
        owner = self.ensure(store)
        place = self.ensure_namespace(owner, namespace)
        with self._mutex:
            scope = place.sequences.get(sequence)
            if scope is None:
                key = self._table.add_sequence(place.key, sequence)
                scope = place.sequences[sequence] = SequenceScope(key, owner.name, place.name, sequence)
        return scope

    def find_scope(self, store: str, namespace: str, sequence: str) -> SequenceScope | None:
        """A sequence, if it was used before."""
        owner = self.find(store)
        place = None if owner is None else owner.namespaces.get(namespace.lower())
        return None if place is None else place.sequences.get(sequence)

    def check_named(self, name: str) -> None:
        """Raise what a kernel that was run fails with when it writes to an event store with an empty or blank name."""
        if not name:
            raise ArgumentNullException
        if self._behaviour.odd_names_taken and not name.strip():
            raise ArgumentException(
                "The value cannot be an empty string or composed entirely of whitespace. (Parameter 'primaryKey')"
            )

    def is_blank(self, name: str) -> bool:
        """Whether a name is blank and has an empty list of webhooks all the same, as on kernels on SQL databases.

        Raises InvalidEventStoreName for a blank name in memory.
        """
        if not self._behaviour.odd_names_taken or not name or name.strip():
            return False
        if self._behaviour.context_reduced:
            raise InvalidEventStoreName(f"Invalid event store name '{name}'")
        return True

    def _check_store(self, name: str) -> None:
        """Raise what a kernel's call fails with when no event store can have a name."""
        self.check_named(name)
        if name == NOT_SET and self._behaviour.odd_names_taken:
            if self._behaviour.context_reduced:
                raise InvalidEventStoreName(f"Invalid event store name '{name}'")
            return
        _check(name, "event store")

    def _check_namespace(self, name: str) -> None:
        if not name or not self._behaviour.odd_names_taken:
            _check(name, "namespace")


def _check(name: str, what: str) -> None:
    # B8, K28 in docs/fidelity.md: an empty text counts as absent, because the messages do not say whether a text was
    # sent.
    if not name:
        raise ArgumentNullException
    # D4 in docs/fidelity.md: a blank name is refused and harms no later start, because a sandbox that must be thrown
    # away teaches nothing.
    if not name.strip() or name == NOT_SET:
        raise InvalidName(f"The {what} name '{name}' is not valid.")


NOT_SET = "[NotSet]"
DEFAULT_NAMESPACE = "Default"
SYSTEM_STORE = "System"
SYSTEM_SEQUENCE = "system"
EVENT_LOG = "event-log"
OUTBOX = "outbox"


@dataclass(frozen=True, slots=True)
class SequenceScope:
    """A sequence, with the key it has in storage."""

    key: int
    store: str
    namespace: str
    sequence: str
