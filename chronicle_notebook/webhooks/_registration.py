"""One registration of one or many webhooks: check, send once, read back, and say what took effect."""

from __future__ import annotations

from collections.abc import Sequence

from chronicle_notebook._errors import DeadlineExceededError, KernelError, KernelUnreachableError
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import AuthorizationKind, RegisteredEventType, WebhookDefinition
from chronicle_notebook.stores._declared_event_type import registration_of
from chronicle_notebook.webhooks._comparison import applicable, differing, left_behind, remarks
from chronicle_notebook.webhooks._declaration import DeclaredWebhook
from chronicle_notebook.webhooks._outcome import Action, Outcome
from chronicle_notebook.webhooks._settling import Definitions, Settled, until_registered, until_removed
from chronicle_notebook.webhooks._validation import check, check_distinct, warn

RESENT = (
    "The credentials were sent again: a kernel cannot tell whether they are the same, so it may recommend or start a "
    "replay."
)
RECOVERED = "The connection was lost while the kernel worked on it; the read-back shows that it was done."
INACTIVE = "It is inactive: the kernel keeps it and sends nothing."

_UNKNOWN_OUTCOME = (KernelUnreachableError, DeadlineExceededError)


def register(
    kernel: KernelGateway, event_store: str, hooks: Sequence[DeclaredWebhook], *, wait: float
) -> list[Outcome]:
    """Register webhooks with one call to the kernel, and event types that they declare with one before it."""
    definitions = [hook.definition for hook in hooks]
    check_distinct(definitions)
    known = {registered.type.id: registered for registered in kernel.event_types(event_store)}
    declared = _declared(hooks)
    for definition in definitions:
        check(definition, known_event_types=[*known, *(each.id for each in declared)])
    for definition in definitions:
        warn(definition, stacklevel=4)
    notes = _register_event_types(kernel, event_store, declared, known)
    before = _read(kernel, event_store)
    sent = [definition for definition in definitions if not _same(definition, before.get(definition.id))]
    recovered = bool(sent) and not _send(kernel, event_store, sent, before, wait)
    settled = until_registered(lambda: _read(kernel, event_store), sent, before, wait=wait)
    return [
        _outcome(kernel, event_store, definition, before, settled, notes + ((RECOVERED,) if recovered else ()))
        if definition in sent
        else _unchanged(kernel, event_store, definition, notes)
        for definition in definitions
    ]


def remove(kernel: KernelGateway, event_store: str, webhooks: Sequence[str], *, wait: float) -> list[Outcome]:
    """Remove webhooks with one call to the kernel, and see them gone."""
    notes: tuple[str, ...] = ()
    try:
        kernel.remove_webhooks(event_store, webhooks)
    except _UNKNOWN_OUTCOME as lost:
        try:
            settled = until_removed(lambda: _read(kernel, event_store), webhooks, wait=wait)
        except KernelError:
            raise lost from None
        if len(settled.seen_after) < len(set(webhooks)):
            raise
        notes = (RECOVERED,)
    else:
        settled = until_removed(lambda: _read(kernel, event_store), webhooks, wait=wait)
    return [
        Outcome(
            webhook=webhook,
            action=Action.REMOVED,
            accepted=True,
            visible=webhook in settled.seen_after,
            waited=settled.seen_after.get(webhook, settled.waited),
            server=kernel.server,
            event_store=event_store,
            notes=notes,
        )
        for webhook in webhooks
    ]


def _read(kernel: KernelGateway, event_store: str) -> Definitions:
    return {definition.id: definition for definition in kernel.webhooks(event_store)}


def _same(wanted: WebhookDefinition, found: WebhookDefinition | None) -> bool:
    """Whether sending would change nothing. With credentials that cannot be known, so they are sent."""
    return found is not None and wanted.authorization.kind is AuthorizationKind.NONE and not differing(wanted, found)


def _send(
    kernel: KernelGateway, event_store: str, sent: Sequence[WebhookDefinition], before: Definitions, wait: float
) -> bool:
    """Send, and never twice. When the outcome is unknown the read-back decides: False if it was done all the same."""
    try:
        kernel.add_webhooks(event_store, sent)
    except _UNKNOWN_OUTCOME as lost:
        if any(_unprovable(each, before.get(each.id)) for each in sent):
            raise
        try:
            settled = until_registered(lambda: _read(kernel, event_store), sent, before, wait=wait)
        except KernelError:
            raise lost from None
        if len(settled.seen_after) < len(sent):
            raise
        return False
    return True


def _unprovable(wanted: WebhookDefinition, before: WebhookDefinition | None) -> bool:
    """Whether the list looked as wanted before it was sent, so that reading it back proves nothing."""
    return before is not None and not applicable(differing(wanted, before), wanted, before)


def _unchanged(
    kernel: KernelGateway, event_store: str, definition: WebhookDefinition, notes: tuple[str, ...]
) -> Outcome:
    return Outcome(
        webhook=definition.id,
        action=Action.UNCHANGED,
        accepted=True,
        visible=True,
        waited=0.0,
        server=kernel.server,
        event_store=event_store,
        notes=notes,
    )


def _outcome(
    kernel: KernelGateway,
    event_store: str,
    wanted: WebhookDefinition,
    before: Definitions,
    settled: Settled,
    notes: tuple[str, ...],
) -> Outcome:
    earlier, found = before.get(wanted.id), settled.found.get(wanted.id)
    defects = frozenset(defect.key for defect in kernel.known_defects)
    reasons = defects if kernel.version_tells else None
    if earlier is not None and wanted.authorization.kind is not AuthorizationKind.NONE:
        notes += (RESENT,)
    if found is not None and not wanted.active and not found.active:
        notes += (INACTIVE,)
    return Outcome(
        webhook=wanted.id,
        action=Action.CREATED if earlier is None else Action.UPDATED,
        accepted=True,
        visible=found is not None,
        waited=settled.seen_after.get(wanted.id, settled.waited),
        server=kernel.server,
        event_store=event_store,
        ineffective=() if found is None else left_behind(wanted, found, earlier, reasons),
        notes=notes + remarks(wanted, defects),
    )


def _declared(hooks: Sequence[DeclaredWebhook]) -> list[RegisteredEventType]:
    classes = dict.fromkeys(cls for hook in hooks for cls in hook.event_type_classes)
    return [registration_of(cls) for cls in classes]


def _register_event_types(
    kernel: KernelGateway,
    event_store: str,
    declared: Sequence[RegisteredEventType],
    known: dict[str, RegisteredEventType],
) -> tuple[str, ...]:
    """Register what the store lacks. A schema that is there is never overwritten: other clients rely on it."""
    new = [each for each in declared if each.id not in known or each.generation > known[each.id].generation]
    if new:
        kernel.register_event_types(event_store, new)
    return tuple(
        f"Event type {each.type} has another schema in the event store, which was kept: declare a new generation to "
        "change it."
        for each in declared
        if each not in new
        and each.generation == known[each.id].generation
        and dict(each.schema) != dict(known[each.id].schema)
    )
