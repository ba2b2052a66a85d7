"""A webhook whose deliveries fail: the cause, the repair, and the wait until nothing fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from chronicle_notebook.base._errors import InvalidInputError, MethodNotImplementedError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import shown, without_credentials
from chronicle_notebook.definition._credentials import at_hand, missing_variables, needs, with_credentials
from chronicle_notebook.display._listing import Column, Listing
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.pausing._sleepers import asleep
from chronicle_notebook.registration._losses import (
    ANY_ANSWER,
    IN_USE_FOR_A_WHILE,
    UPDATES_DROPPED,
    counts_any_answer,
    drops_updates,
    release_of,
)
from chronicle_notebook.runbook.engine._step import Step
from chronicle_notebook.runbook.recipes._rotation import about_secret, with_secret
from chronicle_notebook.runbook.recipes._target_store import TargetVerdict, answers
from chronicle_notebook.session._client import Client
from chronicle_notebook.target_test._answer import ANY_STATUS, SOME_COUNT_ANY, probe

ONE_AFTER_THE_OTHER = (
    "A kernel changes the target first and the credentials then, so a delivery in between may bring the old ones to "
    "the new target."
)
"""Each of the two changes is a separate event (source: K/Core/Services/Observation/Webhooks/Webhooks.cs)."""
PAUSE = 0.2
"""The pause in seconds between two checks of the failed partitions."""

_COLUMN = (
    Column[tuple[str, str]]("what", "What", lambda each: each[0]),
    Column[tuple[str, str]]("found", "Found", lambda each: each[1]),
)
GIVEN_UP = "The kernel tries no more by itself what it has given up: run this again once the target answers."


def diagnose(client: Client, webhook: str, *, ask: bool = True, timeout: float = 10.0) -> Listing[tuple[str, str]]:
    """What is known about the cause of a failure: the target's answer now, and what the kernel recorded. Nothing is
    changed.

    :param ask: whether to send the target one request without events, with the credentials that are available.
    :param timeout: seconds for the target.
    :raises UnknownWebhookError: no webhook has this id.
    """
    view = client.describe(webhook)
    definition = view.definition
    rows = [("target", shown(definition.target_url))]
    rows += (
        _answer_now(definition, timeout) if ask else [("its answer now", "not tested, because this run sends nothing")]
    )
    if counts_any_answer(client):
        rows.append(("caveat", ANY_ANSWER))
    if not definition.active:
        rows.append(("active", "no: nothing is delivered"))
    elif asleep([definition], view.observers):
        rows.append(("active", "listed as active, but it has no connected observer: nothing is delivered"))
    rows += [(f"in {each.namespace}", f"{each.running_state.value}, lag {each.lag:,}") for each in view.observers]
    for each in view.failed_partitions:
        last = each.attempts[-1] if each.attempts else None
        # A kernel may quote the URL that it used, which may not be the current URL.
        said = "" if last is None else without_credentials(" / ".join(last.messages), definition.target_url)
        told = "" if last is None else f" at number {last.sequence_number}: {said}"
        quarantined = ", quarantined" if each.quarantined else ", probably quarantined" if each.given_up else ""
        tried = len(each.attempts)
        attempts = f"{tried} attempt{'' if tried == 1 else 's'} in {each.namespace}{quarantined}{told}"
        rows.append((f"partition {each.partition}", attempts))
    failing = len(view.failed_partitions)
    return Listing(
        rows,
        _COLUMN,
        caption=f"{webhook}: {failing} partition{'' if failing == 1 else 's'} failing",
        empty="Nothing is known.",
        origin=client.origin,
    )


def _answer_now(definition: WebhookDefinition, timeout: float) -> list[tuple[str, str]]:
    absent = missing_variables(definition)
    answer = probe(definition if absent else with_credentials(definition), timeout=timeout)
    status = "" if answer.status is None else f" {answer.status}"
    # For the connected kernel it is known what it does with the status, so the general remark is left out.
    caveats = [each for each in answer.caveats if each not in {ANY_STATUS, SOME_COUNT_ANY}]
    rows = [("its answer now", f"{answer.grade.value}{status}: {answer.detail}")]
    rows += [("caveat", each) for each in caveats]
    if absent:
        rows.append(("credentials", f"not sent, because {', '.join(absent)} is not set here"))
    return rows


def recover(  # noqa: PLR0913 - the ways in which it can be repaired, and all are named
    client: Client,
    webhook: str,
    *,
    url: str | None = None,
    secret: Secret | None = None,
    username: str | None = None,
    authority: str | None = None,
    client_id: str | None = None,
    deadline: float = 60.0,
    timeout: float = 10.0,
) -> list[Step]:
    """The steps that repair a webhook and wait until its deliveries recover.

    A new target and a new secret are one change, so that the old host never gets the new secret. The target is tested
    first, with the new values.

    :param url: the new target, if it has changed.
    :param secret: the new token or password, if it has changed. Without both, the target itself was repaired.
    :param username: for basic authorization with a new secret.
    :param authority: for OAuth with a new secret, together with ``client_id``.
    :param deadline: seconds to wait until no partition fails.
    :param timeout: seconds for the target.
    :raises UnknownWebhookError: no webhook has this id.
    :raises InvalidInputError: the kernel would drop the change, or an argument that a new secret needs is missing.
    """
    found = client.webhooks.get(webhook)
    wanted = found if url is None else found.changed(target_url=url)
    complete = partial(with_credentials, wanted)
    if secret is not None:
        renewed = with_secret(wanted, secret, username=username, authority=authority, client_id=client_id)
        complete = partial(at_hand, renewed)
    elif username or authority or client_id:
        raise InvalidInputError(
            "A user name, an authority or a client id needs a new secret, but none is given.",
            field="secret",
            hint="Give secret=env:NAME as well, or leave it out.",
        )
    steps = [answers(wanted, complete, timeout=timeout)]
    if url is not None or secret is not None:
        _refuse_dropped(client, webhook)
        steps.append(_changed(client, found, wanted, complete, secret))
    return [*steps, _recovered(client, webhook, deadline)]


def _refuse_dropped(client: Client, webhook: str) -> None:
    if drops_updates(client, client.webhooks.all()):
        raise InvalidInputError(
            f"This kernel, {release_of(client)}, accepts a change of {webhook!r} and forgets it ({UPDATES_DROPPED}).",
            field="url",
            hint="Remove it and register it again; it keeps its position: pause it with the "
            "runbook pause-and-resume, change it in the file, and resume it.",
        )


def _changed(
    client: Client,
    found: WebhookDefinition,
    wanted: WebhookDefinition,
    complete: Callable[[], WebhookDefinition],
    secret: Secret | None,
) -> Step:
    moves = wanted.target_url != found.target_url
    what = [f"point it at {shown(wanted.target_url)} instead of {shown(found.target_url)}"] if moves else []
    if secret is not None:
        what.append(f"give it the secret from {secret.reference}")

    def there() -> bool | None:
        """Nobody can know whether the kernel has the secret."""
        if client.webhooks.get(wanted.id).target_url != wanted.target_url:
            return False
        return True if secret is None else None

    told = [needs(wanted), IN_USE_FOR_A_WHILE] if secret is None else [about_secret(client, wanted, secret)]
    if moves and secret is not None:
        told.append(ONE_AFTER_THE_OTHER)
    return Step(
        wanted.id,
        " and ".join(what) or f"send it again with target {shown(wanted.target_url)}",
        do=lambda: client.webhooks.register(complete()),
        done=there,
        note=" ".join(each for each in told if each),
    )


def _recovered(client: Client, webhook: str, deadline: float) -> Step:
    blind = counts_any_answer(client)

    def retry() -> TargetVerdict:
        started = time.monotonic()
        refused: list[str] = []
        try:
            refused = [
                each.partition.partition
                for each in client.retry_failed_partitions(webhook, wait=0)
                if each.started is False
            ]
        except MethodNotImplementedError:
            refused = []  # a kernel without this call retries by itself, a little later
        while failing := client.failed_partitions(webhook):
            if time.monotonic() - started >= deadline:
                quarantined = f" The kernel does not try {', '.join(refused)} again by itself." if refused else ""
                # A retry that fails is one more attempt of a partition that is given up, and the last one.
                ended = "" if quarantined or not any(each.given_up for each in failing) else f" {GIVEN_UP}"
                told = f"After {deadline:g} s {len(failing)} still fail.{quarantined}{ended}"
                return TargetVerdict(accepted=False, told=told)
            time.sleep(PAUSE)
        rest = f" {ANY_ANSWER}" if blind else ""
        return TargetVerdict(accepted=True, told=f"None fails after {time.monotonic() - started:.1f} s.{rest}")

    def recovered() -> bool | None:
        if client.failed_partitions(webhook):
            return False
        return None if blind else True  # if no answer counts as a failure, no failures prove nothing

    return Step(
        webhook,
        f"try its failed partitions again, and wait up to {deadline:g} s until none fails",
        do=retry,
        done=recovered,
        note=ANY_ANSWER if blind else "What failed is delivered again, so the target may get an event twice.",
    )
