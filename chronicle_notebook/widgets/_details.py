"""The details of one webhook that an explorer shows, in the form for the browser."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chronicle_notebook.base._text import joined
from chronicle_notebook.base._url import shown, without_credentials
from chronicle_notebook.model import (
    AuthorizationKind,
    FailedPartition,
    WebhookAuthorization,
    WebhookDefinition,
    class_of,
)
from chronicle_notebook.model._observer import causes_of
from chronicle_notebook.widgets._explorer_model import ExplorerModel
from chronicle_notebook.widgets._health import Space

SHOWN_PARTITIONS = 20
SHOWN_MESSAGE = 400
"""The longest message of a failure, in characters."""


def details(model: ExplorerModel, definition: WebhookDefinition) -> dict[str, Any]:
    """Everything about a webhook. Values of headers, and credentials in URLs, never leave this process."""
    observers = model.observers
    spaces = () if observers is None else observers.spaces.get(definition.id, ())
    health = model.health(definition)
    error = model.observers_error
    return {
        "id": definition.id,
        "url": shown(definition.target_url),
        "types": [str(kind) for kind in definition.event_types],
        "headers": list(definition.headers),
        "authorization": _authorization(definition.authorization),
        "sequence": definition.event_sequence_id,
        "active": definition.active,
        "replayable": definition.replayable,
        "state": health.state,
        "failing": health.failing,
        "spaces": [_space(space) for space in spaces],
        "failed": _failed(spaces, definition.target_url),
        "read_at": None if observers is None else observers.read_at.timestamp(),
        "error": None if error is None else str(error),
    }


def _authorization(authorization: WebhookAuthorization) -> str:
    kind = class_of(authorization)
    if kind is not None:
        return (
            f"{authorization.kind.value}; the kernel holds the {joined([part.label for part in kind.parts()], 'and')}"
        )
    unknown = authorization.kind is AuthorizationKind.UNKNOWN
    return f"{authorization.kind.value}{'; this version does not know the kind' if unknown else ''}"


def _space(space: Space) -> dict[str, Any]:
    observer = space.observer
    return {
        "namespace": observer.namespace,
        "state": space.state,
        "failing": len(space.failed),
        "last": observer.last_handled_sequence_number,
        "tail": observer.tail_sequence_number,
        "lag": space.lag,
        "handled": observer.handled_count,
    }


def _failed(spaces: Iterable[Space], url: str) -> list[dict[str, Any]]:
    failed = [partition for space in spaces for partition in space.failed]
    causes = causes_of(failed)
    return [
        _partition(each, f"{without_credentials(each.reason(causes), url)} {'' if each.quarantined else each.outlook}")
        for each in failed[:SHOWN_PARTITIONS]
    ]


def _partition(partition: FailedPartition, message: str) -> dict[str, Any]:
    last = partition.attempts[-1] if partition.attempts else None
    return {
        "namespace": partition.namespace,
        "partition": partition.partition,
        "attempts": len(partition.attempts),
        "quarantined": partition.quarantined is True,
        "at": _seconds(last.occurred) if last is not None else None,
        "number": last.sequence_number if last is not None else None,
        "message": message.strip()[:SHOWN_MESSAGE],
    }


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
