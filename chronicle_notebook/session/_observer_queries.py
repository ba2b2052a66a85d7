"""The state of the observers of an event store and a namespace, all or one by its id. An unknown id is refused.

It would be true that no partition of an unknown id fails, but a reader would take this for good news.
"""

from __future__ import annotations

from collections.abc import Iterable

from chronicle_notebook.base._arguments import check_names
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import FailedPartition, ObserverState
from chronicle_notebook.reading._list import unknown_webhook
from chronicle_notebook.session._location import Place


def observers_of(
    kernel: KernelGateway, place: Place, webhook: str | None, namespace: str | None
) -> tuple[list[ObserverState], str]:
    """The observers, and a description of them for a caption.

    :raises UnknownWebhookError: no webhook and no observer has the id.
    :raises InvalidInputError: the event store has no such namespace.
    """
    check_names(webhook=webhook, namespace=namespace)
    spaces = place.namespaces(namespace)
    found = [each for space in spaces for each in kernel.observers(place.store(), space)]
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
    spaces = place.namespaces(namespace)
    found = [each for space in spaces for each in kernel.failed_partitions(place.store(), space, webhook)]
    if webhook is not None and not found:
        _check_known(kernel, place, webhook)
    return found, place.described(namespace, webhook)


def _check_known(kernel: KernelGateway, place: Place, observer: str) -> None:
    store = place.store()
    hooks = kernel.webhook_columns(store).id
    if observer in hooks:
        return
    # A reactor or a projection can fail too, and so can the observer of a removed webhook.
    known = {each.id for space in place.namespaces() for each in kernel.observers(store, space)}
    if observer not in known:
        raise unknown_webhook(observer, sorted(known.union(hooks)), store, kernel.server)


def retried(
    kernel: KernelGateway, event_store: str, sequence: str, failing: Iterable[FailedPartition]
) -> list[tuple[FailedPartition, bool | None]]:
    """Ask the kernel to try partitions now. Each comes with whether that was started; None where that is not known."""
    return [
        (each, kernel.retry_partition(event_store, each.namespace, each.observer_id, sequence, each.partition))
        for each in failing
    ]
