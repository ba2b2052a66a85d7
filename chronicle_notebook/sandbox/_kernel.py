"""The parts of the kernel, assembled."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path

import grpc

from chronicle_notebook.sandbox import _rows
from chronicle_notebook.sandbox._connected import ConnectedClients
from chronicle_notebook.sandbox._crypto import Crypto
from chronicle_notebook.sandbox._data_folder import DATABASE, KEY
from chronicle_notebook.sandbox._event_type import Registration
from chronicle_notebook.sandbox._event_types import EventTypes
from chronicle_notebook.sandbox._exceptions import SqliteException
from chronicle_notebook.sandbox._log import Log
from chronicle_notebook.sandbox._profile import KernelProfile
from chronicle_notebook.sandbox._reactor import Reactor
from chronicle_notebook.sandbox._recommendations import Recommendations
from chronicle_notebook.sandbox._registrar import Registrar
from chronicle_notebook.sandbox._registry import Registry
from chronicle_notebook.sandbox._stores import DEFAULT_NAMESPACE, SYSTEM_SEQUENCE, Store, Stores
from chronicle_notebook.sandbox._topics import Topics
from chronicle_notebook.sandbox._unserved import Unserved
from chronicle_notebook.sandbox._webhook_events import type_added
from chronicle_notebook.sandbox.delivery import Engine
from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.storage._database import Database
from chronicle_notebook.sandbox.storage._event_stores import EventStoreTable
from chronicle_notebook.sandbox.storage._event_types import EventTypeTable
from chronicle_notebook.sandbox.storage._events import EventTable
from chronicle_notebook.sandbox.storage._progress import ProgressTable
from chronicle_notebook.sandbox.storage._tokens import TokenTable
from chronicle_notebook.sandbox.storage._webhooks import WebhookTable

POLL = 2.0
"""Seconds between two looks of a kernel on an SQL database at a list that somebody watches."""
LONGEST_FILE_NAME = 255
"""The bytes of the longest name of an event store that a kernel on SQLite can make: its files have this name. One of
300 characters is too long (seen); the limit itself is that of file systems, and was not tried."""
_PAUSE = 0.1
"""The least time in seconds between two answers of a live list of observers, or of their failed partitions."""


class Kernel:
    """Everything behind the gRPC services, with the files of one data folder."""

    def __init__(
        self,
        data: Path,
        *,
        settle_delay: float,
        time_scale: float,
        profile: KernelProfile,
        accept_unserved: bool = False,
    ) -> None:
        self.profile = profile
        self.time_scale = time_scale
        """What delays are multiplied with."""
        self.unserved = Unserved(accepted=accept_unserved)
        self.behaviour = behaviour = profile.behaviour
        self.topics = Topics()
        self.clients = ConnectedClients(self.topics)
        self.recommendations = Recommendations(self.topics)
        self.database = Database(data / DATABASE)
        self.events = EventTable(self.database)
        self.tokens = TokenTable(self.database)
        self._crypto = crypto = Crypto(data / KEY)
        table = WebhookTable(self.database)
        self.stores = Stores(EventStoreTable(self.database), self.topics, behaviour)
        self.types = EventTypes(EventTypeTable(self.database), self.topics, behaviour)
        self.log = Log(self.database, self.events, self.types, behaviour)
        self.registry = Registry(table, self.topics, behaviour, _rows.row(profile))
        self.engine = Engine(self.events, ProgressTable(self.database), crypto, behaviour, time_scale)
        self.reactor = Reactor(
            self.database,
            self.events,
            table,
            self.log,
            self.stores,
            self.registry,
            self.engine,
            settle_delay,
        )
        self._lost_stores: set[str] = set()
        self.registrar = Registrar(self.registry, self.reactor, crypto, behaviour, time_scale)

    def start(self) -> None:
        """Load everything from storage and start to deliver."""
        self._crypto.check()
        self.stores.on_store = self.types.add_kernel_types
        if self.behaviour.own_workings_shown:
            self.types.on_new = self._note_types
        self.types.load()
        self.stores.load()
        for store in self.stores.all():
            self.types.add_kernel_types(store)
        self.log.load(self.stores.scopes())
        self.registry.load()
        self.log.on_stored = self.engine.batches.add
        readable = lambda scope: not self.log.spoiled(scope)  # noqa: E731 - a line of its own would say no more
        self.engine.start(self.stores.scopes(), self.log.tail, self._observer_changed, readable)
        self.log.on_appended = self.engine.appended
        self.stores.on_namespace = self.reactor.subscribe_namespace
        self.reactor.on_changed = self.recommendations.add
        self.reactor.start()

    def interrupt(self) -> None:
        """End the waits of calls, so that the calls end too."""
        self.topics.close()
        self.registrar.interrupt()
        self.engine.interrupt()

    def stop(self) -> None:
        """End everything, and store the progress."""
        self.reactor.stop()
        self.engine.stop()
        self.database.close()

    def store(self, name: str) -> Store:
        """The event store of a name. If there is none, it is created, as in a kernel."""
        return self.stores.ensure(name)

    def store_to_list(self, name: str) -> Store | None:
        """The event store whose namespaces or event types are listed; None where one that does not exist has none."""
        if self.behaviour.unknown_store_empty and name:
            return self.stores.find(name)
        return self.store(name)

    def store_of_webhooks(self, name: str) -> Store | None:
        """The event store whose webhooks are listed; None where one with a blank name has none."""
        return None if self.stores.is_blank(name) else self.store(name)

    def make_store(self, name: str) -> None:
        """Create the event store of a name, unless it exists.

        Raises SqliteException where its name is too long for a file. The store is listed all the same.
        """
        self.stores.ensure(name)
        if not self.behaviour.stores_as_files:
            return
        if before := name.partition("#")[0]:
            self.stores.ensure(before)
        if len(name.encode()) > LONGEST_FILE_NAME:
            raise SqliteException("SQLite Error 14: 'unable to open database file'.")

    def store_for_adding(self, name: str) -> Store | None:
        """The event store that webhooks are added to; None where what is added there is lost."""
        if not self.behaviour.unknown_store_loses:
            return self.store(name)
        self.stores.check_named(name)
        store = self.stores.find(name)
        # K5 in docs/fidelity.md: the kernel goes on, because a sandbox that must be killed teaches nothing.
        if store is None:
            if self.behaviour.context_reduced:
                self._lost_stores.add(name.lower())
            return None
        return None if name.lower() in self._lost_stores else store

    def changes(self, context: grpc.ServicerContext, *key: Hashable, pause: float = 0.0) -> Iterator[bool]:
        """Yield at once and after each change of a topic, or every two seconds where kernels look so at their lists.

        What is yielded tells whether an empty list is to be sent too.
        """
        if not self.behaviour.streams_poll:
            for _ in self.topics.follow(context, *key, pause=pause):
                yield True
            return
        pulse = self.topics.pulse
        if not context.add_callback(pulse.wake):
            return
        first = True
        while context.is_active():
            yield first
            first = False
            pulse.wait(0, context, POLL * self.time_scale)

    def webhook_changes(self, context: grpc.ServicerContext, store: Store | None) -> Iterator[bool]:
        """Like `changes` of the webhooks of an event store; None has none, ever."""
        return self.changes(context, "webhooks", "" if store is None else store.name)

    def _note_types(self, store: Store, registrations: Iterable[Registration]) -> None:
        """Append what tells of event types that are new."""
        scope = self.stores.scope(store.name, DEFAULT_NAMESPACE, SYSTEM_SEQUENCE)
        self.log.append_own(scope, [type_added(entry) for entry in registrations], lambda _numbers: None)

    def observers(self, store: str, namespace: str) -> list[Observer]:
        """The observers in a namespace of an event store. If the event store does not exist, it is created."""
        owner = self.store(store)
        return [
            observer
            for observer in self.engine.observers()
            if observer.scope.store == owner.name and observer.scope.namespace.lower() == namespace.lower()
        ]

    def observer_changes(self, context: grpc.ServicerContext, store: str, namespace: str) -> Iterator[bool]:
        """Like `changes` of the observers in a namespace, ten times a second at most.

        If the event store or the namespace does not exist, it is created.
        """
        owner = self.store(store)
        place = self.stores.ensure_namespace(owner, namespace)
        return self.changes(context, "observers", owner.name, place.name, pause=_PAUSE)

    def _observer_changed(self, observer: Observer) -> None:
        self.topics.change("observers", observer.scope.store, observer.scope.namespace)
