"""What to do next about a webhook, as a command."""

from __future__ import annotations

from collections.abc import Sequence

from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.model._observer import WEBHOOK_REACTOR
from chronicle_notebook.triage._cause import SHARED, Cause
from chronicle_notebook.triage._condition import Condition


def next_step(
    webhook: str, condition: Condition, definition: WebhookDefinition | None, causes: Sequence[Cause], *, told: bool
) -> str:
    """The next step; empty if there is none.

    :param told: whether the kernel says itself that it has quarantined a partition. Such a kernel refuses a plain
        retry.
    """
    match condition:
        case Condition.QUARANTINED:
            return f"client.clear_quarantine({webhook!r})"
        case Condition.GIVEN_UP | Condition.FAILING:
            return _retry(webhook, definition, causes, told=told)
        case Condition.STALLED:
            return f"client.webhooks.test({webhook!r})"
        case Condition.DISCONNECTED:
            return f"client.describe({webhook!r})"
        case Condition.PAUSED:
            return f"client.webhooks.resume({webhook!r})"
        case _:
            return ""


def _retry(webhook: str, definition: WebhookDefinition | None, causes: Sequence[Cause], *, told: bool) -> str:
    if webhook == WEBHOOK_REACTOR:
        # Neither a retry nor a restart helps here (seen on 16.37.1 and a build of 16.38).
        return "Register these webhooks under other ids."
    release = ", release=True" if told else ""
    if definition is None:
        return f"client.retry_failed_partitions({webhook!r}{release})"
    if causes and all(each.word == SHARED for each in causes):
        opener = f" at {causes[0].address}" if causes[0].address else ""
        return f"client.webhooks.test({webhook!r}); if it is well, mend the target that opened the circuit{opener}"
    return f"client.webhooks.test({webhook!r}), then client.retry_failed_partitions({webhook!r}{release})"
