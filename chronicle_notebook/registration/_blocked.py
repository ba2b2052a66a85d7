"""Ids of webhooks that the kernel does not apply any more.

The kernel's own observer of webhooks applies registrations and removals, with the id of the webhook as the partition. A
failure of a partition blocks its id for good: neither a retry nor a restart of the kernel ends it. The removal of an
unknown id fails like this, and so does a definition that names an event type twice (seen on 16.37.1 and on a build of
16.38).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from chronicle_notebook.base._errors import KernelError
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model._observer import REACTOR_NAMESPACE, WEBHOOK_REACTOR, FailedPartition
from chronicle_notebook.registration._outcome import Outcome


def blocking(kernel: KernelGateway, event_store: str, webhooks: Collection[str]) -> Mapping[str, FailedPartition]:
    """The failed partition of each id that is blocked. Empty as well if the kernel does not say."""
    if not webhooks:
        return {}
    try:
        failed = kernel.failed_partitions(event_store, REACTOR_NAMESPACE, WEBHOOK_REACTOR)
    except KernelError:
        return {}
    return {each.partition: each for each in failed if each.partition in webhooks}


def blocked_note(failed: FailedPartition) -> str:
    """What to say about a webhook whose id is blocked."""
    reason = failed.reason().rstrip(".")
    said = f" ({reason})" if reason else ""
    return (
        f"The kernel's own observer of webhooks fails on this id{said}, for example because the id was removed while "
        "no webhook had it. Neither a retry nor a restart of the kernel ends this."
    )


def with_blocked(kernel: KernelGateway, event_store: str, outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes, with the cause if an accepted change is not visible because the id is blocked."""
    unseen = [each.webhook for each in outcomes if each.accepted and not each.visible]
    found = blocking(kernel, event_store, unseen)
    return [
        replace(each, blocked=True, notes=(*each.notes, blocked_note(found[each.webhook])))
        if each.webhook in found
        else each
        for each in outcomes
    ]
