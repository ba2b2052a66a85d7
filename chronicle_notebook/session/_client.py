"""The client: one kernel, one event store, one namespace, and access to everything in them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Self

from chronicle_notebook.base._arguments import check_declared, check_names
from chronicle_notebook.base._errors import ProtectedError
from chronicle_notebook.base._public import public
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._notebook import front_end_answers
from chronicle_notebook.session._delivery_calls import DeliveryCalls
from chronicle_notebook.session._guard import LOCK, GuardedGateway, other_store_hint
from chronicle_notebook.session._location import Place
from chronicle_notebook.session._probe_calls import ProbeCalls, kept_measurement
from chronicle_notebook.session._webhooks import Webhooks

if TYPE_CHECKING:
    from pathlib import Path

    from chronicle_notebook.connection._channel import Channel
    from chronicle_notebook.connection._string import ConnectionString
    from chronicle_notebook.contracts._known_defect import KnownDefect
    from chronicle_notebook.contracts._negotiation import Negotiation
    from chronicle_notebook.desired._plan import StatePlan
    from chronicle_notebook.display._listing import Listing
    from chronicle_notebook.display._origin import Origin
    from chronicle_notebook.display._table_and_card import Card
    from chronicle_notebook.events._event_sequence import EventSequence
    from chronicle_notebook.events._listings import ListenedEventType, SequenceTail
    from chronicle_notebook.model import EventToAppend, RegisteredEventType, ServerVersion
    from chronicle_notebook.session._doctor import Diagnosis
    from chronicle_notebook.session._status import Status
    from chronicle_notebook.widgets import PlanCard, WebhookExplorer
    from chronicle_notebook.widgets._session import Session


@public
class Client(DeliveryCalls, ProbeCalls, Displayed):
    """A connection to a kernel, made by :func:`chronicle_notebook.connect`. Close it, or use it in a ``with`` block."""

    def __init__(  # noqa: PLR0913 - made by connect() alone
        self,
        channel: Channel,
        *,
        name: str,
        event_store: str,
        namespace: str,
        version: ServerVersion,
        kernel: NegotiatedGateway | None = None,
        embedded: bool = False,
        declared: Iterable[type] | None = None,
        on_close: Callable[[Client], None] | None = None,
    ) -> None:
        self._channel = channel
        self._kernel = NegotiatedGateway(channel, recall=kept_measurement) if kernel is None else kernel
        self._place = Place(self._kernel, event_store, namespace)
        self._remark = ""
        self.declared = check_declared(declared)
        """The declared classes that :meth:`Webhooks.discover` looks at; None means all loaded classes."""
        self._on_close = on_close
        self._before_close: list[Callable[[], object]] = []
        self.name = name
        """The name under which :func:`chronicle_notebook.client` finds this client."""
        self.event_store = event_store
        self.namespace = namespace
        self._version = version
        self.embedded = embedded
        """Whether the kernel is the sandbox inside this process."""

    @property
    def server(self) -> str:
        """``host:port`` of the kernel."""
        return self._kernel.server

    @property
    def origin(self) -> Origin:
        """The kernel and the event store, as the origin of an answer that is read now."""
        return self._kernel.origin(self.event_store)

    @property
    def closed(self) -> bool:
        """Whether the client was closed. A client that lost its kernel is not closed, and connects again by itself."""
        return self._channel.closed

    @property
    def timeout(self) -> float:
        """Seconds that each call may take."""
        return self._channel.timeout

    @property
    def protected(self) -> bool:
        """Whether writes need the event store's name first."""
        return isinstance(self._kernel, GuardedGateway)

    @property
    def protected_as(self) -> str | None:
        """The profile that protects the client; empty if ``connect`` named none, None if it is not protected."""
        return self._kernel.label if isinstance(self._kernel, GuardedGateway) else None

    @property
    def locked(self) -> bool:
        """Whether the client is protected and nobody has given the event store's name in this process yet."""
        return self.protected and not LOCK.is_open(self.server, self.event_store)

    def unlock(self, event_store: str) -> None:
        """Allow this process to write to the event store of a protected connection, by giving its name.

        :raises ProtectedError: the name is not that of :attr:`event_store`.
        """
        LOCK.unlock(self.server, self.event_store, event_store)

    @property
    def target(self) -> ConnectionString:
        """The connection string. It shows itself without its secrets."""
        return self._channel.target

    @property
    def sandbox(self) -> bool:
        """Whether the kernel is a sandbox, in this process or in another one. The version of the kernel says so."""
        return self.embedded or self.version.is_sandbox

    @property
    def generation(self) -> str:
        """The wire generation: ``commands`` for kernels from 16.38 on, ``classic`` for older kernels."""
        return self._kernel.generation

    @property
    def version(self) -> ServerVersion:
        """The version that the server reports."""
        found = self._kernel.negotiation
        # The compatibility check reports the version but not the commit. The first call of this client reported both.
        if found is None or not found.version.version or found.version.version == self._version.version:
            return self._version
        return found.version

    @property
    def negotiation(self) -> Negotiation | None:
        """How the wire generation was found out, and what the kernel reports against this package's contract."""
        return self._kernel.negotiation

    @property
    def known_defects(self) -> Listing[KnownDefect]:
        """The known bugs of this kernel, and what this package does about them: those that :meth:`probe` measured, and
        of all others those that are known of kernels of this version."""
        from chronicle_notebook.session._defect_listing import defect_listing

        return defect_listing(self._kernel.known_defects, version=self.version.version, origin=self.origin)

    @cached_property
    def webhooks(self) -> Webhooks:
        """The webhooks of the event store."""
        return Webhooks(
            self._kernel,
            self._place.store,
            declared=self.declared,
            shown_store=lambda: self.event_store,
            appender=self._test_appender,
            explore=self._explorer,
            owner=lambda: self,
        )

    def _test_appender(self) -> Callable[[str, EventToAppend], object] | None:
        """A function that appends a sample event for the test of a webhook; None unless the kernel is a sandbox.

        Nobody could delete such an event from the event log of a real kernel.
        """
        if not self.sandbox:
            return None
        return lambda sequence, event: self.event_sequence(sequence).append_many([event])

    def _explorer(self, file: str | Path | None, profile: str | None) -> WebhookExplorer:
        from chronicle_notebook.widgets import WebhookExplorer

        session: Session = self  # type checkers check here that the client fits the protocol of the widgets
        return WebhookExplorer(session, file=file, profile=profile)

    def plan_card(self, plan: StatePlan) -> PlanCard | None:
        """The widget that a plan at the end of a cell shows; None where no front end of Jupyter answers."""
        if not front_end_answers():
            return None
        from chronicle_notebook.widgets import PlanCard

        return PlanCard(plan)

    @cached_property
    def event_log(self) -> EventSequence:
        """The event log, the sequence that events go to by default."""
        from chronicle_notebook.model import EVENT_LOG

        return self.event_sequence(EVENT_LOG)

    def event_sequence(self, sequence: str) -> EventSequence:
        """A sequence of the namespace, by its id. A kernel creates a sequence when its first event is appended.

        :raises UnknownEventStoreError: the kernel does not have the event store.
        :raises InvalidInputError: the event store does not have the namespace.
        """
        from chronicle_notebook.events._event_sequence import EventSequence

        check_names(sequence=sequence or "")
        return EventSequence(self._kernel, self._place.store(), self._place.namespace(), sequence)

    def event_stores(self) -> Listing[str]:
        """The names of all event stores of the kernel. The table marks the client's own event store."""
        return self._names(self._kernel.event_stores(), "event store", f"kernel {self.server}", self.event_store)

    def ensure_event_store(self, name: str | None = None) -> None:
        """Create an event store if it does not exist. Without a name: the client's own event store."""
        check_names(name=name)
        store = self.event_store if name is None else name
        try:
            self._kernel.ensure_event_store(store)
        except ProtectedError as error:
            if store != self.event_store:
                error.hint = other_store_hint(store)
            raise
        self.look()

    def namespaces(self) -> Listing[str]:
        """The names of the namespaces of the event store. The table marks the client's own namespace."""
        store = f"event store {self.event_store!r}"
        return self._names([*self._place.namespaces()], "namespace", store, self.namespace)

    def ensure_namespace(self, name: str | None = None) -> None:
        """Create a namespace if it does not exist. Without a name: the client's own namespace."""
        check_names(name=name)
        self._kernel.ensure_namespace(self._place.store(), self.namespace if name is None else name)
        self.look()

    def at(self, *, event_store: str | None = None, namespace: str | None = None) -> Client:
        """A client of another event store or namespace that uses the same connection. Closing one of the two clients
        closes both.

        Without ``namespace``, the namespace stays the same; the client checks it at the first call that needs it.

        :raises UnknownEventStoreError: the kernel has no such event store.
        :raises InvalidInputError: the event store has no such namespace.
        """
        check_names(event_store=event_store, namespace=namespace)
        moved = Client(
            self._channel,
            name=self.name,
            event_store=event_store or self.event_store,
            namespace=namespace or self.namespace,
            version=self._version,
            kernel=self._kernel,
            embedded=self.embedded,
            declared=self.declared,
            on_close=self._on_close,
        )
        if namespace is None:
            moved._place.store()
        else:
            moved._place.check_from(self.event_store)
        moved.look()
        return moved

    def look(self, event_stores: Sequence[str] | None = None) -> None:
        """Check whether the kernel has the event store and the namespace. The card shows what is missing.

        :param event_stores: the event stores, if they were just listed.
        """
        self._remark = self._place.remark(event_stores)

    def shares_connection_with(self, other: Client) -> bool:
        """Whether closing one of the two clients closes both."""
        return self._channel is other._channel

    def status(self) -> Status:
        """The kernel, the name under which it knows the caller, and the time of one answer."""
        from chronicle_notebook.session._status import Status

        started = time.monotonic()
        self._kernel.version(retry=False)
        latency = time.monotonic() - started
        self.look()
        return Status(card=self._display(), latency=latency, read_at=self.origin.read_at)

    def doctor(self, *, event_store: str | None = None, namespace: str | None = None) -> Diagnosis:
        """Check the way to the kernel step by step, and say which step fails: see :func:`chronicle_notebook.doctor`."""
        from chronicle_notebook.session._doctor import examine

        check_names(event_store=event_store, namespace=namespace)
        return examine(
            self._channel.target,
            event_store=event_store or self.event_store,
            namespace=namespace or self.namespace,
            trust=self._channel.trust,
            banner=self.origin.banner,
        )

    def listened_event_types(self) -> Listing[ListenedEventType]:
        """The event types of the event store, each with the active webhooks that receive it."""
        from chronicle_notebook.events import _listings

        event_store = self._place.store()
        found = _listings.listened(self._kernel.event_types(event_store), self._kernel.webhooks(event_store))
        return _listings.listened_listing(found, origin=self.origin)

    def event_types(self) -> Listing[RegisteredEventType]:
        """The event types of the event store, as a table and with ``to_frame()``."""
        from chronicle_notebook.events import _listings

        return _listings.event_type_listing(self._kernel.event_types(self._place.store()), origin=self.origin)

    def register_event_types(self, *types: type | RegisteredEventType) -> None:
        """Register event types with their schemas: classes with ``@event_type``, or values as :meth:`event_types` lists
        them, from another event store, say. Without arguments: all declared classes.

        This overwrites the schema that the event store has for the same generation.
        """
        from chronicle_notebook.events._declared_event_type import declared_event_types, registration_of
        from chronicle_notebook.model import RegisteredEventType

        wanted = [
            each if isinstance(each, RegisteredEventType) else registration_of(each)
            for each in types or declared_event_types()
        ]
        if wanted:
            self._kernel.register_event_types(self._place.store(), wanted)

    def event_sequences(self) -> Listing[SequenceTail]:
        """The sequences of the namespace, each with the number of its last event."""
        from chronicle_notebook.events import _listings
        from chronicle_notebook.events._listings import SequenceTail

        event_store, namespace = self._place.store(), self._place.namespace()
        ids = self._kernel.event_sequences(event_store, namespace)
        tails = [SequenceTail(each, namespace, self._kernel.tail(event_store, namespace, each)) for each in ids]
        return _listings.sequence_listing(tails, origin=self.origin)

    def close(self) -> None:
        """End all calls and streams. Later calls raise :class:`ClientClosedError`."""
        actions, self._before_close = self._before_close, []
        try:
            for action in actions:
                action()
        finally:
            self._channel.close()
        if self._on_close is not None:
            self._on_close(self)

    def before_close(self, action: Callable[[], object]) -> None:
        """Call ``action`` once when this client is closed, while it can still call the kernel."""
        self._before_close.append(action)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _display(self) -> Card:
        from chronicle_notebook.session._description import client_card

        return client_card(
            name=self.name,
            event_store=self.event_store,
            namespace=self.namespace,
            embedded=self.embedded,
            version=self.version,
            channel=self._channel,
            kernel=self._kernel,
            remark=self._remark,
        )

    def _names(self, names: list[str], what: str, where: str, current: str) -> Listing[str]:
        from chronicle_notebook.events import _listings

        return _listings.name_listing(names, what=what, where=where, current=current, origin=self.origin)
