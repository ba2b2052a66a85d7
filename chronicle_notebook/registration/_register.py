"""Registering one or several webhooks: check, register the declared event types, and send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.definition._declaration import DeclaredWebhook
from chronicle_notebook.model import RegisteredEventType
from chronicle_notebook.registration._examination import Destination, Examined, examine
from chronicle_notebook.registration._fault import before_sending
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.registration._send import Notes, send


def register(
    to: Destination, hooks: Sequence[DeclaredWebhook], *, wait: float, confirm_host: str | None = None
) -> list[Outcome]:
    """Register webhooks. Their declared event types are registered first, in one call."""
    with before_sending():
        to.expect([hook.definition for hook in hooks])
        examined = examine(to, hooks)
        before = to.webhooks()
    given = to.kernel, to.event_store, examined.definitions, prepare(to, examined)
    return send(*given, wait=wait, confirm_host=confirm_host, before=before, beforehand=to.beforehand)


def prepare(to: Destination, examined: Examined) -> Notes:
    """Register the declared event types that the event store lacks, and return the remarks."""
    common = _register_event_types(to.kernel, to.event_store, examined.declared, examined.known)
    return {webhook: notes + common for webhook, notes in examined.notes.items()}


def _register_event_types(
    kernel: KernelGateway,
    event_store: str,
    declared: Sequence[RegisteredEventType],
    known: Mapping[str, RegisteredEventType],
) -> tuple[str, ...]:
    """Register the event types whose ids the event store lacks.

    An id that is there is never registered over, because other clients rely on it. A list shows the first generation
    only, so another generation may be there too (seen on SQLite).
    """
    new = [each for each in declared if each.id not in known]
    if new:
        kernel.register_event_types(event_store, new)
    return tuple(
        note for each in declared if each not in new and (note := _difference(each, known[each.id])) is not None
    )


def _difference(declared: RegisteredEventType, listed: RegisteredEventType) -> str | None:
    """What to say about a declared event type that the event store has in another form; None if it is the same."""
    if declared.generation > listed.generation:
        return (
            f"The event store lists {declared.id} in generation {listed.generation}, so {declared.type} was not "
            "registered: it may be there already, and registering it again would replace its schema for other "
            "applications. client.register_event_types(CLASS) registers it."
        )
    if declared.generation == listed.generation and dict(declared.schema) != dict(listed.schema):
        return (
            f"Event type {declared.type} has another schema in the event store, which stays: declare a new generation "
            "and register it with client.register_event_types(CLASS) to change it."
        )
    return None
