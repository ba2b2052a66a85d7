"""Registering one or several webhooks: check, send once, read back, and report what took effect."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from chronicle_notebook.base._errors import (
    DeadlineExceededError,
    KernelError,
    KernelFaultError,
    KernelUnreachableError,
)
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._kernel_defects import by_key
from chronicle_notebook.definition._declaration import DeclaredWebhook
from chronicle_notebook.model import AuthorizationKind, RegisteredEventType, WebhookDefinition
from chronicle_notebook.registration._blocked import blocked_note, blocking
from chronicle_notebook.registration._differences import (
    applicable,
    differing,
    kind_change_fails,
    left_behind,
    old_target_notes,
    remarks,
)
from chronicle_notebook.registration._examination import Destination, Examined, examine
from chronicle_notebook.registration._fault import as_unchanged, fault_note, nothing_changed, took_effect
from chronicle_notebook.registration._new_host import check_hosts
from chronicle_notebook.registration._outcome import Action, Outcome
from chronicle_notebook.registration._wait import Definitions, Settled, until_registered, until_removed

RESENT = (
    "The credentials were sent again: a kernel does not know whether they are the same, so it may recommend or start a "
    "replay."
)
RECOVERED = "The connection was lost during the call, but the read-back shows that the kernel did it."
ANSWERED_LATE = "The kernel did not answer in time, but the read-back shows that it did it."
ACCEPTED = "The kernel had accepted the call. Only the wait was interrupted: check with client.webhooks.ids()."
INACTIVE = "It is inactive: the kernel keeps it and sends nothing."

_UNKNOWN_OUTCOME = (KernelUnreachableError, DeadlineExceededError)
"""The errors after which only the read-back shows whether a registration was made."""
_UNKNOWN_REMOVAL = (*_UNKNOWN_OUTCOME, KernelFaultError)
"""The errors after which only the read-back tells what was removed."""


Notes = Mapping[str, tuple[str, ...]]
"""Remarks about each webhook, by its id."""


def register(
    to: Destination, hooks: Sequence[DeclaredWebhook], *, wait: float, confirm_host: str | None = None
) -> list[Outcome]:
    """Register webhooks in one call to the kernel. Their declared event types are registered first, in one call."""
    examined = examine(to, hooks)
    notes = prepare(to, examined)
    return send(to.kernel, to.event_store, examined.definitions, notes, wait=wait, confirm_host=confirm_host)


def prepare(to: Destination, examined: Examined) -> Notes:
    """Register the declared event types that the event store lacks, and return the remarks."""
    common = _register_event_types(to.kernel, to.event_store, examined.declared, examined.known)
    return {webhook: notes + common for webhook, notes in examined.notes.items()}


def send(
    kernel: KernelGateway,
    event_store: str,
    definitions: Sequence[WebhookDefinition],
    notes: Notes,
    *,
    wait: float,
    confirm_host: str | None = None,
) -> list[Outcome]:
    """Send the checked webhooks, without those that are unchanged, and return the outcomes."""
    before = _read(kernel, event_store)
    check_hosts(definitions, before, confirmed=confirm_host)
    sent = [definition for definition in definitions if not _same(definition, before.get(definition.id))]
    fault: KernelFaultError | None = None
    recovered: tuple[str, ...] = ()
    started = time.monotonic()
    try:
        recovered = _send(kernel, event_store, sent, before, wait) if sent else ()
    except KernelFaultError as error:
        fault = error
    called = time.monotonic() - started
    awaited = sent if fault is None else _not_failing(kernel, sent, before)
    with said_when_interrupted(ACCEPTED if sent and fault is None else ""):
        try:
            settled = _settled(kernel, event_store, awaited, before, fault, wait)
        except _UNKNOWN_OUTCOME as error:
            if not sent or fault is not None:
                raise
            return [
                _unread(kernel, event_store, each.id, _action(each, before), error, notes[each.id])
                if each in sent
                else _unchanged(kernel, event_store, each, notes[each.id])
                for each in definitions
            ]
    if fault is not None and len(awaited) == len(sent) and nothing_changed(before, settled.found):
        raise as_unchanged(fault)

    def outcome(definition: WebhookDefinition) -> Outcome:
        remarks_ = notes[definition.id]
        if definition not in sent:
            return _unchanged(kernel, event_store, definition, remarks_)
        if fault is None:
            told = _outcome(kernel, event_store, definition, before, settled, remarks_ + recovered)
            # Counted from the moment of sending: the call itself can take most of the time.
            return replace(told, waited=called + told.waited)
        found = settled.found.get(definition.id)
        done = took_effect(definition, before.get(definition.id), found)
        told = _outcome(kernel, event_store, definition, before, settled, (*remarks_, fault_note(fault, done=done)))
        return replace(told, accepted=done, changed=done and told.changed)

    return _with_blocked(kernel, event_store, [outcome(definition) for definition in definitions])


def _with_blocked(kernel: KernelGateway, event_store: str, outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes, with the cause if an accepted webhook is not visible because its id is blocked."""
    unseen = [each.webhook for each in outcomes if each.accepted and not each.visible]
    found = blocking(kernel, event_store, unseen)
    return [
        replace(each, blocked=True, notes=(*each.notes, blocked_note(found[each.webhook])))
        if each.webhook in found
        else each
        for each in outcomes
    ]


def _not_failing(
    kernel: KernelGateway, sent: Sequence[WebhookDefinition], before: Definitions
) -> Sequence[WebhookDefinition]:
    """The webhooks that a kernel with these bugs can change at all: it makes no sense to wait for the others."""
    defects = by_key(kernel.known_defects)
    return [each for each in sent if not kind_change_fails(each, before.get(each.id), defects)]


def _settled(
    kernel: KernelGateway,
    event_store: str,
    awaited: Sequence[WebhookDefinition],
    before: Definitions,
    fault: KernelFaultError | None,
    wait: float,
) -> Settled:
    try:
        return until_registered(lambda: _read(kernel, event_store), awaited, before, wait=wait)
    except KernelError:
        if fault is None:
            raise
        raise fault from None


def remove(
    kernel: KernelGateway,
    event_store: str,
    webhooks: Sequence[str],
    *,
    wait: float,
    read: Callable[[], Definitions] | None = None,
    note: str = "",
) -> list[Outcome]:
    """Remove webhooks in one call to the kernel, and wait until they are gone.

    :param read: returns the webhooks that are there; by default the list of the kernel.
    :param note: a remark for each outcome.
    """
    lost = send_removal(kernel, event_store, webhooks)
    with said_when_interrupted(ACCEPTED if lost is None else ""):
        try:
            outcomes = _with_blocked(
                kernel, event_store, see_removed(kernel, event_store, webhooks, lost=lost, wait=wait, read=read)
            )
        except _UNKNOWN_OUTCOME as error:
            if lost is not None:
                raise
            outcomes = [_unread(kernel, event_store, webhook, Action.REMOVED, error) for webhook in webhooks]
    return [replace(each, notes=(note, *each.notes)) for each in outcomes] if note else outcomes


def send_removal(kernel: KernelGateway, event_store: str, webhooks: Sequence[str]) -> KernelError | None:
    """Send the removal once. Returns the error if its answer was lost; then the read-back has to decide."""
    try:
        kernel.remove_webhooks(event_store, webhooks)
    except _UNKNOWN_REMOVAL as lost:
        if isinstance(lost, KernelUnreachableError) and lost.nothing_sent:
            raise
        return lost
    return None


def see_removed(
    kernel: KernelGateway,
    event_store: str,
    webhooks: Sequence[str],
    *,
    lost: KernelError | None,
    wait: float,
    read: Callable[[], Definitions] | None = None,
) -> list[Outcome]:
    """Wait until the removed webhooks are gone.

    If the answer was ``lost``, that error is raised unless all of them are gone. If the kernel failed on the call, the
    error is raised if all of them are there; otherwise there is an outcome for each.
    """
    try:
        settled = until_removed(read or (lambda: _read(kernel, event_store)), webhooks, wait=wait)
    except KernelError:
        if lost is None:
            raise
        raise lost from None
    fault = lost if isinstance(lost, KernelFaultError) else None
    if fault is not None and not settled.seen_after:
        raise as_unchanged(fault)
    if lost is not None and fault is None and len(settled.seen_after) < len(set(webhooks)):
        raise lost

    def outcome(webhook: str) -> Outcome:
        gone = webhook in settled.seen_after
        lost_note = () if lost is None else (_recovered(lost),)
        return Outcome(
            webhook=webhook,
            action=Action.REMOVED,
            accepted=gone or fault is None,
            visible=gone,
            waited=settled.seen_after.get(webhook, settled.waited),
            origin=kernel.origin(event_store),
            notes=lost_note if fault is None else (fault_note(fault, done=gone),),
            changed=gone or fault is None,
        )

    return [outcome(webhook) for webhook in webhooks]


@contextmanager
def said_when_interrupted(note: str) -> Iterator[None]:
    """Add a note to an interruption: what the interruption does not undo."""
    try:
        yield
    except KeyboardInterrupt as interruption:
        if note:
            interruption.add_note(note)
        raise


def _read(kernel: KernelGateway, event_store: str) -> Definitions:
    return {definition.id: definition for definition in kernel.webhooks(event_store)}


def _same(wanted: WebhookDefinition, found: WebhookDefinition | None) -> bool:
    """Whether sending would change nothing. With credentials this is not known, so they are sent."""
    return found is not None and wanted.authorization.kind is AuthorizationKind.NONE and not differing(wanted, found)


def _send(
    kernel: KernelGateway, event_store: str, sent: Sequence[WebhookDefinition], before: Definitions, wait: float
) -> tuple[str, ...]:
    """Send, and never twice. If the outcome is unknown, the read-back decides, and there is a remark about it."""
    try:
        kernel.add_webhooks(event_store, sent)
    except _UNKNOWN_OUTCOME as lost:
        if isinstance(lost, KernelUnreachableError) and lost.nothing_sent:
            raise
        if any(_unprovable(each, before.get(each.id)) for each in sent):
            raise
        try:
            settled = until_registered(lambda: _read(kernel, event_store), sent, before, wait=wait)
        except KernelError:
            raise lost from None
        if len(settled.seen_after) < len(sent):
            raise
        return (_recovered(lost),)
    return ()


def _recovered(lost: KernelError) -> str:
    """What to say about a call without an answer that the kernel carried out."""
    return ANSWERED_LATE if isinstance(lost, DeadlineExceededError) else RECOVERED


def _unprovable(wanted: WebhookDefinition, before: WebhookDefinition | None) -> bool:
    """Whether the list already looked as wanted before sending, so that reading it back proves nothing."""
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
        origin=kernel.origin(event_store),
        notes=notes,
    )


def _action(wanted: WebhookDefinition, before: Definitions) -> Action:
    return Action.UPDATED if wanted.id in before else Action.CREATED


def _unread(
    kernel: KernelGateway,
    event_store: str,
    webhook: str,
    action: Action,
    error: KernelError,
    notes: tuple[str, ...] = (),
) -> Outcome:
    """The outcome of a change that the kernel accepted before the connection was lost."""
    return Outcome(
        webhook=webhook,
        action=action,
        accepted=True,
        visible=False,
        waited=0.0,
        origin=kernel.origin(event_store),
        notes=notes,
        unread=error.message,
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
    defects = by_key(kernel.known_defects)
    reasons = defects if kernel.version_tells else None
    if earlier is not None and wanted.authorization.kind is not AuthorizationKind.NONE:
        notes += (RESENT,)
    if found is not None and not wanted.active and not found.active:
        notes += (INACTIVE,)
    left = () if found is None else left_behind(wanted, found, earlier, reasons)
    if earlier is not None and found is not None:
        notes += old_target_notes(differing(earlier, found), earlier, defects)
    return Outcome(
        webhook=wanted.id,
        action=_action(wanted, before),
        accepted=True,
        visible=found is not None,
        waited=settled.seen_after.get(wanted.id, settled.waited),
        origin=kernel.origin(event_store),
        ineffective=left,
        changed=earlier is None or found is None or bool(differing(found, earlier)),
        notes=notes + remarks(wanted, defects, left=left),
    )


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
