"""From events on the ``system`` sequence to definitions in effect."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._exceptions import NullReferenceException
from chronicle_notebook.sandbox._log import Log
from chronicle_notebook.sandbox._registry import Registry
from chronicle_notebook.sandbox._stores import (
    DEFAULT_NAMESPACE,
    SYSTEM_SEQUENCE,
    Namespace,
    SequenceScope,
    Store,
    Stores,
)
from chronicle_notebook.sandbox._webhook import Webhook, WireAuthorizationKind
from chronicle_notebook.sandbox._webhook_events import ADDED, REMOVED, applied
from chronicle_notebook.sandbox.delivery import Engine
from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.storage._database import Database
from chronicle_notebook.sandbox.storage._events import EventTable
from chronicle_notebook.sandbox.storage._webhooks import WebhookTable

_LOG = logging.getLogger(__name__)
_Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class ReactorFailure:
    """An event about a webhook that could not be applied: its number, and why."""

    webhook: str
    number: int
    message: str
    occurred: str = field(default_factory=_moment.now)
    id: UUID = field(default_factory=uuid4)


class Reactor:
    """Applies each system event after the settle delay, in order for each webhook.

    Source: K/Core/Observation/Webhooks/WebhookReactor.cs. A new webhook with authorization is first in effect without
    it, and gets it with its second event, one settle delay later. Waiting events are in storage, so a crash loses
    nothing.
    """

    def __init__(
        self,
        database: Database,
        events: EventTable,
        table: WebhookTable,
        log: Log,
        stores: Stores,
        registry: Registry,
        engine: Engine,
        delay: float,
    ) -> None:
        self._database = database
        self._events = events
        self._table = table
        self._log = log
        self._stores = stores
        self._registry = registry
        self._engine = engine
        self._behaviour = registry.behaviour
        self._delay = delay
        self._order = threading.Lock()
        # Held from a change of the definitions to the change of the subscriptions, so that they always agree.
        self._subscribing = threading.Lock()
        self._changed = threading.Condition()
        self._waiting: dict[_Key, deque[int]] = {}
        self._due: deque[tuple[float, _Key]] = deque()
        self._blocked: set[_Key] = set()
        self._leaving: set[_Key] = set()
        self._failures: dict[_Key, ReactorFailure] = {}
        self._stopping = False
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="chronicle-sandbox-reactor", daemon=True)
        self.on_changed: Callable[[str, list[str], set[str]], None] = lambda _store, _namespaces, _webhooks: None
        """Called with the webhooks whose definition changed, unless they are replayed at once."""

    def start(self) -> None:
        """Subscribe the active webhooks, and continue with the waiting events."""
        for store in self._stores.all():
            for namespace in self._stores.namespaces(store):
                self.subscribe_namespace(store, namespace)
        for store_key, number, webhook in self._table.unsettled():
            self._queue((store_key, webhook), number)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. Waiting events are applied after the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def append(self, store: Store, events: Sequence[Event]) -> None:
        """Append events to the store's ``system`` sequence, to take effect after the settle delay."""
        scope = self._stores.scope(store.name, DEFAULT_NAMESPACE, SYSTEM_SEQUENCE)
        sources = [event.source for event in events]
        # One lock around both, so that events wait in the order of their append.
        with self._order:
            numbers = self._log.append_own(
                scope, events, lambda numbers: self._table.add_unsettled(store.key, zip(numbers, sources, strict=True))
            )
            for event, number in zip(events, numbers, strict=True):
                key = (store.key, event.source)
                if event.type.id == REMOVED:
                    self._leaving.add(key)
                elif event.type.id == ADDED:
                    self._leaving.discard(key)
                self._queue(key, number)
        # Nothing is delivered after a removal has returned, although lists show the webhook a little longer (seen).
        self._unsubscribe(store, [event.source for event in events if event.type.id == REMOVED])

    def is_leaving(self, store: Store, id_: str) -> bool:
        """Whether a webhook that is still listed was removed."""
        return (store.key, id_) in self._leaving

    def wait_until_settled(self, most: float = 5.0) -> None:
        """Wait until no event waits, for ``most`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._busy, most)

    def subscribe_namespace(self, store: Store, namespace: Namespace) -> None:
        """Subscribe every active webhook of a store in one of its namespaces."""
        with self._subscribing:
            active = [
                webhook
                for webhook in self._registry.of(store)
                if self._registry.is_active(webhook) and not self.is_leaving(store, webhook.id)
            ]
            if active:
                self._engine.subscribe(self._entries(store, [namespace], active))

    def _entries(
        self, store: Store, namespaces: Iterable[Namespace], webhooks: Iterable[Webhook]
    ) -> list[tuple[SequenceScope, Webhook]]:
        webhooks = list(webhooks)
        return [
            (self._stores.scope(store.name, namespace.name, webhook.sequence), webhook)
            for namespace in namespaces
            for webhook in webhooks
        ]

    def _queue(self, key: _Key, number: int) -> None:
        with self._changed:
            if key in self._blocked:
                return
            if key in self._waiting:
                self._waiting[key].append(number)
            else:
                self._waiting[key] = deque([number])
                self._due.append((time.monotonic() + self._delay, key))
                self._changed.notify_all()

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            stores = {store.key: store for store in self._stores.all()}
            for store_key, numbers in taken.items():
                try:
                    self._apply(stores[store_key], numbers)
                except Exception:  # noqa: BLE001 - the log has one store's error, which must not stop the others
                    _LOG.exception(
                        "Events about webhooks of event store %s did not take effect", stores[store_key].name
                    )
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> dict[int, list[int]] | None:
        """Wait for due events: at most one event of each webhook, by event store. None when stopping."""
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    self._busy = True
                    return self._take(now)
                self._changed.wait(self._due[0][0] - now if self._due else None)
            return None

    def _take(self, now: float) -> dict[int, list[int]]:
        taken: dict[int, list[int]] = {}
        again: list[_Key] = []
        while self._due and self._due[0][0] <= now:
            _, key = self._due.popleft()
            queue = self._waiting[key]
            taken.setdefault(key[0], []).append(queue.popleft())
            if queue:
                again.append(key)
            else:
                del self._waiting[key]
        # Put back afterwards: without a delay they would be due at once, and each depends on the one before it.
        self._due.extend((now + self._delay, key) for key in again)
        return taken

    def _apply(self, store: Store, numbers: list[int]) -> None:
        scope = self._stores.scope(store.name, DEFAULT_NAMESPACE, SYSTEM_SEQUENCE)
        saved: list[Webhook] = []
        removed: list[str] = []
        changed: set[str] = set()
        unsubscribed: set[str] = set()
        settled = sorted(numbers)
        for event in self._events.numbered(scope.key, settled):
            existing = self._registry.find(store, event.source)
            if event.type.id == REMOVED:
                if existing is None and self._behaviour.unknown_removal_blocks:
                    self._fail(store, event, str(NullReferenceException()))
                    settled.remove(event.number)
                else:
                    removed.append(event.source)
                    self._leaving.discard((store.key, event.source))
            elif (webhook := applied(existing, event)) is not None:
                if self._behaviour.repeated_type_blocks and (twice := _twice(webhook)):
                    self._fail(store, event, f"An item with the same key has already been added. Key: {twice}")
                    settled.remove(event.number)
                    unsubscribed.add(webhook.id)
                if self._is_lost(webhook):
                    continue
                saved.append(webhook)
                if existing is not None and _counts_as_changed(existing, webhook):
                    changed.add(webhook.id)
        with self._subscribing:
            with self._database.transaction():
                self._registry.apply(store, saved, removed)
                self._table.remove_unsettled(store.key, settled)
            self._unsubscribe(store, removed)
            active = [webhook for webhook in saved if webhook.active and webhook.id not in unsubscribed]
            self._engine.subscribe(self._entries(store, self._stores.namespaces(store), active))
        if self._behaviour.replayed_on_change:
            self._engine.replay_soon(observer for observer in self._of(store) if observer.webhook.id in changed)
        else:
            self.on_changed(store.name, [each.name for each in self._stores.namespaces(store)], changed)
        self._registry.announce(store)

    def _is_lost(self, webhook: Webhook) -> bool:
        """Whether a definition never reaches the list."""
        if "#" in webhook.id and self._behaviour.hash_in_id_lost:
            return True
        in_database = self._behaviour.updates_lost
        return self._behaviour.repeated_type_blocks and in_database and bool(_twice(webhook))

    def failures(self, store: Store) -> list[ReactorFailure]:
        """What could not be applied in a store, oldest first."""
        with self._changed:
            return [failure for key, failure in self._failures.items() if key[0] == store.key]

    def _fail(self, store: Store, event: Event, message: str) -> None:
        """Note that an event cannot be applied, and let what waits for its webhook and will come wait for good."""
        key = (store.key, event.source)
        with self._changed:
            # D1 in docs/fidelity.md: the event is tried once, because each attempt fails in the same way.
            self._failures.setdefault(key, ReactorFailure(event.source, event.number, message))
            self._blocked.add(key)
            self._waiting.pop(key, None)
            self._due = deque(entry for entry in self._due if entry[1] != key)

    def _of(self, store: Store) -> list[Observer]:
        return [observer for observer in self._engine.observers() if observer.scope.store == store.name]

    def _unsubscribe(self, store: Store, removed: list[str]) -> None:
        if removed:
            gone = set(removed)
            self._engine.unsubscribe(
                (observer.scope.key, observer.webhook.id) for observer in self._of(store) if observer.webhook.id in gone
            )


def _twice(webhook: Webhook) -> str:
    """The first event type that a webhook has twice in one generation, as a kernel writes it, or nothing."""
    seen: set[str] = set()
    for kind in webhook.event_types:
        key = f"{kind.id}+{kind.generation}"
        if key in seen:
            return key
        seen.add(key)
    return ""


def _counts_as_changed(before: Webhook, after: Webhook) -> bool:
    """Whether a definition changed. A first authorization alone does not count as a change."""
    if before.authorization.kind is WireAuthorizationKind.NONE:
        before = replace(before, authorization=after.authorization)
    return before != after
