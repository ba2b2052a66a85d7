"""A list of webhooks whose values are made when somebody looks at them.

Making a value takes much longer than reading its bytes, and takes several times their memory. Most lists are read for
one webhook, for their ids or for their length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from chronicle_notebook.model._webhook import WebhookDefinition


class LazyWebhooks(Sequence["WebhookDefinition"]):
    """Webhooks as the bytes of an answer that was read and found valid. Each value is made once."""

    __slots__ = ("_held", "_read", "_read_ids")

    def __init__(
        self,
        rows: Sequence[bytes],
        *,
        read: Callable[[Sequence[bytes]], list[WebhookDefinition]],
        read_ids: Callable[[Sequence[bytes]], list[str]],
    ) -> None:
        """Take the bytes of each webhook, and the functions that read values and ids from such bytes."""
        self._held: list[bytes | WebhookDefinition] = list(rows)
        self._read = read
        self._read_ids = read_ids

    def __repr__(self) -> str:
        # The bytes contain the values of headers.
        return f"<LazyWebhooks of {len(self)} webhooks>"

    def __len__(self) -> int:
        return len(self._held)

    @overload
    def __getitem__(self, key: int) -> WebhookDefinition: ...

    @overload
    def __getitem__(self, key: slice) -> list[WebhookDefinition]: ...

    def __getitem__(self, key: int | slice) -> WebhookDefinition | list[WebhookDefinition]:
        if isinstance(key, slice):
            return [self[position] for position in range(len(self))[key]]
        held = self._held[key]
        if isinstance(held, bytes):
            (held,) = self._read([held])
            self._held[key] = held
        return held

    def __iter__(self) -> Iterator[WebhookDefinition]:
        places = [position for position, held in enumerate(self._held) if isinstance(held, bytes)]
        rows = [held for held in self._held if isinstance(held, bytes)]
        for position, value in zip(places, self._read(rows), strict=False):
            self._held[position] = value
        return (each for each in self._held if not isinstance(each, bytes))

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def ids(self) -> list[str]:
        """The id of each webhook, without making its value."""
        rows = [held for held in self._held if isinstance(held, bytes)]
        if len(rows) == len(self._held):
            return self._read_ids(rows)
        return [self._read_ids([held])[0] if isinstance(held, bytes) else held.id for held in self._held]
