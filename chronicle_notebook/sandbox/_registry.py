"""The webhook definitions in effect, in memory and in storage."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._exceptions import FormatException
from chronicle_notebook.sandbox._rows import Row
from chronicle_notebook.sandbox._stores import Store
from chronicle_notebook.sandbox._topics import Topics
from chronicle_notebook.sandbox._webhook import Webhook
from chronicle_notebook.sandbox.storage._webhooks import WebhookTable


class Registry:
    """The definitions of every store, with the bytes that list each of them.

    So a list of fifty thousand webhooks only joins bytes that already exist.
    """

    def __init__(self, table: WebhookTable, topics: Topics, behaviour: Behaviour, row: Row) -> None:
        self._table = table
        self._topics = topics
        self.behaviour = behaviour
        self._row = row
        self._mutex = threading.Lock()
        self._webhooks: dict[int, dict[str, Webhook]] = {}
        self._listed: dict[int, dict[str, bytes]] = {}
        self._joined: dict[int, bytes] = {}

    def load(self) -> None:
        """Read what is in storage."""
        for store, webhook in self._table.all():
            self._remember(store, webhook)

    def of(self, store: Store) -> list[Webhook]:
        """The definitions of a store, oldest first."""
        with self._mutex:
            # B35 in docs/fidelity.md: in memory the order is that of registration too, because an order of chance
            # teaches nothing.
            return list(self._webhooks.get(store.key, {}).values())

    def find(self, store: Store, id_: str) -> Webhook | None:
        """One definition."""
        return self._webhooks.get(store.key, {}).get(id_)

    def listed(self, store: Store | None) -> bytes:
        """The serialized rows of a list, to be added to a serialized envelope. None has no webhook.

        Raises FormatException where the ``+`` in an event type id of one breaks the list of all.
        """
        if store is None:
            return b""
        if self.behaviour.plus_breaks_lists:
            for webhook in self.of(store):
                _check_types(webhook)
        with self._mutex:
            if store.key not in self._joined:
                self._joined[store.key] = b"".join(self._listed.get(store.key, {}).values())
            return self._joined[store.key]

    def apply(self, store: Store, saved: Iterable[Webhook], removed: Iterable[str]) -> None:
        """Store definitions and delete others. Call `announce` after the transaction."""
        saved, removed = list(saved), list(removed)
        self._table.remove(store.key, removed)
        self._table.save(store.key, saved)
        with self._mutex:
            for id_ in removed:
                self._webhooks.get(store.key, {}).pop(id_, None)
                self._listed.get(store.key, {}).pop(id_, None)
            for webhook in saved:
                self._remember(store.key, webhook)
            self._joined.pop(store.key, None)

    def announce(self, store: Store) -> None:
        """Something that cannot work. Its texts describe the shape of a value, never a secret, the value of a header or
        a URL."""
        self._topics.change("webhooks", store.name)

    def is_active(self, webhook: Webhook) -> bool:
        """Whether a definition that was read from storage counts as active."""
        return webhook.active or self.behaviour.inactive_lost

    def _remember(self, store: int, webhook: Webhook) -> None:
        self._webhooks.setdefault(store, {})[webhook.id] = webhook
        self._listed.setdefault(store, {})[webhook.id] = self._row(webhook, self.is_active(webhook))


def _check_types(webhook: Webhook) -> None:
    """Raise what reading the event types of a webhook fails with; a kernel keeps each as ``id+generation``."""
    for kind in webhook.event_types:
        if "+" in kind.id:
            generation = kind.id.split("+")[1]
            if generation.isdecimal():
                raise FormatException(f"String '{kind.generation}' was not recognized as a valid Boolean.")
            raise FormatException(f"The input string '{generation}' was not in a correct format.")
