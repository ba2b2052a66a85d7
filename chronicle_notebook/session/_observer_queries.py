"""The state of the observers of an event store and a namespace, all or one by its id. An unknown id is refused.

It would be true that no partition of an unknown id fails, but a reader would take this for good news.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from chronicle_notebook.base._arguments import check_names
from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._errors import InvalidInputError, KernelError, UnknownWebhookError
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import EVENT_LOG, FailedPartition, ObserverState, RunningState, WebhookDefinition
from chronicle_notebook.model._observer import REACTOR_NAMESPACE, REACTOR_SEQUENCE, WEBHOOK_REACTOR
from chronicle_notebook.reading._list import unknown_webhook
from chronicle_notebook.registration._blocked import blocked_note, blocking
from chronicle_notebook.registration._outcome import CHOOSE_ANOTHER
from chronicle_notebook.session._location import Place


def observers_of(
    kernel: KernelGateway, place: Place, webhook: str | None, namespace: str | None
) -> tuple[list[ObserverState], str]:
    """The observers, and a description of them for a caption.

    :raises UnknownWebhookError: no webhook and no observer has the id.
    :raises InvalidInputError: the event store has no such namespace.
    """
    check_names(webhook=webhook, namespace=namespace)
    spaces = place.in_each(kernel.observers, namespace)
    found = [*chain.from_iterable(spaces.values())]
    if webhook is not None and webhook not in {each.id for each in found}:
        if namespace is None and webhook in spaces:
            # In an earlier version the namespace was the first argument, and existing notebooks still use it so.
            return observers_of(kernel, place, None, webhook)
        _check_known(kernel, place, webhook)
    return [each for each in found if webhook in {None, each.id}], place.described(namespace, webhook)


def failing_of(
    kernel: KernelGateway, place: Place, webhook: str | None, namespace: str | None
) -> tuple[list[FailedPartition], str]:
    """The failed partitions, and a description of them for a caption.

    :raises UnknownWebhookError: no webhook and no observer has the id.
    :raises InvalidInputError: the event store has no such namespace.
    """
    check_names(webhook=webhook, namespace=namespace)
    spaces, blocked = at_once(
        lambda: place.in_each(lambda store, space: kernel.failed_partitions(store, space, webhook), namespace),
        lambda: blocking(
            kernel, place.store(), {webhook} if webhook and namespace in {None, REACTOR_NAMESPACE} else ()
        ),
    )
    found = [*chain.from_iterable(spaces.values())]
    if REACTOR_NAMESPACE in spaces:
        found += blocked.values()
    if webhook is not None and not found:
        _check_known(kernel, place, webhook)
    return found, place.described(namespace, webhook)


def described(
    kernel: KernelGateway, place: Place, get: Callable[[str], WebhookDefinition], webhook: str
) -> tuple[WebhookDefinition, tuple[ObserverState, ...], tuple[FailedPartition, ...]]:
    """One webhook with its observers and its failed partitions, in all namespaces.

    :param get: returns the webhook of an id, or raises an error.
    :raises UnknownWebhookError: no webhook has the id; the hint says so if the kernel does not apply the id any more.
    """
    store = place.store()

    def state(space: str, sequence: str) -> ObserverState:
        # This answer alone says whether the whole observer is quarantined. It has one for an unknown observer too.
        return kernel.observer(store, space, webhook, sequence)

    def likely_state(space: str) -> ObserverState | None:
        try:
            return state(space, EVENT_LOG)
        except KernelError:
            return None  # it is asked for again if the kernel lists the observer

    def standing(_: str, space: str) -> tuple[list[ObserverState], ObserverState | None, list[FailedPartition]]:
        return at_once(
            lambda: kernel.observers(store, space),
            lambda: likely_state(space),
            lambda: kernel.failed_partitions(store, space, webhook),
        )

    try:
        definition, spaces = at_once(lambda: get(webhook), lambda: place.in_each(standing))
    except UnknownWebhookError as error:
        for failed in blocking(kernel, store, {webhook}).values():
            error.hint = f"{blocked_note(failed)} {CHOOSE_ANOTHER}"
        raise
    sequence = definition.event_sequence_id
    observers = [
        early if early is not None and sequence == EVENT_LOG else state(space, sequence)
        for space, (listed, early, _) in spaces.items()
        if any(each.id == webhook for each in listed)
    ]
    failing = chain.from_iterable(failed for _, _, failed in spaces.values())
    return definition, tuple(observers), tuple(failing)


def clear_quarantine(kernel: KernelGateway, place: Place, observer: str, namespace: str | None) -> None:
    """End the quarantine of a whole observer, in every namespace or in one.

    :raises UnknownWebhookError: no observer has the id.
    """
    sequence = _sequence_of(kernel, place, observer)
    for space in place.namespaces(namespace):
        kernel.clear_observer_quarantine(place.store(), space, observer, sequence)


def _sequence_of(kernel: KernelGateway, place: Place, observer: str) -> str:
    """The event sequence of an observer, of a webhook or of any other one."""
    if not isinstance(observer, str):
        raise InvalidInputError(
            f"The id of a webhook is a text, not {type(observer).__name__}.",
            field="id",
            hint="List the ids with client.webhooks.ids().",
        )
    store = place.store()
    known: dict[str, str] = {}
    for observers in place.in_each(kernel.observers).values():
        known.update({each.id: each.event_sequence_id for each in observers})
    if observer not in known:  # a new webhook may have no observer yet
        known.update({each.id: each.event_sequence_id for each in kernel.webhooks(store)})
    if observer not in known:
        raise unknown_webhook(observer, sorted(known), store, kernel.server)
    return known[observer]


def reactor_warning(kernel: KernelGateway, event_store: str) -> str:
    """A warning if the kernel's own observer of webhooks is quarantined; empty otherwise, or if the kernel does not
    say."""
    try:
        state = kernel.observer(event_store, REACTOR_NAMESPACE, WEBHOOK_REACTOR, REACTOR_SEQUENCE).running_state
    except KernelError:
        return ""
    if state is not RunningState.QUARANTINED:
        return ""
    return (
        f"The kernel's own observer of webhooks is quarantined in event store {event_store!r}: no webhook can be "
        f"registered or removed. client.clear_quarantine({WEBHOOK_REACTOR!r}) ends this."
    )


def _check_known(kernel: KernelGateway, place: Place, observer: str) -> None:
    store = place.store()
    hooks = kernel.webhook_columns(store).id
    if observer in hooks:
        return
    # A reactor or a projection can fail too, and so can the observer of a removed webhook.
    known = {each.id for observers in place.in_each(kernel.observers).values() for each in observers}
    if observer not in known:
        raise unknown_webhook(observer, sorted(known.union(hooks)), store, kernel.server)


def retried(kernel: KernelGateway, place: Place, observer: str) -> list[tuple[FailedPartition, bool | None]]:
    """Ask the kernel to retry the failed partitions of an observer now.

    Each comes with whether the retry started; None where that is not known.

    :raises UnknownWebhookError: no observer has the id.
    """
    sequence, store = _sequence_of(kernel, place, observer), place.store()
    return [
        (each, kernel.retry_partition(store, space, observer, sequence, each.partition))
        for space in place.namespaces()
        for each in kernel.failed_partitions(store, space, observer)
    ]
