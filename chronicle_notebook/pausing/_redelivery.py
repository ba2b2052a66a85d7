"""Re-delivery by this package: events that a webhook has had, posted to its target once more.

Kernels replay a webhook from its first event on or not at all. For a part of the events, and for kernels on which a
replay hangs, this process reads the events and posts them in the kernel's own form, with one header more. The kernel
does not know of it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chronicle_notebook.base._arguments import check_seconds
from chronicle_notebook.base._public import public
from chronicle_notebook.base._url import shown
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.definition._credentials import at_hand
from chronicle_notebook.display._listing import Listing, counted
from chronicle_notebook.display._origin import Origin, Originated
from chronicle_notebook.display._table_and_card import Card, Tone, clock
from chronicle_notebook.model import StoredEvent, WebhookAuthorization, WebhookDefinition
from chronicle_notebook.pausing._progress import OnProgress, telling
from chronicle_notebook.pausing._redelivery_outcome import (
    NOT_KNOWN_TO_THE_KERNEL,
    RedeliveryOutcome,
    RedeliveryRequest,
    request_listing,
)
from chronicle_notebook.pausing._selection import WantedEvents, equipped, select, without_credentials_note
from chronicle_notebook.pausing._sending import MARK, Errand, Sending
from chronicle_notebook.target_test._trial import LONGEST

_SENDS = "plan.apply() sends them. Ctrl-C stops it."

PAGE = 100
"""The largest number of events in one request, as in a kernel's replay."""


@public
@dataclass(frozen=True, slots=True, repr=False)
class RedeliveryPlan(Originated):
    """Events that were read and not sent: :meth:`apply` posts them to the target."""

    webhook: str
    target: str
    """The target URL without what may be secret in it."""
    namespace: str
    requests: tuple[RedeliveryRequest, ...]
    """The requests that it would send."""
    first: datetime | None
    """The time of the first event; None if there is none."""
    last: datetime | None
    notes: tuple[str, ...]
    rate: float
    """Requests in a second, at most."""
    timeout: float
    """Seconds for each request."""
    origin: Origin
    _definition: WebhookDefinition = field(kw_only=True, compare=False)
    _errands: tuple[Errand, ...] = field(kw_only=True, compare=False)
    _kernel: KernelGateway = field(kw_only=True, compare=False)

    @property
    def events(self) -> int:
        """The number of events."""
        return sum(len(each.sequence_numbers) for each in self.requests)

    @property
    def sequence_numbers(self) -> tuple[int, ...]:
        """The numbers of the events."""
        return tuple(sorted(number for each in self.requests for number in each.sequence_numbers))

    def apply(
        self, *, on_progress: OnProgress | None = None, cancel: threading.Event | None = None
    ) -> RedeliveryOutcome:
        """Post the events, and say which were delivered. On a protected connection this needs the event store's name.

        It ends early after Ctrl-C, when somebody sets ``cancel``, and after three failed requests in a row; the outcome
        has each request in any case. No request is sent twice. After a failure the later events of the same event
        source are not sent, because targets rely on their order.

        :param on_progress: called with a :class:`DeliveryProgress` after each request.
        :param cancel: an event that another thread sets in order to end it before the next request.
        :raises ProtectedError: nobody gave the name of the event store; nothing was sent.
        :raises SecretUnavailableError: a credential was not found; nothing was sent.
        """
        self._kernel.confirm_write(self.event_store)
        sending = Sending(
            at_hand(self._definition),
            self._errands,
            event_store=self.event_store,
            namespace=self.namespace,
            rate=self.rate,
            timeout=self.timeout,
        )
        with telling(f"Delivering to {self.webhook!r} again", on_progress) as told:
            sent = sending.run(cancel or threading.Event(), told)
        return RedeliveryOutcome(
            webhook=self.webhook,
            target=self.target,
            namespace=self.namespace,
            mark=sent.mark,
            requests=sent.requests,
            stopped=sent.stopped,
            origin=self._kernel.origin(self.event_store),
        )

    def listing(self) -> Listing[RedeliveryRequest]:
        """The requests as a table."""
        return request_listing(self.requests, webhook=self.webhook, origin=self.origin)

    def _display(self) -> Card:
        requests, numbers = counted(len(self.requests), "request"), self.sequence_numbers
        facts = [("namespace", self.namespace)]
        if numbers:
            facts.append(("numbers", f"{numbers[0]:,} to {numbers[-1]:,}"))
        if self.first is not None and self.last is not None:
            facts.append(("occurred", f"{clock(self.first)} to {clock(self.last)}"))
        facts.append(("header", f"{MARK} marks each request"))
        return Card(
            heading=f"Re-delivery of {counted(self.events, 'event')} in {requests} to {self.target}. Nothing was sent.",
            facts=facts,
            notes=[*self.notes, *((NOT_KNOWN_TO_THE_KERNEL, _SENDS) if self.requests else ())],
            tone=Tone.WARNING,
            banner=self.origin.banner,
        )


def plan(
    kernel: KernelGateway,
    event_store: str,
    namespace: str,
    definition: WebhookDefinition,
    wanted: WantedEvents,
    *,
    authorization: WebhookAuthorization | None,
    rate: float,
    timeout: float,
) -> RedeliveryPlan:
    """Read the events, and say what would be sent.

    :param authorization: the credentials to send.
    :raises InvalidInputError: a value is wrong, or credentials are missing.
    """
    check_seconds(rate, field="rate", above_zero=True, what="a number of requests in a second")
    check_seconds(timeout, field="timeout", above_zero=True)
    complete = equipped(definition, authorization)
    selected = select(kernel, event_store, namespace, definition, wanted)
    bare = without_credentials_note(kernel, definition, authorization)
    errands = _errands(selected.events)
    moments = [each.moment for each in selected.events if each.moment is not None]
    return RedeliveryPlan(
        webhook=definition.id,
        target=shown(definition.target_url),
        namespace=namespace,
        requests=tuple(each.request for each in errands),
        first=min(moments, default=None),
        last=max(moments, default=None),
        notes=(*selected.notes, *([bare] if bare else [])),
        rate=rate,
        timeout=min(timeout, LONGEST),
        origin=kernel.origin(event_store),
        _definition=complete,
        _errands=errands,
        _kernel=kernel,
    )


def _errands(events: Sequence[StoredEvent]) -> tuple[Errand, ...]:
    """The requests: the events of one event source together, as in a replay by a kernel."""
    sources: dict[str, list[StoredEvent]] = {}
    for each in events:
        sources.setdefault(each.event_source_id, []).append(each)
    return tuple(
        Errand(source, tuple(found[start : start + PAGE]))
        for source, found in sources.items()
        for start in range(0, len(found), PAGE)
    )
