"""The test of a webhook: a request to its target from this machine, and in a sandbox also an event through the
kernel."""

from __future__ import annotations

from collections.abc import Callable

from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import EventToAppend, WebhookDefinition
from chronicle_notebook.receiver._receiver import receiver_at
from chronicle_notebook.target_test import _arrival
from chronicle_notebook.target_test._answer import TargetAnswer, probe

Append = Callable[[str, EventToAppend], object]
"""Appends an event to a sequence. The first argument is the id of the sequence."""

ARRIVAL = 5.0
"""The longest time in seconds that a test waits for an event."""

LONGEST = 86_400.0
"""The longest time in seconds that a test waits for an answer. A socket accepts no more than some weeks."""


def tried(
    kernel: KernelGateway,
    event_store: str,
    definition: WebhookDefinition,
    *,
    append: Append | None,
    timeout: float,
) -> TargetAnswer:
    """Send the request. If the target is a receiver of this process and the kernel is a sandbox, also append an event.

    :param append: appends the event; None if the kernel is not a sandbox.
    :param timeout: seconds for the answer of the target.
    """
    timeout = min(timeout, LONGEST)
    answer = probe(definition, timeout=timeout, generation=kernel.generation, banner=kernel.origin().banner)
    receiver = receiver_at(definition.target_url)
    if receiver is None:
        return answer
    return _arrival.with_arrival(
        answer,
        definition,
        receiver,
        append=_append_for(kernel, event_store, definition, append),
        event_types=lambda: kernel.event_types(event_store),
        timeout=min(timeout, ARRIVAL),
    )


def _append_for(
    kernel: KernelGateway, event_store: str, definition: WebhookDefinition, append: Append | None
) -> _arrival.Append | str:
    """A function that appends an event for this webhook, or the reason why this is not done."""
    if append is None:
        return "the kernel is not a sandbox"
    found = next((each for each in kernel.webhooks(event_store) if each.id == definition.id), None)
    if found is None:
        return f"no webhook {definition.id!r} is registered"
    if found.target_url != definition.target_url:
        return f"the registered webhook {definition.id!r} sends to another target"
    return lambda event: append(definition.event_sequence_id, event)
