"""The gateway that everything above uses: it finds out what a kernel speaks, and lets the right adapter speak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from google.protobuf.message import Message

from chronicle_notebook._errors import MethodNotImplementedError, ProtocolError
from chronicle_notebook.contracts._defects import KnownDefect, is_sandbox, known_defects
from chronicle_notebook.contracts._gateway import Caller, KernelGateway, LiveList, OtherGenerationError
from chronicle_notebook.contracts._method import Method
from chronicle_notebook.contracts._negotiation import CLASSIC, COMMANDS, Negotiation, OnServer, negotiate
from chronicle_notebook.contracts._sealed import Sealed
from chronicle_notebook.contracts.classic.gateway import ClassicGateway
from chronicle_notebook.contracts.commands.gateway import CommandsGateway
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

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)
Result = TypeVar("Result")


class AgreeingCaller(Protocol):
    """A way to a kernel that makes an agreement with each server it connects to, and holds calls to it."""

    @property
    def server(self) -> str:
        """``host:port``."""

    def agree_with(self, agreement: Callable[[Any], str]) -> None:
        """Make this agreement at each dial."""

    def agree_on(self, tag: str) -> None:
        """Replace what was agreed with the server in use."""

    def call(
        self,
        method: Method[Request, Response],
        request: Request | Sealed[Request],
        *,
        timeout: float | None = None,
        retry: bool = True,
        tag: str | None = None,
    ) -> Response:
        """Make a unary call, if ``tag`` is what was agreed; else raise :class:`OtherGenerationError`."""

    def first(
        self,
        method: Method[Request, Response],
        request: Request | Sealed[Request],
        *,
        timeout: float | None = None,
        tag: str | None = None,
    ) -> Response:
        """Take the first answer of a read that may be a stream."""

    def stream(
        self, method: Method[Request, Response], request: Request | Sealed[Request], *, tag: str | None = None
    ) -> Any:
        """Open a stream."""


class _Tagged:
    """A caller whose calls go only to a server of one generation."""

    def __init__(self, caller: AgreeingCaller, tag: str) -> None:
        self._caller, self._tag = caller, tag

    @property
    def server(self) -> str:
        return self._caller.server

    def call(
        self,
        method: Method[Request, Response],
        request: Request | Sealed[Request],
        *,
        timeout: float | None = None,
        retry: bool = True,
    ) -> Response:
        return self._caller.call(method, request, timeout=timeout, retry=retry, tag=self._tag)

    def first(
        self, method: Method[Request, Response], request: Request | Sealed[Request], *, timeout: float | None = None
    ) -> Response:
        return self._caller.first(method, request, timeout=timeout, tag=self._tag)

    def stream(self, method: Method[Request, Response], request: Request | Sealed[Request]) -> Any:
        return self._caller.stream(method, request, tag=self._tag)


class NegotiatedGateway:
    """Speaks whatever the kernel speaks. Implements ``KernelGateway``.

    Each server is asked once, when it is connected to. A call that was made for one generation and finds a server of
    the other, because the connection was lost meanwhile, is not sent; it is made again for the other. Where a kernel
    has no such method, the method of the other generation is tried: UNIMPLEMENTED means that nothing was done.
    """

    def __init__(self, caller: AgreeingCaller) -> None:
        self._caller = caller
        # Until a server was asked this is no more than the first thing to try: it is checked before anything is sent.
        self._generation = COMMANDS
        self._negotiation: Negotiation | None = None
        caller.agree_with(self._agree)

    def _agree(self, server: OnServer) -> str:
        self._negotiation = negotiate(server)
        self._generation = self._negotiation.generation
        return self._generation

    @property
    def generation(self) -> str:
        """The wire generation of the server in use: ``commands`` or ``classic``."""
        return self._generation

    @property
    def negotiation(self) -> Negotiation | None:
        """What was found out of the server in use; None before the first call."""
        return self._negotiation

    @property
    def known_defects(self) -> tuple[KnownDefect, ...]:
        """What kernels of this version and generation are known to do wrong."""
        return known_defects(self._seen, self._generation)

    @property
    def version_tells(self) -> bool:
        """Whether the version says what the kernel does wrong and what not; that of a sandbox does not."""
        return bool(self._seen.version) and not is_sandbox(self._seen)

    @property
    def _seen(self) -> ServerVersion:
        return ServerVersion("") if self._negotiation is None else self._negotiation.version

    @property
    def server(self) -> str:
        """``host:port``."""
        return self._caller.server

    def _adapter(self, generation: str, tag: str) -> KernelGateway:
        caller: Caller = _Tagged(self._caller, tag)
        return CommandsGateway(caller) if generation == COMMANDS else ClassicGateway(caller)

    def _run(self, do: Callable[[KernelGateway], Result], *, either: bool = False, adopt: bool = False) -> Result:
        """Do something in the generation of the kernel.

        ``either`` allows the method of the other one where the kernel lacks it. That is only for methods which the
        generations have under different paths: an answer then tells by its path how to read it. ``adopt`` takes a
        success of the other for what the kernel speaks from now on.
        """
        for _ in range(3):
            tag = self._generation
            try:
                return do(self._adapter(tag, tag))
            except OtherGenerationError as found:
                self._generation = found.generation
            except MethodNotImplementedError as lacking:
                if not either or self._generation != tag:
                    raise
                return self._with_the_other(do, tag, lacking, adopt=adopt)
        raise ProtocolError(
            f"{self.server} answers in one wire generation and then in another.",
            server=self.server,
            hint="A kernel may be replaced by another version at this moment: try again.",
        )

    def _with_the_other(
        self, do: Callable[[KernelGateway], Result], tag: str, lacking: MethodNotImplementedError, *, adopt: bool
    ) -> Result:
        other = CLASSIC if tag == COMMANDS else COMMANDS
        try:
            result = do(self._adapter(other, tag))
        except (MethodNotImplementedError, OtherGenerationError):
            raise lacking from None
        if adopt:
            self._generation = other
            self._caller.agree_on(other)
        return result

    def version(self, *, retry: bool = True) -> ServerVersion:
        """What the server says of itself."""
        return self._run(lambda kernel: kernel.version(retry=retry))

    def event_stores(self) -> list[str]:
        """The names of all event stores."""
        return self._run(lambda kernel: kernel.event_stores())

    def ensure_event_store(self, name: str) -> None:
        """Create an event store unless it exists."""
        self._run(lambda kernel: kernel.ensure_event_store(name))

    def namespaces(self, event_store: str) -> list[str]:
        """The names of the namespaces of an event store."""
        return self._run(lambda kernel: kernel.namespaces(event_store))

    def ensure_namespace(self, event_store: str, name: str) -> None:
        """Create a namespace unless it exists."""
        self._run(lambda kernel: kernel.ensure_namespace(event_store, name))

    def event_types(self, event_store: str) -> list[RegisteredEventType]:
        """The latest generation of every event type of an event store."""
        return self._run(lambda kernel: kernel.event_types(event_store), either=True)

    def register_event_types(self, event_store: str, types: Sequence[RegisteredEventType]) -> None:
        """Register event types with their schemas, in one call."""
        self._run(lambda kernel: kernel.register_event_types(event_store, types), either=True)

    def event_sequences(self, event_store: str, namespace: str) -> list[str]:
        """The ids of the event sequences of a namespace."""
        return self._run(lambda kernel: kernel.event_sequences(event_store, namespace), either=True)

    def tail(self, event_store: str, namespace: str, sequence: str) -> int | None:
        """The number of the last event of a sequence; None when it is empty."""
        return self._run(lambda kernel: kernel.tail(event_store, namespace, sequence), either=True)

    def append(self, event_store: str, namespace: str, sequence: str, events: Sequence[EventToAppend]) -> AppendResult:
        """Append events, all or none."""
        return self._run(lambda kernel: kernel.append(event_store, namespace, sequence, events), either=True)

    def events(
        self, event_store: str, namespace: str, sequence: str, *, start: int = 0, event_source_id: str | None = None
    ) -> list[AppendedEvent]:
        """The events of a sequence from a number on."""
        return self._run(
            lambda kernel: kernel.events(
                event_store, namespace, sequence, start=start, event_source_id=event_source_id
            ),
            either=True,
        )

    def has_events(self, event_store: str, namespace: str, sequence: str, event_source_id: str) -> bool:
        """Whether a sequence has an event of an event source."""
        return self._run(
            lambda kernel: kernel.has_events(event_store, namespace, sequence, event_source_id), either=True
        )

    def webhooks(self, event_store: str) -> list[WebhookDefinition]:
        """All webhooks as read back: without credentials."""
        return self._run(lambda kernel: kernel.webhooks(event_store))

    def webhook_columns(self, event_store: str) -> WebhookColumns:
        """All webhooks column by column, with no value object in between."""
        return self._run(lambda kernel: kernel.webhook_columns(event_store))

    def observe_webhooks(self, event_store: str) -> LiveList[list[WebhookDefinition]]:
        """The full list of webhooks now and at each change."""
        return self._run(lambda kernel: kernel.observe_webhooks(event_store))

    def add_webhooks(self, event_store: str, definitions: Sequence[WebhookDefinition]) -> None:
        """Register webhooks in one call. Acceptance is not materialisation: read back."""
        self._run(lambda kernel: kernel.add_webhooks(event_store, definitions), either=True, adopt=True)

    def remove_webhooks(self, event_store: str, ids: Sequence[str]) -> None:
        """Remove webhooks in one call. An unknown id is accepted too."""
        self._run(lambda kernel: kernel.remove_webhooks(event_store, ids), either=True, adopt=True)

    def observers(self, event_store: str, namespace: str) -> list[ObserverState]:
        """All observers of a namespace, webhooks among them."""
        return self._run(lambda kernel: kernel.observers(event_store, namespace))

    def failed_partitions(
        self, event_store: str, namespace: str, observer_id: str | None = None
    ) -> list[FailedPartition]:
        """The partitions that fail at this moment."""
        return self._run(lambda kernel: kernel.failed_partitions(event_store, namespace, observer_id))

    def retry_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool | None:
        """Try a failed partition now. Whether that was started; None where the kernel does not tell."""
        return self._run(
            lambda kernel: kernel.retry_partition(event_store, namespace, observer_id, sequence, partition)
        )
