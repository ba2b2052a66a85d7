"""The gateway that the rest of the package uses. It finds out the wire generation of a kernel and uses the right
adapter."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, cast

from google.protobuf.message import Message

from chronicle_notebook.base._call import Caller, OtherGenerationError, ServerCaller
from chronicle_notebook.base._errors import (
    MethodNotImplementedError,
    ProtocolError,
    UnknownEventStoreError,
)
from chronicle_notebook.base._text import listed
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._negotiation import CLASSIC, COMMANDS, Negotiation, negotiate
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import ServerVersion

if TYPE_CHECKING:
    from chronicle_notebook.contracts._kernel_defects import Measurement, Recall
    from chronicle_notebook.contracts._known_defect import KnownDefect

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


def _other(generation: str) -> str:
    """The other of the two generations."""
    return CLASSIC if generation == COMMANDS else COMMANDS


class _Else(Enum):
    """What to try if a kernel does not have a method. UNIMPLEMENTED means that nothing was done."""

    NOTHING = "nothing"
    OTHER = "the other generation"
    """The adapter of the other generation, now and later, for this method. Only for methods that have different paths
    in the two generations: then the path of the call decides how to read the answer."""
    ADOPT = "the other generation, for all calls"
    """The adapter of the other generation. If it succeeds, the kernel is taken to speak the other generation from then
    on."""
    EARLY = "the services of kernels up to 16.33.0"


def _spoken(
    method: Callable[Concatenate[KernelGateway, Arguments], Result], otherwise: _Else = _Else.NOTHING
) -> Callable[Concatenate[NegotiatedGateway, Arguments], Result]:
    """A method of the gateway that calls the adapter for the kernel, or the adapter that ``otherwise`` names."""

    @wraps(method)
    def speak(self: NegotiatedGateway, /, *args: Arguments.args, **options: Arguments.kwargs) -> Result:
        def do(kernel: KernelGateway) -> Result:
            own: Callable[Arguments, Result] = getattr(kernel, method.__name__)
            return own(*args, **options)

        store = None if method.__name__ in _STORELESS else str(args[0])
        result = self._run(method.__name__, store, do, otherwise)
        if store is not None:
            self._known.add(store)
        elif method.__name__ == "event_stores":
            self._known.update(cast("list[str]", result))
        return result

    return speak


_STORELESS = frozenset({"version", "event_stores", "ensure_event_store", "tests_target"})
"""The methods that take no event store, or one that need not exist."""


class NegotiatedGateway:
    """Speaks the wire generation of the kernel. Implements ``KernelGateway``.

    Each server is asked once, when the connection is opened. If the connection is lost and the new server speaks the
    other generation, a call is not sent, but made again for that generation. If a kernel does not have a method, the
    method of the other generation is tried: UNIMPLEMENTED means that nothing was done.

    A call that names an event store creates it. So a new connection lists the event stores: an event store that was
    known before and that the new server does not have is refused, for example after a restart of a kernel that keeps
    its data in memory.
    """

    def __init__(self, caller: Caller, *, recall: Recall | None = None) -> None:
        """Speak over a caller.

        :param recall: returns what was measured on the kernel; by default nothing was.
        """
        self._caller = caller
        self._recall = recall
        # This is only the first generation to try until a server was asked. It is checked before anything is sent.
        self._generation = COMMANDS
        self._negotiation: Negotiation | None = None
        self._early: bool | None = None
        self._elsewhere: set[str] = set()
        """The methods that this kernel has only in the other generation."""
        self._tag = COMMANDS
        """The agreement under which calls are made. It is another one if event stores are missing."""
        self._known: set[str] = set()
        """The event stores that calls have named, or that the kernel has listed."""
        self._missing: frozenset[str] = frozenset()
        """Those that the server in use did not list when it was connected to."""
        caller.agree_with(self._agree)

    def _agree(self, server: ServerCaller) -> str:
        self._negotiation = negotiate(server)
        self._generation = self._negotiation.generation
        self._early = self._negotiation.early
        self._elsewhere = set()
        there = self._negotiation.stores
        self._missing = frozenset() if there is None else frozenset(self._known.difference(there))
        self._known.update(there or ())
        # With another tag the call under way is not sent to this server.
        self._tag = f"{self._generation}, not all event stores" if self._missing else self._generation
        return self._tag

    def _check(self, store: str | None) -> None:
        """Refuse an event store that was lost with a restart.

        :raises UnknownEventStoreError: the kernel does not have it any more.
        """
        if store is None or store not in self._missing:
            return
        known = self.event_stores()
        self._missing -= frozenset(known)
        if store in self._missing:
            raise UnknownEventStoreError(
                f"The kernel {self.server} does not have the event store {store!r} any more: it was there before the "
                "connection was lost.",
                field="event_store",
                hint=f"It has {listed(known)}. A kernel that keeps its data in memory loses them with a restart. "
                f"Create it again with client.ensure_event_store({store!r}).",
            )

    def reach(self) -> Negotiation:
        """Connect to a server unless there is a connection, without a retry; what is known about the server."""
        self._caller.reach()
        return self._negotiation or Negotiation(self._generation, "", ServerVersion(""))

    @property
    def generation(self) -> str:
        """The wire generation of the server in use: ``commands`` or ``classic``."""
        return self._generation

    @property
    def negotiation(self) -> Negotiation | None:
        """What is known about the server in use; None before the first call."""
        return self._negotiation

    def confirm_write(self, event_store: str) -> None:
        """Nothing is protected here."""

    @property
    def known_defects(self) -> tuple[KnownDefect, ...]:
        """The known bugs of this kernel: by what was measured on it, else by its version and generation."""
        from chronicle_notebook.contracts._kernel_defects import known_defects

        return known_defects(self._seen, self._generation, self._measured)

    @property
    def version_tells(self) -> bool:
        """Whether it is known which bugs the kernel has: by its version or by a measurement. The version of a sandbox
        says nothing."""
        return (bool(self._seen.version) and not self._seen.is_sandbox) or self._measured is not None

    @property
    def _measured(self) -> Measurement | None:
        return self._recall(self.server, self._seen) if self._recall is not None and self._seen.version else None

    @property
    def _seen(self) -> ServerVersion:
        return ServerVersion("") if self._negotiation is None else self._negotiation.version

    @property
    def server(self) -> str:
        """``host:port``."""
        return self._caller.server

    def origin(self, event_store: str = "") -> Origin:
        """The origin of an answer that was read now."""
        return Origin(self.server, event_store)

    def _adapter(self, generation: str, tag: str) -> KernelGateway:
        # Only the adapter of the generation that the kernel speaks is loaded.
        if generation == COMMANDS:
            from chronicle_notebook.contracts.commands.gateway import CommandsGateway

            return CommandsGateway(self._caller, tag=tag, release=lambda: self._seen)
        return self._classic(tag, early=bool(self._early))

    def _classic(self, tag: str, *, early: bool) -> KernelGateway:
        from chronicle_notebook.contracts.classic.early import EarlyGateway
        from chronicle_notebook.contracts.classic.gateway import ClassicGateway

        return EarlyGateway(self._caller, tag=tag) if early else ClassicGateway(self._caller, tag=tag)

    def _run(self, name: str, store: str | None, do: Callable[[KernelGateway], Result], otherwise: _Else) -> Result:
        """Do something in the generation of the kernel, or in the generation that is known to have the method."""
        for _ in range(3):
            self._check(store)
            tag, generation = self._tag, self._generation
            try:
                return do(self._adapter(_other(generation) if name in self._elsewhere else generation, tag))
            except OtherGenerationError as found:
                self._tag = found.generation
                self._generation = found.generation.partition(",")[0]
            except MethodNotImplementedError as lacking:
                if otherwise is _Else.NOTHING or self._tag != tag:
                    raise
                if name in self._elsewhere:
                    # The kernel behind a connection may have changed.
                    self._elsewhere.discard(name)
                    continue
                return self._otherwise(name, do, tag, lacking, otherwise)
        raise ProtocolError(
            f"{self.server} answers in one wire generation and then in another.",
            server=self.server,
            hint="A kernel may be replaced by another version at this moment: try again.",
        )

    def _otherwise(
        self,
        name: str,
        do: Callable[[KernelGateway], Result],
        tag: str,
        lacking: MethodNotImplementedError,
        otherwise: _Else,
    ) -> Result:
        other = _other(self._generation)
        if otherwise is _Else.EARLY and (other != COMMANDS or self._early is not None):
            raise lacking
        kernel = self._classic(tag, early=True) if otherwise is _Else.EARLY else self._adapter(other, tag)
        try:
            result = do(kernel)
        except (MethodNotImplementedError, OtherGenerationError):
            raise lacking from None
        match otherwise:
            case _Else.OTHER:
                self._elsewhere.add(name)
            case _Else.ADOPT:
                self._generation = self._tag = other
                self._caller.agree_on(other)
            case _Else.EARLY:
                self._early = True
        return result

    # The protocol describes each of these methods.
    version = _spoken(KernelGateway.version)
    event_stores = _spoken(KernelGateway.event_stores, _Else.EARLY)
    ensure_event_store = _spoken(KernelGateway.ensure_event_store, _Else.EARLY)
    namespaces = _spoken(KernelGateway.namespaces, _Else.EARLY)
    ensure_namespace = _spoken(KernelGateway.ensure_namespace, _Else.EARLY)
    event_types = _spoken(KernelGateway.event_types, _Else.OTHER)
    register_event_types = _spoken(KernelGateway.register_event_types, _Else.OTHER)
    event_sequences = _spoken(KernelGateway.event_sequences, _Else.OTHER)
    tail = _spoken(KernelGateway.tail, _Else.OTHER)
    append = _spoken(KernelGateway.append, _Else.OTHER)
    events = _spoken(KernelGateway.events, _Else.OTHER)
    stored_events = _spoken(KernelGateway.stored_events, _Else.OTHER)
    has_events = _spoken(KernelGateway.has_events, _Else.OTHER)
    webhooks = _spoken(KernelGateway.webhooks)
    webhook_columns = _spoken(KernelGateway.webhook_columns)
    observe_webhooks = _spoken(KernelGateway.observe_webhooks)
    add_webhooks = _spoken(KernelGateway.add_webhooks, _Else.ADOPT)
    remove_webhooks = _spoken(KernelGateway.remove_webhooks, _Else.ADOPT)
    adds_one = _spoken(KernelGateway.adds_one)
    lists_secret = _spoken(KernelGateway.lists_secret)
    tests_target = _spoken(KernelGateway.tests_target)
    observers = _spoken(KernelGateway.observers)
    observer = _spoken(KernelGateway.observer)
    clear_observer_quarantine = _spoken(KernelGateway.clear_observer_quarantine)
    replay = _spoken(KernelGateway.replay)
    replay_partition = _spoken(KernelGateway.replay_partition)
    clear_partition_quarantine = _spoken(KernelGateway.clear_partition_quarantine)
    failed_partitions = _spoken(KernelGateway.failed_partitions)
    retry_partition = _spoken(KernelGateway.retry_partition)
