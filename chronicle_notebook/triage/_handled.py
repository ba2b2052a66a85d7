"""Waiting until a webhook has handled what there is."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial

from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._errors import InvalidInputError, NotHandledError
from chronicle_notebook.base._text import count
from chronicle_notebook.connection._cancellation import watching
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import FailedPartition, ObserverState, WebhookDefinition
from chronicle_notebook.model._observer import causes_of
from chronicle_notebook.triage._cause import cause_of
from chronicle_notebook.triage._retries import FIRST_LOOK, LONGEST_LOOK


def wait_until_handled(
    kernel: KernelGateway, event_store: str, namespaces: Sequence[str], webhook: WebhookDefinition, timeout: float
) -> None:
    """Wait until the observers of a webhook have handled every event of its types that exists at the beginning.

    :raises InvalidInputError: the webhook is inactive or has no event types.
    :raises NotHandledError: this did not happen in time, or a partition with such an event is given up.
    """
    if not webhook.active or not webhook.event_types:
        why = "is inactive" if webhook.event_types else "has no event types"
        raise InvalidInputError(
            f"Webhook {webhook.id!r} {why}, so it handles nothing.",
            field="webhook",
            hint="client.webhooks.replace() makes a webhook active.",
        )
    until = time.monotonic() + timeout
    pause = FIRST_LOOK
    tails = _tails(kernel, event_store, namespaces, webhook)
    while tails:
        observers, failed = _state(kernel, event_store, list(tails), webhook.id)
        waiting = [each for each in failed if _waits(each, tails[each.namespace])]
        behind = [space for space, tail in tails.items() if space not in observers or observers[space] <= tail]
        # An observer whose partition fails goes on or stands still, and either is no answer: the partition says it.
        behind = [space for space in behind if space not in {each.namespace for each in failed}]
        if not waiting and not behind:
            return
        given_up = [each for each in waiting if each.given_up]
        if given_up or time.monotonic() >= until:
            raise _not_handled(webhook.id, waiting, behind, timeout, given_up=len(given_up))
        watch = watching()
        if watch is not None:
            watch.check()
        time.sleep(min(pause, max(0.0, until - time.monotonic())))
        pause = min(1.5 * pause, LONGEST_LOOK)


def _tails(
    kernel: KernelGateway, event_store: str, namespaces: Sequence[str], webhook: WebhookDefinition
) -> dict[str, int]:
    """The number of the last event of the webhook's types, by namespace, where there is one."""
    kinds = sorted({kind.id for kind in webhook.event_types})
    asked = [(space, kind) for space in namespaces for kind in kinds]
    calls = [
        partial(kernel.tail, event_store, space, webhook.event_sequence_id, event_type=kind) for space, kind in asked
    ]
    numbers = at_once(*calls)
    found: dict[str, int] = {}
    for (space, _), number in zip(asked, numbers, strict=True):
        if number is not None:
            found[space] = max(number, found.get(space, 0))
    return found


def _state(
    kernel: KernelGateway, event_store: str, namespaces: Sequence[str], webhook: str
) -> tuple[Mapping[str, int], list[FailedPartition]]:
    """The next number of the webhook's observer in each namespace, and its failed partitions."""
    calls = [partial(kernel.observers, event_store, space) for space in namespaces]
    failed = [partial(kernel.failed_partitions, event_store, space, webhook) for space in namespaces]
    # The observers come first: what they have passed at that time was handled, or its partition is in the later list.
    observers: list[ObserverState] = [each for found in at_once(*calls) for each in found if each.id == webhook]
    partitions = [each for found in at_once(*failed) for each in found]
    return {each.namespace: each.next_sequence_number for each in observers}, partitions


def _waits(failed: FailedPartition, tail: int) -> bool:
    return not failed.attempts or failed.attempts[-1].sequence_number <= tail


def _not_handled(
    webhook: str, waiting: Sequence[FailedPartition], behind: Sequence[str], timeout: float, *, given_up: int
) -> NotHandledError:
    causes = causes_of(waiting)
    words = ", ".join(dict.fromkeys(str(cause_of(each, causes)) for each in waiting))
    parts = [f"{count(len(waiting), 'partition fails', 'partitions fail')}: {words}"] if waiting else []
    if behind:
        parts.append(f"its observer has not handled everything in {', '.join(behind)}")
    if given_up:
        parts.append(f"the kernel has given up {given_up}")
    when = "will not be handled by itself" if given_up else f"was not handled within {timeout:g} seconds"
    return NotHandledError(
        f"An event for webhook {webhook!r} {when}: {'; '.join(parts)}.",
        webhook=webhook,
        failing=len(waiting),
        hint=f"client.triage()[{webhook!r}] shows the cause and the next step.",
    )
