"""What the rest of the package needs from a kernel, whatever its wire generation is.

Each generation has an adapter that implements this protocol (``contracts/commands``, ``contracts/classic``). All
arguments and results are values of ``model``, so other rooms know no generated message. Each method may raise any
:class:`~chronicle_notebook.KernelError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from chronicle_notebook.contracts._known_defect import KnownDefect
    from chronicle_notebook.display._origin import Origin
    from chronicle_notebook.model import (
        AppendedEvent,
        AppendResult,
        EventToAppend,
        EventType,
        FailedPartition,
        ObserverState,
        RegisteredEventType,
        ServerVersion,
        StoredEvent,
        WebhookColumns,
        WebhookDefinition,
    )


Item_co = TypeVar("Item_co", covariant=True)


class LiveList(Protocol[Item_co]):
    """A stream of complete lists, one at each change."""

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

    def origin(self, event_store: str = "") -> Origin:
        """The origin of an answer that was read now."""

    @property
    def known_defects(self) -> tuple[KnownDefect, ...]:
        """The known bugs of kernels of this version and generation."""

    @property
    def version_tells(self) -> bool:
        """Whether the version says which bugs the kernel has."""

    def confirm_write(self, event_store: str) -> None:
        """Ask for the name of the event store if the connection is protected, before something that is no call to the
        kernel. Each write asks by itself.

        :raises ProtectedError: nobody gave the name.
        """

    def version(self, *, retry: bool = True) -> ServerVersion:
        """The version that the server reports."""

    def event_stores(self) -> list[str]:
        """The names of all event stores."""

    def ensure_event_store(self, name: str) -> None:
        """Create an event store if it does not exist."""

    def namespaces(self, event_store: str) -> list[str]:
        """The names of the namespaces of an event store."""

    def ensure_namespace(self, event_store: str, name: str) -> None:
        """Create a namespace if it does not exist."""

    def event_types(self, event_store: str) -> list[RegisteredEventType]:
        """The latest generation of every event type of an event store."""

    def register_event_types(self, event_store: str, types: Sequence[RegisteredEventType]) -> None:
        """Register event types with their schemas, in one call."""

    def event_sequences(self, event_store: str, namespace: str) -> list[str]:
        """The ids of the event sequences of a namespace."""

    def tail(self, event_store: str, namespace: str, sequence: str, *, event_type: str | None = None) -> int | None:
        """The number of the last event of a sequence, or of the last one of an event type; None if there is none."""

    def append(self, event_store: str, namespace: str, sequence: str, events: Sequence[EventToAppend]) -> AppendResult:
        """Append events, all or none."""

    def events(
        self, event_store: str, namespace: str, sequence: str, *, start: int = 0, event_source_id: str | None = None
    ) -> list[AppendedEvent]:
        """The events of a sequence from a number on. Kernels have no paging, so this is one answer."""

    def stored_events(
        self,
        event_store: str,
        namespace: str,
        sequence: str,
        *,
        start: int = 0,
        event_source_id: str | None = None,
        event_types: Sequence[EventType] = (),
    ) -> list[StoredEvent]:
        """The same events with all that the kernel tells of them.

        :param event_types: leave out all other types; empty for all types.
        """

    def has_events(self, event_store: str, namespace: str, sequence: str, event_source_id: str) -> bool:
        """Whether a sequence has an event of an event source."""

    def webhooks(self, event_store: str) -> Sequence[WebhookDefinition]:
        """All webhooks as the kernel returns them, without credentials."""

    def webhook_columns(self, event_store: str) -> WebhookColumns:
        """All webhooks, column by column, without a value object for each."""

    def observe_webhooks(self, event_store: str) -> LiveList[list[WebhookDefinition]]:
        """The complete list of webhooks, now and at each change."""

    def add_webhooks(self, event_store: str, definitions: Sequence[WebhookDefinition]) -> None:
        """Register webhooks in one call. Success means only that the kernel accepted the call: read the webhooks
        back."""

    def remove_webhooks(self, event_store: str, ids: Sequence[str]) -> None:
        """Remove webhooks in one call. The kernel accepts an unknown id too."""

    def adds_one(self, event_store: str, definition: WebhookDefinition) -> bool | None:
        """Register a webhook by the kernel's call for one webhook, and return whether the call succeeded; None if the
        kernel has no such call. Only a probe uses it."""

    def lists_secret(self, event_store: str, webhook: str) -> bool:
        """Whether the list of webhooks has a secret of this webhook, encrypted or not. The secret itself is not
        returned."""

    def tests_target(self, url: str) -> bool | None:
        """Let the kernel send its own test request, and return whether it calls this a success; None if the kernel has
        no such call. Only a probe uses it."""

    def observers(self, event_store: str, namespace: str) -> list[ObserverState]:
        """All observers of a namespace, including those of webhooks."""

    def observer(self, event_store: str, namespace: str, observer_id: str, sequence: str) -> ObserverState:
        """One observer, also an unknown one, which is disconnected. Its state can be quarantined.

        :param sequence: the event sequence of the observer.
        """

    def clear_observer_quarantine(self, event_store: str, namespace: str, observer_id: str, sequence: str) -> None:
        """End the quarantine of a whole observer.

        :param sequence: the event sequence of the observer.
        """

    def replay(self, event_store: str, namespace: str, observer_id: str, sequence: str) -> str | None:
        """Deliver everything to an observer again, from the first event on. Returns the id of the job; None if the
        kernel began none.

        :param sequence: the event sequence of the observer.
        """

    def replay_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> None:
        """Deliver the events of one event source to an observer again. The kernel does not say whether it began.

        :param sequence: the event sequence of the observer.
        """

    def clear_partition_quarantine(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool:
        """End the quarantine of a partition and retry it now. Returns False if it is not quarantined.

        :raises MethodNotImplementedError: the kernel does not have this call, as up to 16.38. There
            :meth:`retry_partition` ends a quarantine.
        """

    def failed_partitions(
        self, event_store: str, namespace: str, observer_id: str | None = None
    ) -> list[FailedPartition]:
        """The partitions that fail now."""

    def retry_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool | None:
        """Retry a failed partition now. Returns whether the retry started; None if the kernel does not say so.

        :param sequence: the event sequence of the observer.
        """
