"""The state of the observers of an event store and a namespace, all or one by its id. An unknown id is refused.

It would be true that no partition of an unknown id fails, but a reader would take this for good news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from chronicle_notebook.base._arguments import check_names
from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._errors import InvalidInputError, KernelError, UnknownWebhookError
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import EVENT_LOG, FailedPartition, ObserverState, RunningState, WebhookDefinition
from chronicle_notebook.model._observer import REACTOR_NAMESPACE, REACTOR_SEQUENCE, WEBHOOK_REACTOR
from chronicle_notebook.reading._list import unknown_webhook
from chronicle_notebook.session._location import Place

if TYPE_CHECKING:
    from chronicle_notebook.triage._condition import TriageRow

MANY = 8
"""So many ids are cheaper to find in one list of all failed partitions than one by one."""


def observers_of(
    kernel: KernelGateway, place: Place, webhook: str | None, namespace: str | None
) -> tuple[list[ObserverState], str]:
    """The observers, and a description of them for a caption.

    :raises UnknownWebhookError: no webhook and no observer has the id.
    :raises InvalidInputError: the event store has no such namespace.
    """
    from chronicle_notebook.events._true_tails import event_log_tail, with_true_tails

    check_names(webhook=webhook, namespace=namespace)
    spaces = place.in_each(
        lambda store, space: at_once(
            lambda: kernel.observers(store, space), lambda: event_log_tail(kernel, store, space)
        ),
        namespace,
    )
    found = [*chain.from_iterable(each for each, _ in spaces.values())]
    if webhook is not None and webhook not in {each.id for each in found}:
        if namespace is None and webhook in spaces:
            # In an earlier version the namespace was the first argument, and existing notebooks still use it so.
            return observers_of(kernel, place, None, webhook)
        _check_known(kernel, place, webhook)
    asked = [each for each in found if webhook in {None, each.id}]
    logs = dict(chain.from_iterable(log.items() for _, log in spaces.values()))
    return with_true_tails(kernel, place.store(), asked, logs), place.described(namespace, webhook)


def failing_of(
    kernel: KernelGateway, place: Place, webhook: str | None, namespace: str | None
) -> tuple[list[FailedPartition], str]:
    """The failed partitions, and a description of them for a caption.

    :raises UnknownWebhookError: no webhook and no observer has the id.
    :raises InvalidInputError: the event store has no such namespace.
    """
    from chronicle_notebook.registration._blocked import blocking

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
    from chronicle_notebook.events._true_tails import event_log_tail, with_true_tails
    from chronicle_notebook.registration._blocked import blocked_note, blocking
    from chronicle_notebook.registration._outcome import CHOOSE_ANOTHER

    store = place.store()

    def state(space: str, sequence: str) -> ObserverState:
        # This answer alone says whether the whole observer is quarantined. It has one for an unknown observer too.
        return kernel.observer(store, space, webhook, sequence)

    def likely_state(space: str) -> ObserverState | None:
        try:
            return state(space, EVENT_LOG)
        except KernelError:
            return None  # it is asked for again if the kernel lists the observer

    def standing(
        _: str, space: str
    ) -> tuple[list[ObserverState], ObserverState | None, list[FailedPartition], Mapping[str, int | None]]:
        return at_once(
            lambda: kernel.observers(store, space),
            lambda: likely_state(space),
            lambda: kernel.failed_partitions(store, space, webhook),
            lambda: event_log_tail(kernel, store, space),
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
        for space, (listed, early, _, _) in spaces.items()
        if any(each.id == webhook for each in listed)
    ]
    failing = chain.from_iterable(failed for _, _, failed, _ in spaces.values())
    logs = dict(chain.from_iterable(log.items() for _, _, _, log in spaces.values()))
    return definition, tuple(with_true_tails(kernel, store, observers, logs)), tuple(failing)


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


def several_ids(webhooks: str | type | TriageRow | Iterable[str | type | TriageRow]) -> list[str]:
    """The ids of one or several webhooks, from ids, declared classes or rows of a triage.

    :raises InvalidInputError: this is something else.
    """
    from chronicle_notebook.definition._inputs import id_of
    from chronicle_notebook.triage._condition import TriageRow

    given = (
        [webhooks] if isinstance(webhooks, str | type | TriageRow) or not isinstance(webhooks, Iterable) else webhooks
    )
    found: dict[str, None] = {}
    for each in given:
        if not isinstance(each, str | type | TriageRow):
            raise InvalidInputError(
                f"A retry takes ids, declared classes and rows of a triage, not {type(each).__name__}.",
                field="webhooks",
                hint='Write client.retry_failed_partitions("account-events"), or give no argument for all that fail.',
            )
        name = each.webhook if isinstance(each, TriageRow) else id_of(each)
        found[WEBHOOK_REACTOR if name == WEBHOOK_REACTOR.rpartition(".")[2] else name] = None
    return list(found)


def to_retry(kernel: KernelGateway, place: Place, wanted: Sequence[str] | None) -> list[tuple[FailedPartition, str]]:
    """The failed partitions of some observers, or of all webhooks, each with the event sequence of its observer.

    Whatever the kernel lists counts: also the partitions of removed webhooks and, by their id, of other observers.

    :raises UnknownWebhookError: no webhook and no observer has an id, and no partition of it fails.
    """
    from chronicle_notebook.triage._condition import OTHER_KINDS

    store, spaces = place.store(), place.namespaces()
    asked: Sequence[str | None] = [None] if wanted is None or len(wanted) > MANY else wanted
    found = [
        each
        for space in spaces
        for only in asked
        for each in kernel.failed_partitions(store, space, only)
        if wanted is None or each.observer_id in wanted
    ]
    sequences = {WEBHOOK_REACTOR: REACTOR_SEQUENCE}
    others = {WEBHOOK_REACTOR}
    if found:
        listed = [each for space in spaces for each in kernel.observers(store, space)]
        sequences |= {each.id: each.event_sequence_id for each in listed}
        others |= {each.id for each in listed if each.kind in OTHER_KINDS}
    if wanted is None:
        found = [each for each in found if each.observer_id not in others]
    failing = {each.observer_id for each in found}
    for observer in wanted or ():
        if observer not in failing:
            _check_known(kernel, place, observer)
    return [(each, sequences.get(each.observer_id, EVENT_LOG)) for each in found]


def release_observers(kernel: KernelGateway, place: Place, wanted: Sequence[str] | None) -> list[str]:
    """End the quarantine of whole observers, of some or of all webhooks and of the kernel's own observer of webhooks.
    Returns a sentence for each one."""
    from chronicle_notebook.triage._observed import read

    store, spaces = place.store(), place.namespaces()
    if wanted is None:
        found = [
            each for each in read(kernel, store, spaces).observers if each.id == WEBHOOK_REACTOR or _external(each)
        ]
    else:
        # Only the answer about one observer says whether it is quarantined (seen on 16.37.1).
        found = [
            kernel.observer(store, space, each.id, each.event_sequence_id)
            for space in spaces
            for each in kernel.observers(store, space)
            if each.id in wanted
        ]
    told = []
    for each in found:
        if each.running_state is RunningState.QUARANTINED:
            kernel.clear_observer_quarantine(store, each.namespace, each.id, each.event_sequence_id)
            told.append(f"The quarantine of the whole observer {each.id!r} in {each.namespace} was ended.")
    return told


def _external(observer: ObserverState) -> bool:
    """Whether it is the observer of a webhook."""
    from chronicle_notebook.triage._condition import OTHER_KINDS

    return observer.kind not in OTHER_KINDS
