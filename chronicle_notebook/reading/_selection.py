"""Some of many webhooks: the filters of ``to_frame`` and of ``%webhooks``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import fields, replace
from typing import Any

from chronicle_notebook.base._arguments import check_flag, shape
from chronicle_notebook.base._errors import InvalidInputError, UnknownEventTypeError, did_you_mean
from chronicle_notebook.base._text import joined
from chronicle_notebook.model import KERNEL_EVENT_TYPES, EventType, WebhookColumns
from chronicle_notebook.model._authorization import kind_names, kind_numbers


def check_filters(*, event_type: object, url: object, authorization: object, active: object, tidy: object) -> None:
    """Refuse filters that no webhook could ever match, before the kernel is asked.

    :raises InvalidInputError: a filter has a wrong type or value. The error names the filter.
    """
    examples = {"event_type": "AccountOpened", "url": "https://example.com/*", "authorization": "basic"}
    for field, value in (("event_type", event_type), ("url", url), ("authorization", authorization)):
        if value is not None and not isinstance(value, str):
            raise InvalidInputError(
                f"{field} must be a text, not {shape(value)}.",
                field=field,
                hint=f'Write {field}="{examples[field]}", for example.',
            )
    if isinstance(event_type, str):
        EventType.parse(event_type)
    if isinstance(authorization, str) and authorization not in kind_names():
        raise InvalidInputError(
            f"{authorization!r} is not a kind of authorization.",
            field="authorization",
            hint=did_you_mean(authorization, kind_names()) or f"Write {joined(kind_names(), 'or')}.",
        )
    if active is not None:
        check_flag(active, field="active")
    check_flag(tidy, field="tidy")


def select(
    columns: WebhookColumns,
    *,
    event_type: str | None = None,
    url: str | None = None,
    authorization: str | None = None,
    active: bool | None = None,
    known_event_types: Callable[[], Collection[str]] = tuple,
) -> WebhookColumns:
    """The webhooks that match every given filter.

    :param event_type: ``Id`` for every generation, ``Id+generation`` for one generation.
    :param url: a pattern for the whole target URL, in which ``*`` stands for any text and ``?`` for one character.
    :param authorization: none, basic, bearer or oauth: see :func:`check_filters`.
    :param known_event_types: returns the known event types; called only if no webhook has the event type.
    :raises UnknownEventTypeError: neither a webhook nor the event store has the event type.
    """
    rows: Sequence[int] = range(len(columns.id))
    if event_type is not None:
        matching = _matching(columns, event_type)
        if not matching:
            _check_known(columns, event_type, known_event_types())
        rows = [row for row in rows if row in matching]
    if url is not None:
        pattern = _glob(url)
        rows = [row for row in rows if pattern.fullmatch(columns.url[row])]
    if authorization is not None:
        number = kind_numbers()[authorization]
        rows = [row for row in rows if columns.authorization[row] == number]
    if active is not None:
        rows = [row for row in rows if columns.active[row] == active]
    if len(rows) == len(columns.id):
        return columns
    taken: dict[str, Any] = {
        field.name: [getattr(columns, field.name)[row] for row in rows] for field in fields(columns)
    }
    return WebhookColumns(**taken)


def only(columns: WebhookColumns, event_type: str) -> WebhookColumns:
    """The same webhooks with only this event type, for one row each in a tidy frame."""
    matches = _matcher(event_type)
    kinds = [[kind for kind in row if matches(kind)] for row in columns.event_types]
    return replace(columns, event_types=kinds)


def _matcher(event_type: str) -> Callable[[str], bool]:
    wanted = EventType.parse(event_type)
    if str(wanted) != wanted.id or event_type != wanted.id:
        return lambda text: EventType.parse(text) == wanted
    return lambda text: EventType.parse(text).id == wanted.id


def _matching(columns: WebhookColumns, event_type: str) -> set[int]:
    matches = _matcher(event_type)
    fitting = {text for text in {text for row in columns.event_types for text in row} if matches(text)}
    return {position for position, row in enumerate(columns.event_types) if not fitting.isdisjoint(row)}


def _check_known(columns: WebhookColumns, event_type: str, stored: Collection[str]) -> None:
    known = {EventType.parse(text).id for row in columns.event_types for text in row} | set(stored)
    wanted = EventType.parse(event_type).id
    if wanted not in known:
        raise UnknownEventTypeError(
            f"Neither a webhook nor the event store has an event type {wanted!r}.",
            field="event_type",
            hint=did_you_mean(wanted, known - KERNEL_EVENT_TYPES) or "List them with client.event_types().",
        )


def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
