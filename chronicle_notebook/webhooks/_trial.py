"""The test of a webhook: a request to its target from here, and in a sandbox an event through the kernel too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronicle_notebook._display import banner_of
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.receiver._running import receiver_at
from chronicle_notebook.webhooks._arrival import Append, with_arrival
from chronicle_notebook.webhooks._probe import TargetAnswer, probe

if TYPE_CHECKING:
    from chronicle_notebook._client import Client

ARRIVAL = 5.0
"""Seconds that a test waits for an event to arrive, at most."""

LONGEST = 86_400.0
"""Seconds that a test waits for an answer, at most; a socket takes no more than some weeks."""


def tried(
    kernel: KernelGateway, client: Client | None, event_store: str, definition: WebhookDefinition, *, timeout: float
) -> TargetAnswer:
    """Send the request; where the target is a receiver of this process, append an event as well if that may be.

    :param timeout: seconds for the target to answer in.
    """
    timeout = min(timeout, LONGEST)
    answer = probe(definition, timeout=timeout, generation=kernel.generation, banner=banner_of(kernel.server))
    receiver = receiver_at(definition.target_url)
    if receiver is None:
        return answer
    return with_arrival(
        answer,
        definition,
        receiver,
        append=_append_for(definition, client),
        event_types=lambda: kernel.event_types(event_store),
        timeout=min(timeout, ARRIVAL),
    )


def _append_for(definition: WebhookDefinition, client: Client | None) -> Append | str:
    """How to append an event that this webhook gets, or why that is not done."""
    if client is None or not client.sandbox:
        return "the kernel is not a sandbox"
    found = client.webhooks.all().find(definition.id)
    if found is None:
        return f"no webhook {definition.id!r} is registered to send it on"
    if found.target_url != definition.target_url:
        return f"the registered webhook {definition.id!r} sends to another target"
    return lambda event: client.event_sequence(definition.event_sequence_id).append_many([event])
