"""Webhooks whose deliveries fail: the repair, and the wait until nothing fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from chronicle_notebook.base._errors import InvalidInputError, MethodNotImplementedError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import shown
from chronicle_notebook.definition._credentials import at_hand, needs, with_credentials
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.registration._losses import (
    ANY_ANSWER,
    IN_USE_FOR_A_WHILE,
    UPDATES_DROPPED,
    counts_any_answer,
    drops_updates,
    release_of,
)
from chronicle_notebook.runbook.engine._step import Step
from chronicle_notebook.runbook.recipes._diagnosis import FAILING, chosen
from chronicle_notebook.runbook.recipes._rotation import about_secret, with_secret
from chronicle_notebook.runbook.recipes._target_store import TargetVerdict, answers
from chronicle_notebook.session._client import Client

ONE_AFTER_THE_OTHER = (
    "A kernel changes the target first and the credentials then, so a delivery in between may bring the old ones to "
    "the new target."
)
"""Each of the two changes is a separate event (source: K/Core/Services/Observation/Webhooks/Webhooks.cs)."""
PAUSE = 0.2
"""The pause in seconds between two checks of the failed partitions."""

GIVEN_UP = "The kernel tries no more by itself what it has given up: run this again once the target answers."


def recover(  # noqa: PLR0913 - the ways in which it can be repaired, and all are named
    client: Client,
    webhook: str | Sequence[str],
    *,
    url: str | None = None,
    secret: Secret | None = None,
    username: str | None = None,
    authority: str | None = None,
    client_id: str | None = None,
    release: bool = True,
    deadline: float = 60.0,
    timeout: float = 10.0,
) -> list[Step]:
    """The steps that repair webhooks and wait until their deliveries recover.

    A new target and a new secret are one change, so that the old host never gets the new secret. The target is tested
    first, with the new values.

    :param webhook: one or several ids, or ``failing`` for every webhook that fails. Several webhooks are not changed:
        their targets are tested, and their failed partitions are retried.
    :param url: the new target, if it has changed.
    :param secret: the new token or password, if it has changed. Without both, the target itself was repaired.
    :param username: for basic authorization with a new secret.
    :param authority: for OAuth with a new secret, together with ``client_id``.
    :param release: whether a quarantine is ended first, where the kernel has a call for this.
    :param deadline: seconds to wait until no partition fails, for each webhook.
    :param timeout: seconds for the target.
    :raises UnknownWebhookError: no webhook has an id.
    :raises InvalidInputError: a change is given for several webhooks, the kernel would drop the change, or an argument
        that a new secret needs is missing.
    """
    ids = [webhook] if isinstance(webhook, str) and webhook != FAILING else chosen(client, webhook)[0]
    if len(ids) != 1 or webhook == FAILING:
        changes = {"url": url, "secret": secret, "username": username, "authority": authority, "client_id": client_id}
        given = [name for name, value in changes.items() if value is not None]
        if given:
            raise InvalidInputError(
                f"{given[0]!r} is given for several webhooks.",
                field=given[0],
                hint="Repair one webhook at a time where its definition changes.",
            )
    steps: list[Step] = []
    for each in ids:
        found = client.webhooks.get(each)
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
        steps.append(answers(wanted, complete, timeout=timeout))
        if url is not None or secret is not None:
            _refuse_dropped(client, each)
            steps.append(_changed(client, found, wanted, complete, secret))
        steps.append(_recovered(client, each, deadline, release=release))
    return steps


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


def _recovered(client: Client, webhook: str, deadline: float, *, release: bool) -> Step:
    blind = counts_any_answer(client)

    def retry() -> TargetVerdict:
        started = time.monotonic()
        tried = ""
        with suppress(MethodNotImplementedError):  # a kernel without this call retries by itself, a little later
            tried = f" {client.retry_failed_partitions(webhook, release=release, wait=deadline).headline}."
        while failing := client.failed_partitions(webhook):
            given_up = all(each.given_up for each in failing)
            if given_up or time.monotonic() - started >= deadline:
                ended = f" {GIVEN_UP}" if any(each.given_up for each in failing) else ""
                spent = time.monotonic() - started if given_up else deadline
                told = f"After {spent:.3g} s {len(failing)} still fail.{tried}{ended}"
                return TargetVerdict(accepted=False, told=told)
            time.sleep(PAUSE)
        rest = f" {ANY_ANSWER}" if blind else ""
        return TargetVerdict(accepted=True, told=f"None fails after {time.monotonic() - started:.1f} s.{rest}")

    def recovered() -> bool | None:
        if client.failed_partitions(webhook):
            return False
        return None if blind else True  # if no answer counts as a failure, no failures prove nothing

    first = "end a quarantine where there is one, " if release else ""
    return Step(
        webhook,
        f"{first}try its failed partitions again, and wait up to {deadline:g} s until none fails",
        do=retry,
        done=recovered,
        note=ANY_ANSWER if blind else "What failed is delivered again, so the target may get an event twice.",
    )
