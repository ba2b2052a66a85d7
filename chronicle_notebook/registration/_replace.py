"""Removing a webhook and registering it again as one guarded step: the only way to change some fields.

Kernels ignore a change of ``active``, ``replayable`` and the event sequence of an existing webhook, and cannot remove
its authorization (source: K/Core/Services/Observation/Webhooks/Webhooks.cs). A webhook that is removed and registered
again has the new values. Its observer keeps its position (source: K/Core/Observation/Observer.cs).
"""

from __future__ import annotations

from dataclasses import replace as changed
from typing import Any, NoReturn, Self

from chronicle_notebook.base._errors import ChronicleError, KernelError
from chronicle_notebook.base._public import public
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._kernel_defects import by_key
from chronicle_notebook.definition._declaration import DeclaredWebhook
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.registration._differences import differing, old_target_notes
from chronicle_notebook.registration._examination import Destination, examine
from chronicle_notebook.registration._in_use import in_use_notes
from chronicle_notebook.registration._outcome import Action, Outcome
from chronicle_notebook.registration._parts import changed_nothing
from chronicle_notebook.registration._register import prepare
from chronicle_notebook.registration._removal import see_removed, send_removal
from chronicle_notebook.registration._send import send

_AGAIN = "Register error.definition again: client.webhooks.register(error.definition)."


def replace(to: Destination, hook: DeclaredWebhook, *, wait: float) -> Outcome:
    """Remove the webhook of this id, wait until it is gone, register it as given, and read it back.

    Everything is checked before anything is removed, and the declared event types are registered before too.
    """
    definition = hook.definition
    notes = prepare(to, examine(to, [hook]))
    kernel, event_store = to.kernel, to.event_store
    found = {each.id: each for each in kernel.webhooks(event_store)}.get(definition.id)
    if found is None:
        return send(kernel, event_store, [definition], notes, wait=wait)[0]
    position = _position(kernel, event_store, definition, found)
    removed = _remove(kernel, event_store, definition, wait=wait)
    if not removed.visible:
        raise ReplacementError(
            f"The removal of {definition.id!r} was accepted, but after {removed.waited:.1f} s it is still there, so it "
            "was not registered again. It may disappear at any moment.",
            definition=definition,
            hint=f"Check whether it is gone, and then: {_AGAIN}",
        )
    try:
        outcome = send(kernel, event_store, [definition], notes, wait=wait)[0]
    except ChronicleError as error:
        _left_removed(definition, error)
    except BaseException as error:
        error.add_note(f"The webhook {definition.id!r} was removed, and not registered again.")
        raise
    known = by_key(kernel.known_defects)
    old = old_target_notes(differing(definition, found), found, known)
    old += in_use_notes(kernel, event_store, found) if old else ()
    return changed(outcome, action=Action.UPDATED, notes=(position, *old, *outcome.notes))


def _remove(kernel: KernelGateway, event_store: str, definition: WebhookDefinition, *, wait: float) -> Outcome:
    """Remove the webhook. After this it may be gone, unless the kernel refuses. Every other end says so."""
    lost: KernelError | None = None
    sent = False
    try:
        lost = send_removal(kernel, event_store, definition.id)
        sent = True
        return see_removed(kernel, event_store, definition.id, lost=lost, wait=wait)
    except ChronicleError as error:
        if not sent and changed_nothing(error):
            raise
        _maybe_removed(definition, error, accepted=sent and lost is None)
    except BaseException as error:
        error.add_note(f"The webhook {definition.id!r} may be removed, and was not registered again.")
        raise


def _maybe_removed(definition: WebhookDefinition, error: ChronicleError, *, accepted: bool) -> NoReturn:
    what = (
        f"The removal of {definition.id!r} was accepted, but checking whether it is gone failed, so"
        if accepted
        else f"Whether {definition.id!r} was removed is unknown, and"
    )
    raise ReplacementError(
        f"{what} it was not registered again: {error.message}",
        definition=definition,
        hint=f"Check whether it is gone, and then: {_AGAIN}",
    ) from error


def _left_removed(definition: WebhookDefinition, error: ChronicleError) -> NoReturn:
    raise ReplacementError(
        f"The webhook {definition.id!r} was removed, and registering it again failed: {error.message}",
        definition=definition,
        hint=_AGAIN,
    ) from error


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
    return f"It was removed and registered again. Its observer continues at its position{where}."


@public
class ReplacementError(ChronicleError):
    """A webhook was removed in order to register it again, and the second step failed. The webhook is gone, or may be
    gone."""

    def __init__(self, message: str, *, definition: WebhookDefinition, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.definition = definition
        """The definition to register again. Its secrets stay in this process; in another process give them again."""

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        rebuild, arguments, state = super().__reduce__()
        error: Self = rebuild(*arguments)
        error.__dict__.update(state)
        return error

    def __reduce__(self) -> tuple[Any, ...]:
        # A secret cannot be pickled, but the error must be: somebody must learn that a webhook is gone.
        rebuild, arguments, state = super().__reduce__()
        return (rebuild, arguments, {**state, "definition": self.definition.without_secrets()})
