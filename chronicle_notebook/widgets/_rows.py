"""The rows of an explorer's table on their way to the browser."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chronicle_notebook.base._url import shown_each
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.model._authorization import kind_names
from chronicle_notebook.widgets._health import WORST_FIRST, Deliveries, Health
from chronicle_notebook.widgets._trouble import in_row

_STATES = {state: position for position, state in enumerate(WORST_FIRST)}


def columns(definitions: Sequence[WebhookDefinition]) -> dict[str, Any]:
    """The rows, column by column, without headers and without credentials in URLs.

    Each event type is sent once, and rows have its position.
    """
    vocabulary: dict[str, int] = {}
    kinds = {name: position for position, name in enumerate(kind_names())}
    types = [
        [vocabulary.setdefault(str(kind), len(vocabulary)) for kind in definition.event_types]
        for definition in definitions
    ]
    return {
        "id": [each.id for each in definitions],
        "url": shown_each([each.target_url for each in definitions]),
        "types": types,
        "vocabulary": list(vocabulary),
        "auth": [kinds.get(each.authorization.kind, -1) for each in definitions],
        "active": [int(each.active) for each in definitions],
    }


def patch(before: Iterable[WebhookDefinition], after: Iterable[WebhookDefinition]) -> dict[str, Any] | None:
    """The changes from one list to the next: rows to insert by id, and ids to remove. None if nothing changed."""
    old = {each.id: each for each in before}
    new = {each.id: each for each in after}
    gone = [webhook for webhook in old if webhook not in new]
    put = [each for webhook, each in new.items() if old.get(webhook) != each]
    return {"put": columns(put), "gone": gone} if put or gone else None


def unregistered(deliveries: Deliveries) -> list[list[Any]]:
    """Id, target and event types of what has a row without being registered."""
    found = []
    for row in deliveries.unregistered:
        paused = deliveries.paused.get(row.webhook)
        target, types = ("", ()) if paused is None else (paused.target, paused.event_types)
        found.append([row.webhook, target, list(types)])
    return found


def states(deliveries: Deliveries, webhooks: Iterable[str]) -> dict[str, list[Any]]:
    """By id: state, events that wait, failed partitions; and more of what needs a person."""
    return {webhook: _state(deliveries, webhook) for webhook in webhooks}


def _state(deliveries: Deliveries, webhook: str) -> list[Any]:
    health = deliveries.health(webhook)
    trouble = in_row(deliveries, webhook)
    return [_STATES[health.state], _waiting(health), health.failing, *([] if trouble is None else [trouble])]


def _waiting(health: Health) -> int | str | None:
    if health.waiting is not None or not health.at_most:
        return health.waiting
    return f"≤ {health.at_most:,}"
