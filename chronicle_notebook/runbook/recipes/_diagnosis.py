"""Why webhooks fail: what the kernel recorded, and the target's answer now. Nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chronicle_notebook.base._public import public_in
from chronicle_notebook.base._text import count, listed
from chronicle_notebook.base._url import shown, without_credentials
from chronicle_notebook.definition._credentials import missing_variables, with_credentials
from chronicle_notebook.display._listing import Column, Listing
from chronicle_notebook.display._table_and_card import clock
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.pausing._sleepers import asleep
from chronicle_notebook.registration._losses import ANY_ANSWER, counts_any_answer
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._webhook_view import standing
from chronicle_notebook.target_test._answer import ANY_STATUS, SOME_COUNT_ANY, probe
from chronicle_notebook.triage._condition import CauseGroup, TriageRow, outlook
from chronicle_notebook.triage._triage import Triage

_COLUMN = (
    Column[tuple[str, str]]("what", "What", lambda each: each[0]),
    Column[tuple[str, str]]("found", "Found", lambda each: each[1]),
)
FAILING = "failing"
"""The word that stands for every webhook that fails."""


@public_in("runbook")
@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of failures of one webhook."""

    webhook: str
    group: CauseGroup
    """The failed partitions with this cause."""
    row: TriageRow
    """The webhook in the triage."""
    read_at: datetime

    def facts(self) -> dict[str, object]:
        """The reason for the outcome of a runbook."""
        since = self.group.since
        return {
            "webhook": self.webhook,
            "cause": str(self.group.cause),
            "partitions": len(self.group.failed),
            "since": "" if since is None else clock(since),
            "waiting": "" if self.group.waiting is None else self.group.waiting,
            "outlook": outlook(self.group.failed, self.group.given_up, self.read_at),
            "namespaces": ", ".join(self.group.namespaces),
        }


_WHY = (
    Column[Reason]("webhook", "Webhook", lambda each: each.webhook),
    Column[Reason]("cause", "Cause", lambda each: str(each.group.cause)),
    Column[Reason]("partitions", "Partitions", lambda each: len(each.group.failed), "Int64"),
    Column[Reason]("since", "Since", lambda each: each.group.since, "datetime64[ns, UTC]"),
    Column[Reason]("waiting", "Waiting", lambda each: each.group.waiting, "Int64"),
    Column[Reason]("outlook", "Outlook", lambda each: outlook(each.group.failed, each.group.given_up, each.read_at)),
    Column[Reason]("namespaces", "Namespaces", lambda each: ", ".join(each.group.namespaces)),
)


def why(client: Client, webhooks: str | Sequence[str]) -> Listing[Reason]:
    """Why webhooks fail: one row for each webhook and cause. Nothing is changed, and nothing is sent to a target.

    :param webhooks: one or several ids, or ``failing`` for every webhook that fails.
    :raises UnknownWebhookError: no webhook has an id.
    """
    ids, triage = chosen(client, webhooks)
    reasons = [Reason(row.webhook, group, row, client.origin.read_at) for row in triage.of(ids) for group in row.groups]
    return Listing(
        reasons,
        _WHY,
        caption=f"Why {listed(ids[:5])}{' and others' if len(ids) > 5 else ''} fail",
        empty="No partition fails.",
        origin=client.origin,
    )


def chosen(client: Client, webhooks: str | Sequence[str]) -> tuple[list[str], Triage]:
    """The ids that ``webhooks`` stands for, and the triage of all webhooks.

    :raises UnknownWebhookError: no webhook has an id.
    """
    given = [webhooks] if isinstance(webhooks, str) else [*webhooks]
    triage = client.triage()
    if given == [FAILING]:
        return [row.webhook for row in triage.failing if row.definition is not None], triage
    for each in given:
        if (row := triage.find(each)) is None or row.definition is None:
            client.webhooks.get(each)  # raises the error with its hint
    return given, triage


def diagnose(
    client: Client, webhook: str | Sequence[str], *, ask: bool = True, timeout: float = 10.0
) -> Listing[tuple[str, str]]:
    """What is known about the cause of a failure: the target's answer now, and what the kernel recorded. Nothing is
    changed.

    :param webhook: one or several ids, or ``failing`` for every webhook that fails.
    :param ask: whether to send each target one request without events, with the credentials that are available.
    :param timeout: seconds for a target.
    :raises UnknownWebhookError: no webhook has an id.
    """
    ids, triage = chosen(client, webhook)
    rows: list[tuple[str, str]] = []
    for each in ids:
        found = _diagnosed(client, triage[each], ask=ask, timeout=timeout)
        rows += found if len(ids) == 1 else [(f"{each}: {what}", told) for what, told in found]
    failing = triage.of(ids).partitions
    what = ids[0] if len(ids) == 1 else count(len(ids), "webhook")
    return Listing(
        rows,
        _COLUMN,
        caption=f"{what}: {count(failing, 'partition')} failing",
        empty="No webhook fails.",
        origin=client.origin,
    )


def _diagnosed(client: Client, row: TriageRow, *, ask: bool, timeout: float) -> list[tuple[str, str]]:
    definition = row.definition or client.webhooks.get(row.webhook)
    rows = [("target", shown(definition.target_url))]
    rows += (
        _answer_now(definition, timeout) if ask else [("its answer now", "not tested, because this run sends nothing")]
    )
    if counts_any_answer(client):
        rows.append(("caveat", ANY_ANSWER))
    if not definition.active:
        rows.append(("active", "no: nothing is delivered"))
    elif asleep([definition], row.observers):
        rows.append(("active", "listed as active, but it has no connected observer: nothing is delivered"))
    failing = Counter(each.namespace for each in row.failed)
    rows += [(f"in {each.namespace}", standing(each, failing[each.namespace])) for each in row.observers]
    now = client.origin.read_at
    for group in row.groups:
        # A kernel may quote the URL that it used, which may not be the current URL.
        said = without_credentials(group.cause.detail, definition.target_url)
        rows += [("why", group.told(now)), ("the kernel noted", said)]
    return rows


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
