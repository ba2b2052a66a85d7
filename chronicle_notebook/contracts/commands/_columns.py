"""The short way from the answer to columns: a frame of 10,000 webhooks costs little more than its bytes.

What makes it quick: one pass over the rows, each attribute read once, no value object per webhook, event types read
from their bytes once per distinct one, and no garbage collection while only containers are made.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from chronicle_notebook.contracts.wire import webhook_rows_pb2, webhooks_pb2
from chronicle_notebook.model import EventType, WebhookColumns


class _Texts(dict[bytes, str]):
    """The text of an event type by its bytes on the wire."""

    def __missing__(self, raw: bytes) -> str:
        kind = webhooks_pb2.EventType.FromString(raw)
        text = self[raw] = str(EventType(kind.Id, kind.Generation))
        return text


def columns(rows: webhook_rows_pb2.WebhookRows) -> WebhookColumns:
    """The columns of an answer."""
    with _no_collection():
        data = list(rows.Data)
        text = _Texts().__getitem__
        return WebhookColumns(
            id=[row.Identifier for row in data],
            url=[row.Url for row in data],
            # The slice is a plain list, which is iterated several times faster than the container of protobuf.
            event_types=[[*map(text, row.EventTypes[:])] for row in data],
            authorization=[row.AuthorizationType for row in data],
            headers=[sorted(row.Headers) for row in data],
            event_sequence=[row.EventSequenceId for row in data],
            active=[row.IsActive for row in data],
            replayable=[row.IsReplayable for row in data],
        )


@contextmanager
def _no_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
