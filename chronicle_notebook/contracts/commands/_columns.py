"""The short way from the answer to columns and to values: a listing takes little more time than parsing its bytes.

The reasons: one pass over the rows; each attribute is read once; no value object for each webhook; event types are read
from their bytes once for each distinct value; and no garbage collection while only containers are made.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter, itemgetter
from typing import Any

from chronicle_notebook.base._text import readable
from chronicle_notebook.contracts._convert import event_type_from_wire
from chronicle_notebook.contracts.wire import webhook_rows_pb2, webhooks_pb2
from chronicle_notebook.model import EventType, WebhookColumns, WebhookDefinition
from chronicle_notebook.model._authorization import undisclosed

_ID, _URL, _AUTHORIZATION = attrgetter("Identifier"), attrgetter("Url"), attrgetter("AuthorizationType")
_SEQUENCE, _ACTIVE, _REPLAYABLE = attrgetter("EventSequenceId"), attrgetter("IsActive"), attrgetter("IsReplayable")
_EVENT_TYPES, _HEADERS = attrgetter("EventTypes"), attrgetter("Headers")
_WHOLE = itemgetter(slice(None))
"""A slice of a repeated field is a plain list. Iterating the list is several times faster than iterating the field."""

Raw = tuple[bytes, ...]
_Header = webhooks_pb2.WebhookDetailsResponse.HeadersEntry


class _Texts(dict[Raw, list[str]]):
    """The texts of a webhook's event types by their bytes on the wire. There are few distinct values and many
    occurrences."""

    def __missing__(self, raw: Raw) -> list[str]:
        kinds = [webhooks_pb2.EventType.FromString(each) for each in raw]
        texts = self[raw] = [readable(str(EventType(kind.Id, kind.Generation))) for kind in kinds]
        return texts


class _Names(dict[Raw, list[str]]):
    """The names of a webhook's headers by their bytes on the wire."""

    def __missing__(self, raw: Raw) -> list[str]:
        names = self[raw] = sorted(map(readable, {_Header.FromString(each).key for each in raw}))
        return names


def _raw(field: attrgetter[Any], rows: list[webhook_rows_pb2.WebhookRow]) -> Iterator[Raw]:
    """The bytes of a repeated field of each row, without a step of Python for each row."""
    return map(tuple, map(_WHOLE, map(field, rows)))


def columns(rows: webhook_rows_pb2.WebhookRows) -> WebhookColumns:
    """The columns of an answer."""
    with uncollected():
        data = rows.Data[:]
        return WebhookColumns(
            id=[*map(_ID, data)],
            url=[*map(_URL, data)],
            # Each row has its own list, so that a change of one list changes only one row.
            event_types=[*map(list.copy, map(_Texts().__getitem__, _raw(_EVENT_TYPES, data)))],
            authorization=[*map(_AUTHORIZATION, data)],
            headers=[*map(list.copy, map(_Names().__getitem__, _raw(_HEADERS, data)))],
            event_sequence=[*map(_SEQUENCE, data)],
            active=[*map(_ACTIVE, data)],
            replayable=[*map(_REPLAYABLE, data)],
        )


class _Types(dict[bytes, EventType]):
    """Event types by their bytes on the wire."""

    def __missing__(self, raw: bytes) -> EventType:
        value = self[raw] = event_type_from_wire(webhooks_pb2.EventType.FromString(raw))
        return value


class _Pairs(dict[bytes, tuple[str, str]]):
    """Names and values of headers by their bytes on the wire."""

    def __missing__(self, raw: bytes) -> tuple[str, str]:
        entry = _Header.FromString(raw)
        value = self[raw] = (entry.key, entry.value)
        return value


def definitions(rows: webhook_rows_pb2.WebhookRows) -> list[WebhookDefinition]:
    """The webhooks of an answer as values. This takes about half the time of reading the event types as messages."""
    with uncollected():
        kind, pair = _Types().__getitem__, _Pairs().__getitem__
        return [
            WebhookDefinition(
                id=row.Identifier,
                target_url=row.Url,
                event_types=tuple(map(kind, row.EventTypes[:])),
                authorization=undisclosed(row.AuthorizationType),
                headers=dict(map(pair, row.Headers[:])),
                event_sequence_id=row.EventSequenceId,
                replayable=row.IsReplayable,
                active=row.IsActive,
            )
            for row in rows.Data[:]
        ]


@contextmanager
def uncollected() -> Iterator[None]:
    """Stop the garbage collector while many new objects are made."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
