"""Registering event types, which both forms of the contract do with messages of the same fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from chronicle_notebook.contracts.wire import event_types_classic_pb2 as classic, event_types_pb2 as wire
from chronicle_notebook.sandbox._event_type import EventTypeGeneration, Registration
from chronicle_notebook.sandbox._event_types import CLIENT, CODE, UNTOLD, parsed
from chronicle_notebook.sandbox._exceptions import ArgumentNullException, InvalidEventType, JsonReaderException
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._stores import Store

Message = wire.EventTypeRegistration | classic.EventTypeRegistration


def register(kernel: Kernel, store: Store, registrations: Iterable[Message], *, validated: bool) -> None:
    """Store event types. All are checked before any is stored.

    Raises ValueError for a chain of generations that is not complete, unless ``validated`` is False, and for a schema
    that differs from the registered one of the same generation; UnservedError for migrations, unless they are accepted:
    the sandbox does not execute them, so events stay in their generation.
    """
    found: list[Registration] = []
    migrations: list[str] = []
    for registration in registrations:
        if validated:
            _check_chain(registration)
        if kernel.unserved.accepted:
            _check_migrations(registration)
        found.extend(_entries(kernel, store, registration))
        migrations += [
            f"{registration.Type.Id} from generation {each.FromGeneration} to {each.ToGeneration}"
            for each in registration.Migrations
        ]
    # B15 in docs/fidelity.md: a type with migrations has none here, because the sandbox executes no migration.
    kernel.unserved.take("event type migration", store.name, migrations)
    kernel.types.save(store, found, whole=True)


def register_single(kernel: Kernel, store: Store, registration: Message) -> None:
    """Store a schema for exactly one generation, without a check."""
    kernel.types.save(store, [Registration(_named(kernel, registration), registration.Schema, CLIENT, CODE)])


def _entries(kernel: Kernel, store: Store, registration: Message) -> Iterator[Registration]:
    event_type = _named(kernel, registration)
    if not registration.Generations:
        parsed(registration.Schema)
        yield Registration(event_type, registration.Schema, CLIENT, CODE)
    for generation in registration.Generations:
        schema = parsed(generation.Schema)
        known = kernel.types.find(store, event_type.id, generation.Generation)
        if known is not None and _bare(parsed(known.schema)) != _bare(schema):
            raise InvalidEventType(
                f"The schema of event type '{event_type.id}' generation {generation.Generation} has changed. "
                "A changed schema needs a new generation."
            )
        kind = EventTypeGeneration(event_type.id, generation.Generation, event_type.tombstone)
        # The first kernels of the commands contract tell no source of a type that was registered in generations.
        yield Registration(kind, generation.Schema, CLIENT, UNTOLD if kernel.profile.early_events else CODE)


def _named(kernel: Kernel, registration: Message) -> EventTypeGeneration:
    if not registration.Type.Id and not kernel.behaviour.odd_names_taken:
        raise ArgumentNullException
    return EventTypeGeneration.of(registration.Type)


def _check_migrations(registration: Message) -> None:
    for each in registration.Migrations:
        for text in filter(None, (each.UpcastJmesPath, each.DowncastJmesPath)):
            try:
                json.loads(text)
            except ValueError as error:
                raise JsonReaderException(f"A migration of '{registration.Type.Id}' is not JSON: {error}") from error


class MissingEventTypeMigrators(ValueError):  # noqa: N818 - the name that a kernel tells
    """An event type has a later generation and no migrations."""


def _check_chain(registration: Message) -> None:
    """Every generation from 2 on needs a migration from each earlier one."""
    name, generation = registration.Type.Id, registration.Type.Generation
    if generation < 2:
        return
    starts = {entry.FromGeneration for entry in registration.Migrations if entry.FromGeneration != entry.ToGeneration}
    if not starts:
        raise MissingEventTypeMigrators(f"Event type '{name}' has generation {generation} and no migrations.")
    if 1 not in starts:
        raise InvalidEventType(f"Event type '{name}' has no migration from its first generation.")
    missing = sorted(set(range(1, generation)) - starts)
    if missing:
        raise InvalidEventType(f"Event type '{name}' has no migration from generation {missing[0]}.")


def _bare(value: object) -> object:
    """A schema without the marks of nullability on formats, which do not count as a change."""
    if isinstance(value, dict):
        return {
            key: item.rstrip("?") if key == "format" and isinstance(item, str) else _bare(item)
            for key, item in value.items()
        }
    return [_bare(item) for item in value] if isinstance(value, list) else value
