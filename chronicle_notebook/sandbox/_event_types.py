"""Registered event types, in memory and in storage."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._event_type import EventTypeGeneration, Registration
from chronicle_notebook.sandbox._exceptions import JsonReaderException
from chronicle_notebook.sandbox._kernel_types import OTHERS, schema
from chronicle_notebook.sandbox._stores import Store
from chronicle_notebook.sandbox._topics import Topics
from chronicle_notebook.sandbox._webhook_events import registered_in
from chronicle_notebook.sandbox.storage._event_types import EventTypeTable

CLIENT = 1
SERVER = 2
UNTOLD = 0
CODE = 1
USER = 2


class EventTypes:
    """The event types of every store."""

    def __init__(self, table: EventTypeTable, topics: Topics, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._table = table
        self._topics = topics
        self._mutex = threading.Lock()
        self.on_new: Callable[[Store, list[Registration]], None] = lambda _store, _new: None
        """Called with what clients registered for the first time."""
        self._known: dict[int, dict[str, dict[int, Registration]]] = {}
        self._schemas: dict[tuple[int, str, int], Mapping[str, Any]] = {}

    def load(self) -> None:
        """Read everything from storage except the kernel's own types: these depend on the kernel that runs now."""
        for store, registration in self._table.all():
            if registration.owner != SERVER:
                self._remember(store, registration)

    def add_kernel_types(self, store: Store) -> None:
        """Register the kernel's own event types in a store."""
        about_webhooks = registered_in(store.name, self._behaviour)
        own = [*OTHERS, *about_webhooks] if self._behaviour.own_workings_shown else about_webhooks
        schemas = {name: schema(name) if self._behaviour.own_workings_shown else "{}" for name in own}
        self.save(
            store, [Registration(EventTypeGeneration(name), text, SERVER, CODE) for name, text in schemas.items()]
        )

    def save(self, store: Store, registrations: Iterable[Registration], *, whole: bool = False) -> None:
        """Store generations, replacing equal ones.

        ``whole`` means that their event types have no other generations. It matters for kernels that replace the
        others.
        """
        entries = list(registrations)
        for entry in entries:
            parsed(entry.schema)
        names = {entry.type.id for entry in entries} if whole and self._behaviour.generations_replaced else set()
        with self._mutex:
            known = self._known.setdefault(store.key, {})
            new = [entry for entry in entries if entry.owner == CLIENT and entry.type.id not in known]
            self._table.save(store.key, entries, replaced=names)
            for name in names & set(known):
                known[name] = {}  # it keeps its place in lists
            for entry in entries:
                self._remember(store.key, entry)
        if new:
            self.on_new(store, new)
        self._topics.change("event-types", store.name)

    def listed(self, store: Store) -> list[Registration]:
        """One generation of each event type, in their order: the latest, or the first one as generation 1."""
        if not self._behaviour.first_generation_listed:
            return self._each(store, max)
        return [replace(entry, type=replace(entry.type, generation=1)) for entry in self._each(store, min)]

    def generations(self, store: Store, name: str) -> list[Registration]:
        """Every generation of an event type, oldest first."""
        with self._mutex:
            known = self._known.get(store.key, {}).get(name, {})
            return [known[generation] for generation in sorted(known)]

    def find(self, store: Store, name: str, generation: int) -> Registration | None:
        """One generation; None when it was never registered."""
        return self._known.get(store.key, {}).get(name, {}).get(generation)

    def schema(self, store: Store, event_type: EventTypeGeneration) -> Mapping[str, Any]:
        """The schema for events of a type; an unregistered generation uses the first registered one.

        Raises LookupError when the type is not registered (source: K/Storage.MongoDB/EventTypes/EventTypesStorage.cs).
        """
        known = self._known.get(store.key, {}).get(event_type.id)
        if not known:
            raise LookupError(f"Event type '{event_type.id}' is unknown in the event store '{store.name}'")
        entry = known.get(event_type.generation) or known[min(known)]
        key = (store.key, event_type.id, entry.type.generation)
        return self._schemas[key]

    def _each(self, store: Store, pick: Callable[[Iterable[int]], int]) -> list[Registration]:
        """One generation of each event type, the kernel's own ones first."""
        with self._mutex:
            known = self._known.get(store.key, {})
            known = dict(sorted(known.items(), key=_theirs))
            return [known[name][pick(known[name])] for name in known]

    def _remember(self, store: int, entry: Registration) -> None:
        self._known.setdefault(store, {}).setdefault(entry.type.id, {})[entry.type.generation] = entry
        self._schemas[store, entry.type.id, entry.type.generation] = parsed(entry.schema)


def _theirs(entry: tuple[str, dict[int, Registration]]) -> bool:
    """Whether a client registered a type; sorts the kernel's own ones before those."""
    return all(registration.owner == CLIENT for registration in entry[1].values())


def parsed(schema: str) -> Mapping[str, Any]:
    """A schema as JSON. Raises ValueError if the text is not a JSON object."""
    return json_object(schema, "schema")


DEEPEST = 200
"""The deepest nesting of objects and lists in a schema. This is a limit of the sandbox: a much deeper schema would
overflow the stack when it is read, and a stored one would prevent the next start."""


def json_object(text: str, what: str) -> dict[str, Any]:
    """The JSON object in a text. Raises ValueError, which says what is wrong, if there is none."""
    if _depth(text) > DEEPEST:
        raise JsonReaderException(f"The {what} is nested deeper than {DEEPEST} levels.")
    try:
        value = json.loads(text)
    except ValueError as error:
        raise JsonReaderException(f"The {what} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise JsonReaderException(f"The {what} is not a JSON object.")
    return value


_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')


def _depth(text: str) -> int:
    """How deep the brackets outside of strings are nested. They are counted, because parsing would overflow the
    stack."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", _STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest
