"""What the desired state needs of a client: protocols, so that this room knows no connection.

Type checkers check in ``tests/desired`` that :class:`chronicle_notebook.Client` fits :class:`StateClient`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from chronicle_notebook.contracts._known_defect import KnownDefect
from chronicle_notebook.display._listing import Listing
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import RegisteredEventType, ServerVersion, WebhookDefinition
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.registration._outcome import Outcome, Outcomes


class Paused(Protocol):
    """A paused webhook."""

    @property
    def id(self) -> str:
        """Its id."""


class WebhookCalls(Protocol):
    """The webhooks of an event store."""

    def paused(self) -> Iterable[Paused]:
        """The webhooks that this machine has a pause of. They are not registered."""

    def all(self) -> WebhookList:
        """All webhooks."""

    def register(self, webhook: Sequence[WebhookDefinition], *, wait: float, accept_unknown: bool) -> Outcomes:
        """Register several webhooks and wait until they are visible."""

    def remove(self, webhook: Sequence[str], *, wait: float) -> Outcomes:
        """Remove several webhooks and wait until they are gone."""

    def replace(self, webhook: WebhookDefinition, *, wait: float) -> Outcome:
        """Remove a webhook and register it again."""


class LiveCard(Protocol):
    """A widget that shows a plan with buttons."""

    closed: bool

    @property
    def plan(self) -> object:
        """The plan that it shows now."""

    def take(self, applied: Any) -> None:
        """Show the result of the plan, unless the widget applied it itself."""

    def bundle_of(self, value: object, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The widget as the data and metadata of an output, shown in place of a value."""


class StateClient(Protocol):
    """One event store of one kernel."""

    event_store: str

    @property
    def server(self) -> str:
        """``host:port`` of the kernel."""

    @property
    def origin(self) -> Origin:
        """The kernel and the event store, as the origin of an answer that is read now."""

    @property
    def version(self) -> ServerVersion:
        """The version that the server reports."""

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

    def event_types(self) -> Listing[RegisteredEventType]:
        """The event types of the event store."""

    def register_event_types(self, *classes: type) -> None:
        """Register classes with their schemas."""

    @property
    def webhooks(self) -> WebhookCalls:
        """The webhooks of the event store."""

    def plan_card(self, plan: Any) -> LiveCard | None:
        """The widget that shows a plan with buttons; None where no front end shows widgets."""
