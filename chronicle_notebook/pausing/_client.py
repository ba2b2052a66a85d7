"""What a pause uses of a client. In ``session/_client.py`` type checkers check that the client fits."""

from __future__ import annotations

from typing import Protocol

from chronicle_notebook.display._listing import Listing
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import FailedPartition, ObserverState, RegisteredEventType, WebhookDefinition
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.registration._losses import KnownKernel
from chronicle_notebook.registration._outcome import Outcome


class WebhooksOfStore(Protocol):
    """The webhooks of an event store."""

    def all(self) -> WebhookList:
        """All webhooks."""

    def register(self, webhook: WebhookDefinition) -> Outcome:
        """Register a webhook and wait until it is registered."""

    def replace(self, webhook: WebhookDefinition) -> Outcome:
        """Remove a webhook and register it again."""

    def remove(self, webhook: str) -> Outcome:
        """Remove a webhook and wait until it is gone."""


class StoreClient(KnownKernel, Protocol):
    """One event store of a kernel."""

    @property
    def server(self) -> str:
        """``host:port`` of the kernel."""

    @property
    def namespace(self) -> str:
        """The namespace of the client."""

    @property
    def embedded(self) -> bool:
        """Whether the kernel is the sandbox inside this process, whose data end with it."""

    @property
    def origin(self) -> Origin:
        """The kernel and the event store, as the origin of an answer that is read now."""

    @property
    def webhooks(self) -> WebhooksOfStore:
        """The webhooks of the event store."""

    def in_memory(self) -> bool | None:
        """Whether the kernel keeps its events in memory and has the bugs of this storage; None if nothing tells."""

    def event_types(self) -> Listing[RegisteredEventType]:
        """The event types of the event store."""

    def observers(self) -> Listing[ObserverState]:
        """The progress of each observer, in every namespace."""

    def failed_partitions(self) -> Listing[FailedPartition]:
        """The partitions that fail, in every namespace."""
