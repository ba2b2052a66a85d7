"""What a widget uses of a client: the widgets use these protocols and know no connection.

In ``session/_client.py`` type checkers check that :class:`chronicle_notebook.Client` fits :class:`Session`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from chronicle_notebook.base._errors import ChronicleError
from chronicle_notebook.contracts._known_defect import KnownDefect
from chronicle_notebook.display._listing import Listing
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.events._listings import SequenceTail
from chronicle_notebook.model import (
    AppendResult,
    EventType,
    RegisteredEventType,
    ServerVersion,
    WebhookDefinition,
)
from chronicle_notebook.pausing._paused import PausedWebhook
from chronicle_notebook.pausing._replay import ReplayPlan
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.reading._observation import ObservationState, WebhookObservation
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.target_test._answer import TargetAnswer
from chronicle_notebook.triage._retries import Retries
from chronicle_notebook.triage._triage import Triage


class Lockable(Protocol):
    """One event store, which may be protected."""

    event_store: str

    @property
    def origin(self) -> Origin:
        """The kernel and the event store, as the origin of an answer that is read now."""

    @property
    def protected(self) -> bool:
        """Whether writes need the event store's name first."""

    @property
    def locked(self) -> bool:
        """Whether the name of the event store has not been given yet."""

    def unlock(self, event_store: str) -> None:
        """Allow writes by giving the name of the event store."""


class WebhookService(Protocol):
    """The webhooks of an event store."""

    def all(self) -> WebhookList:
        """All webhooks."""

    def get(self, webhook: str) -> WebhookDefinition:
        """The webhook of an id."""

    def observe(
        self,
        on_change: Callable[[WebhookList], None] | None = None,
        *,
        on_state: Callable[[ObservationState], None] | None = None,
        on_error: Callable[[ChronicleError], None] | None = None,
    ) -> WebhookObservation:
        """The complete list at each change."""

    def test(self, webhook: str | WebhookDefinition) -> TargetAnswer:
        """Send a test request to the target."""

    def register(self, webhook: WebhookDefinition) -> Outcome:
        """Register a webhook and wait until it is registered."""

    def replace(self, webhook: WebhookDefinition) -> Outcome:
        """Remove a webhook and register it again."""

    def remove(self, webhook: str) -> Outcome:
        """Remove a webhook and wait until it is gone."""

    def pause(self, webhook: str) -> Outcome:
        """Keep the definition of a webhook in a file, and remove it."""

    def resume(self, webhook: str) -> Outcome:
        """Register a paused webhook again."""

    def replay(self, webhook: str) -> ReplayPlan:
        """What a replay of a webhook would send."""

    def paused(self) -> Listing[PausedWebhook]:
        """The paused webhooks, which are not registered."""


class EventLog(Protocol):
    """A sequence to which events can be appended."""

    @property
    def id(self) -> str:
        """The id of the sequence."""

    def append(self, event_source: str, event_type: EventType, content: Mapping[str, Any]) -> AppendResult:
        """Append one event."""


class Session(Protocol):
    """One kernel, one event store, one namespace."""

    name: str
    event_store: str
    namespace: str

    @property
    def server(self) -> str:
        """``host:port`` of the kernel."""

    @property
    def origin(self) -> Origin:
        """The kernel and the event store, as the origin of an answer that is read now."""

    @property
    def sandbox(self) -> bool:
        """Whether the kernel is a sandbox."""

    @property
    def version(self) -> ServerVersion:
        """The version that the server reports."""

    @property
    def generation(self) -> str:
        """The wire generation."""

    @property
    def known_defects(self) -> Listing[KnownDefect]:
        """The known bugs of kernels of this version."""

    @property
    def protected(self) -> bool:
        """Whether writes need the event store's name first."""

    @property
    def locked(self) -> bool:
        """Whether the name of the event store has not been given yet."""

    def unlock(self, event_store: str) -> None:
        """Allow writes by giving the name of the event store."""

    @property
    def webhooks(self) -> WebhookService:
        """The webhooks of the event store."""

    @property
    def event_log(self) -> EventLog:
        """The event log, the sequence that events go to by default."""

    def event_types(self) -> Listing[RegisteredEventType]:
        """The event types of the event store."""

    def event_sequences(self) -> Listing[SequenceTail]:
        """The sequences of the namespace."""

    def triage(self, *, paused: Collection[str] | None = None, before: Triage | None = None) -> Triage:
        """What fails, why, since when, and what waits for it."""

    def in_memory(self) -> bool | None:
        """Whether the kernel keeps its events in memory and has the known bugs of this storage."""

    def retry_failed_partitions(
        self,
        webhooks: str | Iterable[str] | None = None,
        *,
        release: bool = False,
        wait: float = 60.0,
        on_progress: Callable[[Retries], object] | None = None,
    ) -> Retries:
        """Ask the kernel to retry the failed partitions of webhooks, and follow each to its end."""
