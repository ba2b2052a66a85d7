"""The short way from the answer to columns and to values: a listing takes little more time than parsing its bytes.

The reasons: protobuf itself makes whole columns of texts; what many webhooks have in common is read once; a value is
made when somebody looks at it; and no garbage collection while only containers are made.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from chronicle_notebook.base._text import readable
from chronicle_notebook.base._uncollected import uncollected
from chronicle_notebook.contracts.commands._answer import WebhookAnswer
from chronicle_notebook.contracts.wire import webhook_rows_pb2, webhooks_pb2
from chronicle_notebook.model._lazy_webhooks import LazyWebhooks

if TYPE_CHECKING:
    import numpy as np

    from chronicle_notebook.model import EventType, WebhookColumns, WebhookDefinition

_ID, _URL, _AUTHORIZATION = attrgetter("Identifier"), attrgetter("Url"), attrgetter("AuthorizationType")
_SEQUENCE, _ACTIVE, _REPLAYABLE = attrgetter("EventSequenceId"), attrgetter("IsActive"), attrgetter("IsReplayable")
_EVENT_TYPES, _HEADERS = attrgetter("EventTypes"), attrgetter("Headers")
_WHOLE = itemgetter(slice(None))
"""A slice of a repeated field is a plain list. Iterating the list is several times faster than iterating the field."""

Raw = tuple[bytes, ...]
_Header = webhooks_pb2.WebhookDetailsResponse.HeadersEntry

_TEXT_TAGS = (0x0A, 0x12)
"""The bytes before the id and the URL of a row, which its writer puts first."""
_ID_AGAIN = 0x4A
"""The byte before the id at the end of a row. It is there a second time, so that every row would have an end of its
own."""
_FEW = 0.25
"""The part of the rows that may have distinct ends. With more of them, reading row by row is quicker."""


class _Texts(dict[Raw, list[str]]):
    """The texts of a webhook's event types by their bytes on the wire. There are few distinct values and many
    occurrences."""

    def __missing__(self, raw: Raw) -> list[str]:
        from chronicle_notebook.model import EventType

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


def columns(answer: WebhookAnswer) -> WebhookColumns:
    """The columns of an answer, which has only its bytes afterwards."""
    with uncollected():
        # Who makes a frame has loaded numpy. A list of ids needs none, and loading it takes longer than the list.
        quick = _by_ends(answer) if "numpy" in sys.modules else None
        return quick or _row_by_row(webhook_rows_pb2.WebhookTable.FromString(answer.data).Data[:])


def _row_by_row(data: list[webhook_rows_pb2.WebhookRow]) -> WebhookColumns:
    from chronicle_notebook.model import WebhookColumns

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


class _Numbers(dict[bytes, int]):
    """A number for each distinct value."""

    def __missing__(self, value: bytes) -> int:
        number = self[value] = len(self)
        return number


def _by_ends(answer: WebhookAnswer) -> WebhookColumns | None:
    """The columns, if each row begins with its id and its URL as every known kernel writes it, and many rows end alike.

    Ids and URLs come as columns from protobuf. The ends have everything else, and are read once for each distinct one.
    """
    import numpy as np

    from chronicle_notebook.model import WebhookColumns

    data, cuts = answer.data, _ends(answer)
    del answer.rows  # The texts use their memory again. Memory that is new to the process takes longer.
    if cuts is None:
        return None
    numbers = _Numbers()
    # An end is forgotten at once if the same one was there before, so that few bytes are held at any time.
    codes = np.fromiter([numbers[data[at:stop]] for at, stop in zip(*cuts, strict=True)], np.intp, len(cuts[0]))
    if len(numbers) > max(64, _FEW * len(codes)):
        return None
    try:
        few = _row_by_row([*map(webhook_rows_pb2.WebhookRow.FromString, numbers)])
    except DecodeError:
        return None  # what was cut off was not an id
    texts = webhook_rows_pb2.WebhookTexts.FromString(data).Data
    ids, urls = texts.Identifier[:], texts.Url[:]
    if any(few.id) or any(few.url) or not len(ids) == len(urls) == len(codes):
        return None
    return WebhookColumns(
        id=ids,
        url=urls,
        event_types=_own_lists(few.event_types, codes),
        authorization=np.asarray(few.authorization)[codes],
        headers=_own_lists(few.headers, codes),
        event_sequence=np.asarray(few.event_sequence, object)[codes].tolist(),
        active=np.asarray(few.active)[codes],
        replayable=np.asarray(few.replayable)[codes],
    )


def _ends(answer: WebhookAnswer) -> tuple[list[int], list[int]] | None:
    """Where each row goes on after its id and its URL, and where it stops without the id that it has again at its end.

    The positions are those in the bytes of the answer. None if there is no row, or if one begins differently.

    Each step looks at all rows at once, and copies none of them.
    """
    import numpy as np

    rows = answer.rows.Data
    # Iterating takes half the time of a slice here, because no row is kept.
    sizes = np.fromiter(map(len, rows), np.intp, len(rows))
    if not sizes.size:
        return None
    # Before a row are its tag and its size: a byte for each seven bits.
    largest = int(sizes.max())
    heads = 2 + sum(sizes >= 1 << bits for bits in range(7, largest.bit_length(), 7))
    stops = np.cumsum(heads + sizes)
    first = len(answer.data) - int(stops[-1])
    if first < 0 or not _is_envelope(answer.data[:first]):
        return None
    stops += first
    starts = at = stops - sizes
    data = np.frombuffer(answer.data, np.uint8)
    for tag in _TEXT_TAGS:
        # The length of a text has one or two bytes; the first of two is 128 or more.
        length = data.take(at + 1, mode="clip").astype(np.intp)
        next_ = at + 2 + length
        long = length >= 128
        if long.any():
            high = data.take(at + 2, mode="clip").astype(np.intp)
            next_ += long * (1 - 128 + (high << 7))
            if (long & (high >= 128)).any():
                return None
        if (data.take(at, mode="clip") != tag).any() or (next_ > stops).any():
            return None
        at = next_
    # Nobody reads the id a second time, so it can be cut off. If this cuts anything else, the rest cannot be read.
    length = data.take(starts + 1, mode="clip").astype(np.intp)
    again = stops - length - 2
    if (length < 128).all() and (again >= at).all() and (data[again] == _ID_AGAIN).all():
        stops = np.where(data[again + 1] == length, again, stops)
    return at.tolist(), stops.tolist()


def _is_envelope(data: bytes) -> bool:
    """Whether these bytes are everything of an answer except its rows.

    Then only rows follow, one after the other: with anything between or after them they would begin earlier, and a row
    or a part of one would be in these bytes.
    """
    try:
        return not webhook_rows_pb2.WebhookRows.FromString(data).Data
    except DecodeError:
        return False


def _own_lists(few: Sequence[list[str]] | np.ndarray[Any, Any], codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The list of each row, which is its own."""
    import numpy as np

    distinct = np.fromiter(few, dtype=object, count=len(few))
    return np.fromiter(map(list.copy, distinct[codes].tolist()), dtype=object, count=len(codes))


class _Types(dict[bytes, "EventType"]):
    """Event types by their bytes on the wire."""

    def __missing__(self, raw: bytes) -> EventType:
        from chronicle_notebook.contracts._convert import event_type_from_wire

        value = self[raw] = event_type_from_wire(webhooks_pb2.EventType.FromString(raw))
        return value


class _Pairs(dict[bytes, tuple[str, str]]):
    """Names and values of headers by their bytes on the wire."""

    def __missing__(self, raw: bytes) -> tuple[str, str]:
        entry = _Header.FromString(raw)
        value = self[raw] = (entry.key, entry.value)
        return value


def definitions(answer: WebhookAnswer) -> LazyWebhooks:
    """The webhooks of an answer as values that are made when somebody looks at them.

    The whole answer is read once as what it is, and forgotten: if a part of it cannot be read, that is an error now.
    """
    webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse.FromString(answer.data)
    return LazyWebhooks(answer.rows.Data[:], read=_values, read_ids=_ids)


def _ids(rows: Sequence[bytes]) -> list[str]:
    return [*map(_ID, map(webhook_rows_pb2.WebhookRow.FromString, rows))]


def _values(rows: Sequence[bytes]) -> list[WebhookDefinition]:
    """The values of rows. This takes about half the time of reading the event types as messages."""
    from chronicle_notebook.model import WebhookDefinition
    from chronicle_notebook.model._authorization import undisclosed

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
            for row in map(webhook_rows_pb2.WebhookRow.FromString, rows)
        ]
