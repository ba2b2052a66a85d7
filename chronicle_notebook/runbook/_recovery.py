"""A webhook whose deliveries fail: what is wrong, the repair, and the wait until nothing fails any more."""

from __future__ import annotations

import time

from chronicle_notebook._client import Client
from chronicle_notebook._errors import MethodNotImplementedError
from chronicle_notebook._listing import Column, Listing
from chronicle_notebook._secrets import Secret
from chronicle_notebook.model import AuthorizationKind, WebhookDefinition
from chronicle_notebook.runbook._credentials import missing_variables, needs, with_credentials
from chronicle_notebook.runbook._rotation import rotate
from chronicle_notebook.runbook._step import Step
from chronicle_notebook.runbook._target import Answer, answers
from chronicle_notebook.runbook._url import shown, without_credentials
from chronicle_notebook.webhooks._probe import probe

PAUSE = 0.2
"""Seconds between two looks at the failed partitions."""

_COLUMN = (
    Column[tuple[str, str]]("what", "What", lambda each: each[0]),
    Column[tuple[str, str]]("found", "Found", lambda each: each[1]),
)


def diagnose(client: Client, webhook: str, *, timeout: float = 10.0) -> Listing[tuple[str, str]]:
    """What is known of why a webhook fails: its target's answer now, and what the kernel noted. Nothing is changed.

    The target gets one request without events.

    :raises UnknownWebhookError: there is none of that id.
    """
    view = client.describe(webhook)
    definition, absent = view.definition, missing_variables(view.definition)
    known = definition if absent else with_credentials(definition)
    answer = probe(known, timeout=timeout)
    status = "" if answer.status is None else f" {answer.status}"
    rows = [
        ("target", shown(definition.target_url)),
        ("its answer now", f"{answer.grade.value}{status}: {answer.detail}"),
    ]
    rows += [("caveat", each) for each in answer.caveats]
    if absent:
        rows.append(("credentials", f"not sent, as {', '.join(absent)} is not set here"))
    if not definition.active:
        rows.append(("active", "no: nothing is delivered"))
    rows += [(f"in {each.namespace}", f"{each.running_state.value}, lag {each.lag:,}") for each in view.observers]
    for each in view.failed_partitions:
        last = each.attempts[-1] if each.attempts else None
        # A kernel may quote the URL that it sent to, and not always the one of now.
        said = "" if last is None else without_credentials(" / ".join(last.messages), definition.target_url)
        told = "" if last is None else f" at number {last.sequence_number}: {said}"
        quarantined = ", quarantined" if each.quarantined else ""
        tried = len(each.attempts)
        attempts = f"{tried} attempt{'' if tried == 1 else 's'} in {each.namespace}{quarantined}{told}"
        rows.append((f"partition {each.partition}", attempts))
    failing = len(view.failed_partitions)
    return Listing(
        rows,
        _COLUMN,
        caption=f"{webhook}: {failing} partition{'' if failing == 1 else 's'} failing",
        empty="Nothing is known.",
        foot=f"Read from {client.server}",
    )


def recover(
    client: Client,
    webhook: str,
    *,
    url: str | None = None,
    secret: Secret | None = None,
    username: str | None = None,
    deadline: float = 60.0,
    timeout: float = 10.0,
) -> list[Step]:
    """The steps that repair a webhook and see its deliveries recover.

    :param url: its new target, when that is what was wrong.
    :param secret: its new token or password, when that is what was wrong. With neither, the target was repaired.
    :param username: for basic authorization with a new secret.
    :param deadline: seconds to wait until no partition fails.
    :param timeout: in seconds, for the target.
    :raises UnknownWebhookError: there is none of that id.
    """
    found = client.webhooks.get(webhook)
    wanted = found if url is None else found.changed(target_url=url)
    steps: list[Step] = []
    if url is not None:
        steps.append(_pointed(client, wanted, found.target_url))
    if secret is not None:
        steps += rotate(client, webhook, secret, username=username, test_target=False)
    if secret is None and found.authorization.kind is not AuthorizationKind.OAUTH:
        what = f"see that {shown(wanted.target_url)} takes deliveries"
        steps.insert(0, answers(webhook, lambda: with_credentials(wanted), what, timeout=timeout))
    return [*steps, _recovered(client, webhook, deadline)]


def _pointed(client: Client, wanted: WebhookDefinition, old: str) -> Step:
    return Step(
        wanted.id,
        f"point it at {shown(wanted.target_url)} instead of {shown(old)}",
        do=lambda: client.webhooks.register(with_credentials(wanted)),
        done=lambda: client.webhooks.get(wanted.id).target_url == wanted.target_url,
        note=needs(wanted),
    )


def _recovered(client: Client, webhook: str, deadline: float) -> Step:
    def retry() -> Answer:
        started = time.monotonic()
        refused: list[str] = []
        try:
            refused = [each.partition for each, ran in client.retry_failed_partitions(webhook) if ran is False]
        except MethodNotImplementedError:
            refused = []  # a kernel without the call tries again by itself, a little later
        while failing := len(client.failed_partitions(webhook)):
            if time.monotonic() - started >= deadline:
                quarantined = f" The kernel does not try {', '.join(refused)} again by itself." if refused else ""
                return Answer(accepted=False, told=f"After {deadline:g} s {failing} still fail.{quarantined}")
            time.sleep(PAUSE)
        return Answer(accepted=True, told=f"None fails after {time.monotonic() - started:.1f} s.")

    return Step(
        webhook,
        f"try its failed partitions again, and wait up to {deadline:g} s until none fails",
        do=retry,
        done=lambda: not client.failed_partitions(webhook),
        note="What failed is delivered again, so the target may get an event twice.",
    )
