"""The details of one webhook that an explorer shows, in the form for the browser."""

from __future__ import annotations

from typing import Any

from chronicle_notebook.base._text import joined, one_line
from chronicle_notebook.base._url import shown, without_credentials
from chronicle_notebook.definition.file._ownership import OWNER_HEADER, owner_of
from chronicle_notebook.model import (
    AuthorizationKind,
    FailedPartition,
    ObserverState,
    WebhookAuthorization,
    WebhookDefinition,
    class_of,
)
from chronicle_notebook.model._observer import causes_of
from chronicle_notebook.triage._condition import TriageRow
from chronicle_notebook.widgets._bulk import verdict
from chronicle_notebook.widgets._explorer_model import ExplorerModel
from chronicle_notebook.widgets._form_file import StateFile
from chronicle_notebook.widgets._health import Health, state_in
from chronicle_notebook.widgets._trouble import in_pane, seconds

SHOWN_PARTITIONS = 20
SHOWN_MESSAGE = 400
"""The longest message of a failure, in characters."""


def details(model: ExplorerModel, webhook: str, file: StateFile | None = None) -> dict[str, Any] | None:
    """Everything about a webhook; None if it is neither registered nor fails nor is paused.

    The owner is the given file, if it owns the webhook, or else what the usual header says. Values of headers but the
    owner's mark, and credentials in URLs, never leave this process.
    """
    definition, deliveries = model.find(webhook), model.deliveries
    health = model.health(webhook)
    if definition is None:
        if health.row is None or deliveries is None or health.row not in deliveries.unregistered:
            return None
        paused = deliveries.paused.get(webhook)
        fixed = {
            "registered": False,
            "url": "" if paused is None else paused.target,
            "types": [] if paused is None else list(paused.event_types),
        }
    else:
        fixed = {"registered": True, **_definition(definition), "owner": _owner(definition, file)}
    error = model.deliveries_error
    return {
        "id": webhook,
        **fixed,
        **_health(health, "" if definition is None else definition.target_url),
        "trouble": None if deliveries is None or health.row is None else in_pane(deliveries, health.row),
        "no_replay": model.replays.obstacle(health.row),
        "tested": _tested(model, webhook),
        "read_at": None if deliveries is None else seconds(deliveries.seen_at),
        "error": None if error is None else str(error),
    }


def _definition(definition: WebhookDefinition) -> dict[str, Any]:
    return {
        "url": shown(definition.target_url),
        "types": [str(kind) for kind in definition.event_types],
        "headers": list(definition.headers),
        "authorization": _authorization(definition.authorization),
        "sequence": definition.event_sequence_id,
        "active": definition.active,
        "replayable": definition.replayable,
    }


def _owner(definition: WebhookDefinition, file: StateFile | None) -> list[str]:
    """A title and the owner; nothing if nobody knows one."""
    by_file = "" if file is None else file.owner_of(definition)
    told = {"Owner": by_file} if by_file else {f"Owner ({OWNER_HEADER})": owner_of(definition)}
    return [text for title, owner in told.items() if owner for text in (title, one_line(owner, most=80))]


def _health(health: Health, url: str) -> dict[str, Any]:
    row = health.row
    return {
        "state": health.state,
        "failing": health.failing,
        "spaces": [] if row is None else [_space(row, each) for each in row.observers],
        "failed": [] if row is None else _failed(row, url),
        "command": "" if row is None else row.next_step,
    }


def _authorization(authorization: WebhookAuthorization) -> str:
    kind = class_of(authorization)
    if kind is not None:
        return (
            f"{authorization.kind.value}; the kernel holds the {joined([part.label for part in kind.parts()], 'and')}"
        )
    unknown = authorization.kind is AuthorizationKind.UNKNOWN
    return f"{authorization.kind.value}{'; this version does not know the kind' if unknown else ''}"


def _space(row: TriageRow, observer: ObserverState) -> dict[str, Any]:
    failing = sum(each.namespace == observer.namespace for each in row.failed)
    state = state_in(row, observer)
    return {
        "namespace": observer.namespace,
        "state": state,
        "failing": failing,
        "last": observer.last_handled_sequence_number,
        "tail": observer.tail_sequence_number,
        "lag": _lag(row, observer, failing),
        "handled": observer.handled_count,
    }


def _lag(row: TriageRow, observer: ObserverState, failing: int) -> int | None:
    """The events that the observer has not seen yet, without those that are certainly not for this webhook."""
    if failing:
        return observer.lag or None
    return 0 if row.waiting == 0 else observer.lag


def _failed(row: TriageRow, url: str) -> list[dict[str, Any]]:
    causes = causes_of(row.failed)
    return [_partition(each, without_credentials(each.reason(causes), url)) for each in row.failed[:SHOWN_PARTITIONS]]


def _partition(partition: FailedPartition, message: str) -> dict[str, Any]:
    last = partition.attempts[-1] if partition.attempts else None
    lost = "quarantined" if partition.quarantined else "given up" if partition.given_up else ""
    return {
        "namespace": partition.namespace,
        "partition": partition.partition,
        "attempts": len(partition.attempts),
        "lost": lost,
        "at": seconds(last.occurred) if last is not None else None,
        "message": message.strip()[:SHOWN_MESSAGE],
    }


def _tested(model: ExplorerModel, webhook: str) -> dict[str, Any] | None:
    tested = model.tested.get(webhook)
    if tested is None:
        return None
    answer = tested.answer
    tone = "good" if answer else "error" if answer.status is None else "warning"
    text = f"answers {answer.status}" if answer.status is not None else verdict(answer)
    return {"tone": tone, "text": text, "at": seconds(tested.at)}
