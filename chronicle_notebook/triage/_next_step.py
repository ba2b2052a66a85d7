"""What to do next about a webhook, as one command that can be pasted: a retry only follows a test that went well."""

from __future__ import annotations

from collections.abc import Sequence

from chronicle_notebook.base._text import listed
from chronicle_notebook.model import FailedPartition, WebhookDefinition
from chronicle_notebook.triage._cause import SHARED, Cause
from chronicle_notebook.triage._condition import FAILS, Condition

_COMMANDS = {
    Condition.QUARANTINED: "client.clear_quarantine({0!r})",
    Condition.DISCONNECTED: "client.describe({0!r})",
    Condition.STALLED: "client.webhooks.test({0!r})",
    Condition.PAUSED: "client.webhooks.resume({0!r})",
}


def next_step(
    webhook: str,
    condition: Condition,
    definition: WebhookDefinition | None,
    failed: Sequence[FailedPartition],
    causes: Sequence[Cause],
) -> str:
    """The next step; empty if there is none."""
    if condition in _COMMANDS:
        return _COMMANDS[condition].format(webhook)
    if condition is Condition.BLOCKED:
        ids = listed(each.partition for each in failed[:5])
        return f"client.failed_partitions({webhook!r})  # register under other ids: {ids}"
    if condition not in FAILS:
        return ""
    # A kernel that has quarantined a partition may refuse a plain retry; not every kernel says that it has.
    over = condition is Condition.GIVEN_UP or any(each.quarantined for each in failed)
    retry = f"client.retry_failed_partitions({webhook!r}{', release=True' if over else ''})"
    if definition is None:
        return retry
    test = f"client.webhooks.test({webhook!r})"
    if causes and all(each.word == SHARED for each in causes):
        opener = f" at {causes[0].address}" if causes[0].address else ""
        return f"{test}  # if it is well, mend the target that opened the circuit{opener}"
    return f"{test} and {retry}"
