"""Removing a webhook and registering it again as one guarded step: the only way to change some fields.

Kernels ignore a change of ``active``, ``replayable`` and the event sequence of an existing webhook, and cannot take an
authorization away (source: K/Core/Services/Observation/Webhooks/Webhooks.cs). A webhook that is removed and registered
again has them as given. Its observer keeps its position meanwhile (source: K/Core/Observation/Observer.cs).
"""

from __future__ import annotations

from dataclasses import replace as changed
from typing import NoReturn

from chronicle_notebook._errors import (
    CallCancelledError,
    ChronicleError,
    DeadlineExceededError,
    KernelUnreachableError,
    ReplacementError,
)
from chronicle_notebook._secrets import Secret
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.webhooks import _registration
from chronicle_notebook.webhooks._authorization_rules import secrets_of
from chronicle_notebook.webhooks._declaration import DeclaredWebhook
from chronicle_notebook.webhooks._outcome import Action, Outcome
from chronicle_notebook.webhooks._validation import check

_UNKNOWN_OUTCOME = (KernelUnreachableError, DeadlineExceededError, CallCancelledError)
_AGAIN = "Register error.definition again: client.webhooks.register(error.definition)."


def replace(kernel: KernelGateway, event_store: str, definition: WebhookDefinition, *, wait: float) -> Outcome:
    """Remove the webhook of this id, see it gone, register it as given, and see that.

    Everything that can be checked is checked before anything is removed.
    """
    check(definition, known_event_types=[each.id for each in kernel.event_types(event_store)])
    _reveal_once(definition)
    found = {each.id: each for each in kernel.webhooks(event_store)}.get(definition.id)
    hook = DeclaredWebhook(definition, (), "a replacement")
    if found is None:
        return _registration.register(kernel, event_store, [hook], wait=wait)[0]
    note = _position(kernel, event_store, definition, found)
    removed = _remove(kernel, event_store, definition, wait=wait)
    if not removed.visible:
        raise ReplacementError(
            f"The removal of {definition.id!r} was accepted, and after {removed.waited:.1f} s it is still there, so it "
            "was not registered again. It may go at any moment.",
            definition=definition,
            hint=f"Look whether it is gone, and then: {_AGAIN}",
        )
    try:
        outcome = _registration.register(kernel, event_store, [hook], wait=wait)[0]
    except ChronicleError as error:
        _left_removed(definition, error)
    except BaseException as error:
        error.add_note(f"The webhook {definition.id!r} was removed, and not registered again.")
        raise
    return changed(outcome, action=Action.UPDATED, notes=(note, *outcome.notes))


def _remove(kernel: KernelGateway, event_store: str, definition: WebhookDefinition, *, wait: float) -> Outcome:
    """Remove it. From here on it may be gone, whatever ends this, and then it is said."""
    try:
        return _registration.remove(kernel, event_store, [definition.id], wait=wait)[0]
    except _UNKNOWN_OUTCOME as error:
        raise ReplacementError(
            f"Whether {definition.id!r} was removed is unknown, and it was not registered again: {error.message}",
            definition=definition,
            hint=f"Look whether it is gone, and then: {_AGAIN}",
        ) from error
    except KeyboardInterrupt as error:
        error.add_note(f"The webhook {definition.id!r} may be removed, and was not registered again.")
        raise


def _left_removed(definition: WebhookDefinition, error: ChronicleError) -> NoReturn:
    raise ReplacementError(
        f"The webhook {definition.id!r} was removed, and registering it again failed: {error.message}",
        definition=definition,
        hint=_AGAIN,
    ) from error


def _reveal_once(definition: WebhookDefinition) -> None:
    """Find out now whether a secret cannot be had, and ask now for one that is asked for."""
    for _, secret in secrets_of(definition.authorization):
        secret.reveal()
    for value in definition.headers.values():
        if isinstance(value, Secret):
            value.reveal()


def _position(kernel: KernelGateway, event_store: str, definition: WebhookDefinition, found: WebhookDefinition) -> str:
    if definition.event_sequence_id != found.event_sequence_id:
        return (
            f"It was removed and registered again, and observes {definition.event_sequence_id!r} from the first event "
            "it has not handled there."
        )
    numbers = [
        f"{observer.next_sequence_number} in namespace {namespace!r}"
        for namespace in kernel.namespaces(event_store)
        for observer in kernel.observers(event_store, namespace)
        if observer.id == definition.id
    ]
    where = f": number {', '.join(numbers)}" if numbers else ""
    return f"It was removed and registered again. Its observer goes on from where it was{where}."
