"""The rows of an explorer as they go to the browser: columns once, then only what changed, by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chronicle_notebook._url import shown_each
from chronicle_notebook.model import AuthorizationKind, WebhookDefinition
from chronicle_notebook.widgets._health import STATES, Health

_KINDS = {kind: position for position, kind in enumerate(AuthorizationKind)}
_STATES = {state: position for position, state in enumerate(STATES)}


def columns(definitions: Sequence[WebhookDefinition]) -> dict[str, Any]:
    """Rows column by column. Of headers nothing goes out, and of URLs no credential.

    Event types stand once, and rows hold their positions.
    """
    vocabulary: dict[str, int] = {}
    types = [
        [vocabulary.setdefault(str(kind), len(vocabulary)) for kind in definition.event_types]
        for definition in definitions
    ]
    return {
        "id": [each.id for each in definitions],
        "url": shown_each([each.target_url for each in definitions]),
        "types": types,
        "vocabulary": list(vocabulary),
        "auth": [_KINDS[each.authorization.kind] for each in definitions],
        "active": [int(each.active) for each in definitions],
    }


def patch(before: Iterable[WebhookDefinition], after: Iterable[WebhookDefinition]) -> dict[str, Any] | None:
    """What turns one list into the next: rows to put in by id, and ids to take out. None when nothing changed."""
    old = {each.id: each for each in before}
    new = {each.id: each for each in after}
    gone = [webhook for webhook in old if webhook not in new]
    put = [each for webhook, each in new.items() if old.get(webhook) != each]
    return {"put": columns(put), "gone": gone} if put or gone else None


def states(health: Mapping[str, Health]) -> dict[str, list[Any]]:
    """State, lag and number of failing partitions by id."""
    return {webhook: [_STATES[each.state], each.lag, each.failing] for webhook, each in health.items()}
