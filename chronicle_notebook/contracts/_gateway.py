"""What the rooms above need of a kernel, whatever its wire generation.

One adapter per generation implements this (``contracts/commands``, ``contracts/classic``). Everything that goes in and
comes out is a value of ``model``: nothing above knows a generated message. Each method may raise any
:class:`~chronicle_notebook.KernelError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from chronicle_notebook.contracts._defects import KnownDefect
from chronicle_notebook.model import (
    AppendedEvent,
    AppendResult,
    EventToAppend,
    FailedPartition,
    ObserverState,
    RegisteredEventType,
    ServerVersion,
    WebhookColumns,
    WebhookDefinition,
)

Item_co = TypeVar("Item_co", covariant=True)


class LiveList(Protocol[Item_co]):
    """A stream of full lists, one at each change."""

    def __iter__(self) -> Iterator[Item_co]:
        """Yield each list until the stream ends."""

    def cancel(self) -> None:
        """End the stream at once, from any thread."""


class KernelGateway(Protocol):
    """A kernel."""

    @property
    def generation(self) -> str:
        """The wire generation: ``commands`` or ``classic``."""

    @property
    def server(self) -> str:
        """``host:port``."""

    @property
    def known_defects(self) -> tuple[KnownDefect, ...]:
        """What kernels of this version and generation are known to do wrong."""

    @property
    def version_tells(self) -> bool:
        """Whether the version says what the kernel does wrong and what not."""

    def version(self, *, retry: bool = True) -> ServerVersion:
        """What the server says of itself."""

    def event_stores(self) -> list[str]:
        """The names of all event stores."""

    def ensure_event_store(self, name: str) -> None:
        """Create an event store unless it exists."""

    def namespaces(self, event_store: str) -> list[str]:
        """The names of the namespaces of an event store."""

    def ensure_namespace(self, event_store: str, name: str) -> None:
        """Create a namespace unless it exists."""

    def event_types(self, event_store: str) -> list[RegisteredEventType]:
        """The latest generation of every event type of an event store."""

    def register_event_types(self, event_store: str, types: Sequence[RegisteredEventType]) -> None:
        """Register event types with their schemas, in one call."""

    def event_sequences(self, event_store: str, namespace: str) -> list[str]:
        """The ids of the event sequences of a namespace."""

    def tail(self, event_store: str, namespace: str, sequence: str) -> int | None:
        """The number of the last event of a sequence; None when it is empty."""

    def append(self, event_store: str, namespace: str, sequence: str, events: Sequence[EventToAppend]) -> AppendResult:
        """Append events, all or none."""

    def events(
        self, event_store: str, namespace: str, sequence: str, *, start: int = 0, event_source_id: str | None = None
    ) -> list[AppendedEvent]:
        """The events of a sequence from a number on; kernels do not page, so this is one answer."""

    def has_events(self, event_store: str, namespace: str, sequence: str, event_source_id: str) -> bool:
        """Whether a sequence has an event of an event source."""

    def webhooks(self, event_store: str) -> list[WebhookDefinition]:
        """All webhooks as read back: without credentials."""

    def webhook_columns(self, event_store: str) -> WebhookColumns:
        """All webhooks column by column, with no value object in between."""

    def observe_webhooks(self, event_store: str) -> LiveList[list[WebhookDefinition]]:
        """The full list of webhooks now and at each change."""

    def add_webhooks(self, event_store: str, definitions: Sequence[WebhookDefinition]) -> None:
        """Register webhooks in one call. Acceptance is not materialisation: read back."""

    def remove_webhooks(self, event_store: str, ids: Sequence[str]) -> None:
        """Remove webhooks in one call. An unknown id is accepted too."""

    def observers(self, event_store: str, namespace: str) -> list[ObserverState]:
        """All observers of a namespace, webhooks among them."""

    def failed_partitions(
        self, event_store: str, namespace: str, observer_id: str | None = None
    ) -> list[FailedPartition]:
        """The partitions that fail at this moment."""

    def retry_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool | None:
        """Try a failed partition now. Whether that was started; None where the kernel does not tell.

        :param sequence: the event sequence of the observer.
        """
