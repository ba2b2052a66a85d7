"""Removing webhooks of an event store whose list the kernel cannot make.

One webhook can make every list fail (see ``contracts/_unlistable.py``), and it has to be removed without a list. The
observers of the webhooks are listed nevertheless: an observer has the id of its webhook, and is disconnected after the
webhook was removed (seen on 16.37.1 and on a build of 16.38).
"""

from __future__ import annotations

from collections.abc import Sequence

from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import RunningState, WebhookDefinition
from chronicle_notebook.reading._list import unknown_webhook
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.registration._removal import remove

UNLISTED = "The list of webhooks was not read. The observer of the webhook shows whether it was removed."


def remove_unlisted(kernel: KernelGateway, event_store: str, webhooks: Sequence[str], *, wait: float) -> list[Outcome]:
    """Remove webhooks whose observers are known, and wait until the observers are disconnected.

    :raises UnknownWebhookError: no observer has one of the ids; nothing was sent. A kernel that removes an
        unknown id never accepts a webhook of that id again.
    """
    known = _external(kernel, event_store)
    for webhook in webhooks:
        if webhook not in known:
            raise unknown_webhook(webhook, sorted(known), event_store, kernel.server)

    def connected() -> dict[str, WebhookDefinition]:
        states = _external(kernel, event_store)
        return {
            webhook: WebhookDefinition(webhook, "")
            for webhook, found in states.items()
            if found - {RunningState.DISCONNECTED}
        }

    return remove(kernel, event_store, webhooks, wait=wait, read=connected, note=UNLISTED)


def _external(kernel: KernelGateway, event_store: str) -> dict[str, set[RunningState]]:
    """The states of the observers of all webhooks, by the id of the webhook."""
    found: dict[str, set[RunningState]] = {}
    for namespace in kernel.namespaces(event_store):
        for observer in kernel.observers(event_store, namespace):
            if observer.kind == "external":
                found.setdefault(observer.id, set()).add(observer.running_state)
    return found
