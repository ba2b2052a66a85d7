"""What both wire generations share: the same paths with the same messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from chronicle_notebook.base._call import Caller, Method, Sealed
from chronicle_notebook.base._redaction import Hide, as_it_is
from chronicle_notebook.contracts._envelope import open_envelope
from chronicle_notebook.contracts._unlistable import explained
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import ServerVersion

if TYPE_CHECKING:
    from chronicle_notebook.contracts._known_defect import KnownDefect
    from chronicle_notebook.model import FailedPartition, ObserverState, WebhookDefinition

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class Adapter:
    """Speaks one wire generation over a :class:`Caller`. Its two subclasses implement ``KernelGateway``."""

    generation: ClassVar[str]

    def __init__(self, caller: Caller, *, tag: str | None = None) -> None:
        """Speak over a caller.

        :param tag: the agreement that the calls are made for; None for calls to any server.
        """
        self._caller = caller
        self._tag = tag

    @property
    def server(self) -> str:
        """``host:port``."""
        return self._caller.server

    def origin(self, event_store: str = "") -> Origin:
        """The origin of an answer that was read now."""
        return Origin(self.server, event_store)

    def confirm_write(self, event_store: str) -> None:
        """Nothing is protected here."""

    @property
    def known_defects(self) -> tuple[KnownDefect, ...]:
        """The known bugs of kernels of this generation. The negotiated gateway knows them by version."""
        from chronicle_notebook.contracts._kernel_defects import known_defects

        return known_defects(ServerVersion(""), self.generation)

    @property
    def version_tells(self) -> bool:
        """Whether the version says which bugs the kernel has. Here this is not known."""
        return False

    def _call(
        self, method: Method[Request, Response], request: Request | Sealed[Request], *, retry: bool = True
    ) -> Response:
        """The answer to a unary call."""
        return self._caller.call(method, request, retry=retry, tag=self._tag)

    def _stream(self, method: Method[Request, Response], request: Request) -> Any:
        """A stream of answers."""
        return self._caller.stream(method, request, tag=self._tag)

    def _enveloped(self, method: Method[Request, Response], request: Request | Sealed[Request]) -> Response:
        """The answer to a successful call."""
        sealed = Sealed.of(request)
        return self._opened(method, self._call(method, sealed), sealed.hide)

    def _first(self, method: Method[Request, Response], request: Request) -> Response:
        """The first answer of a stream. This works for kernels that answer once and for kernels that keep the stream
        open."""
        return self._opened(method, self._caller.first(method, request, tag=self._tag))

    def _opened(self, method: Method[Any, Any], answer: Response, hide: Hide = as_it_is) -> Response:
        """An answer, after a check that it is a success.

        :param hide: removes the secrets of the request from the kernel's message.
        """
        envelope: Any = answer
        open_envelope(envelope, server=self.server, call=method.short, hide=lambda text: self._caller.hide(hide(text)))
        return answer

    def version(self, *, retry: bool = True) -> ServerVersion:
        """The version that the server reports."""
        answer = self._call(methods.GET_VERSION_INFO, Empty(), retry=retry)
        return ServerVersion(answer.Version, answer.CommitSha, answer.ProtocolVersion)

    def ensure_event_store(self, name: str) -> None:
        """Create an event store if it does not exist."""
        self._enveloped(methods.ENSURE_EVENT_STORE, methods.ENSURE_EVENT_STORE.request(Name=name))

    def ensure_namespace(self, event_store: str, name: str) -> None:
        """Create a namespace if it does not exist."""
        request = methods.ENSURE_NAMESPACE.request(EventStore=event_store, Namespace=name)
        self._enveloped(methods.ENSURE_NAMESPACE, request)

    def observers(self, event_store: str, namespace: str) -> list[ObserverState]:
        """All observers of a namespace, including those of webhooks."""
        from chronicle_notebook.contracts._convert import observer_from_wire

        request = methods.GET_OBSERVERS.request(EventStore=event_store, Namespace=namespace)
        answer = self._call(methods.GET_OBSERVERS, request)
        return [observer_from_wire(message, namespace) for message in answer.items]

    def observer(self, event_store: str, namespace: str, observer_id: str, sequence: str) -> ObserverState:
        """One observer. Only this answer says whether the whole observer is quarantined (seen on 16.37.1)."""
        from chronicle_notebook.contracts._convert import observer_from_wire

        request = methods.GET_OBSERVER_INFORMATION.request(
            EventStore=event_store, Namespace=namespace, ObserverId=observer_id, EventSequenceId=sequence
        )
        return observer_from_wire(self._call(methods.GET_OBSERVER_INFORMATION, request), namespace)

    def clear_observer_quarantine(self, event_store: str, namespace: str, observer_id: str, sequence: str) -> None:
        """End the quarantine of a whole observer. The kernel accepts this for any observer."""
        request = methods.CLEAR_OBSERVER_QUARANTINE.request(
            EventStore=event_store, Namespace=namespace, ObserverId=observer_id, EventSequenceId=sequence
        )
        self._call(methods.CLEAR_OBSERVER_QUARANTINE, request)

    def replay(self, event_store: str, namespace: str, observer_id: str, sequence: str) -> str | None:
        """Deliver everything to an observer again. The zero id means that no job was begun (seen on 16.37.1)."""
        request = methods.REPLAY.request(
            EventStore=event_store, Namespace=namespace, ObserverId=observer_id, EventSequenceId=sequence
        )
        job = self._call(methods.REPLAY, request).JobId
        return job if job.strip("0-") else None

    def replay_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> None:
        """Deliver the events of one event source to an observer again. The answer is empty."""
        request = methods.REPLAY_PARTITION.request(
            EventStore=event_store,
            Namespace=namespace,
            ObserverId=observer_id,
            EventSequenceId=sequence,
            Partition=partition,
        )
        self._call(methods.REPLAY_PARTITION, request)

    def clear_partition_quarantine(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool:
        """End the quarantine of a partition and retry it now. Returns False if it is not quarantined.

        Kernels up to 16.38 do not have this call (seen on them): there a retry ends a quarantine.
        """
        from chronicle_notebook.contracts.wire import observation_pb2

        request = methods.CLEAR_PARTITION_QUARANTINE.request(
            EventStore=event_store,
            Namespace=namespace,
            ObserverId=observer_id,
            EventSequenceId=sequence,
            Partition=partition,
            RetryImmediately=True,
        )
        return self._call(methods.CLEAR_PARTITION_QUARANTINE, request).Outcome == observation_pb2.Cleared

    def failed_partitions(
        self, event_store: str, namespace: str, observer_id: str | None = None
    ) -> list[FailedPartition]:
        """The partitions that fail now.

        Only later kernels of the `commands` generation say whether a partition is quarantined or resolved. The others
        leave resolved partitions out (source: K/Contracts/Observation/FailedPartition.cs).
        """
        from chronicle_notebook.contracts._convert import failed_partition_from_wire

        request = methods.GET_FAILED_PARTITIONS.request(
            EventStore=event_store, Namespace=namespace, ObserverId=observer_id
        )
        answer = self._call(methods.GET_FAILED_PARTITIONS, request)
        tells = self._tells_quarantine
        return [
            failed_partition_from_wire(message, namespace, tells_quarantine=tells)
            for message in answer.items
            if not message.IsResolved
        ]

    @property
    def _tells_quarantine(self) -> bool:
        """Whether the kernel says that it has given up a partition. Kernels up to 16.38 do not (seen on them)."""
        return False


class LiveWebhooks:
    """A stream of lists of webhooks. ``read`` checks and converts each element."""

    def __init__(self, stream: Any, read: Callable[[Any], list[WebhookDefinition]]) -> None:
        self._stream = stream
        self._read = read

    def __iter__(self) -> Iterator[list[WebhookDefinition]]:
        with explained():
            for answer in self._stream:
                yield self._read(answer)

    def cancel(self) -> None:
        """End the stream at once."""
        self._stream.cancel()
