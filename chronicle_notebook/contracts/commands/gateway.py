"""The adapter for kernels from 16.38 on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from chronicle_notebook.contracts._appended import append_result
from chronicle_notebook.contracts._defects import KnownDefect, known_defects
from chronicle_notebook.contracts._envelope import open_envelope
from chronicle_notebook.contracts._gateway import Caller, LiveList
from chronicle_notebook.contracts._guid import guid_to_wire
from chronicle_notebook.contracts._method import Method
from chronicle_notebook.contracts._sealed import Sealed
from chronicle_notebook.contracts.commands import _convert, methods
from chronicle_notebook.contracts.commands._columns import columns, definitions
from chronicle_notebook.contracts.wire import (
    event_stores_pb2,
    event_types_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_pb2,
    webhooks_pb2,
)
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

_CAUSE = "chronicle_notebook"
"""What events that were appended from here name as their cause and their author."""


class CommandsGateway:
    """Speaks the `commands` generation over a :class:`Caller`. Implements ``KernelGateway``."""

    generation = "commands"

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @property
    def server(self) -> str:
        """``host:port``."""
        return self._caller.server

    @property
    def known_defects(self) -> tuple[KnownDefect, ...]:
        """What kernels of this generation are known to do wrong; by version the negotiated gateway knows it."""
        return known_defects(ServerVersion(""), self.generation)

    @property
    def version_tells(self) -> bool:
        """Whether the version says what the kernel does wrong and what not: here it is not known."""
        return False

    def _enveloped(
        self, method: Method[Request, Response], request: Request | Sealed[Request], *, timeout: float | None = None
    ) -> Response:
        answer = self._caller.call(method, request, timeout=timeout)
        self.check(method, answer)
        return answer

    def check(self, method: Method[Any, Response], answer: Any) -> None:
        """Return when an answer is a success."""
        open_envelope(answer, server=self.server, call=method.short)

    def version(self, *, retry: bool = True) -> ServerVersion:
        """What the server says of itself."""
        answer = self._caller.call(methods.GET_VERSION_INFO, Empty(), retry=retry)
        return ServerVersion(answer.Version, answer.CommitSha, answer.ProtocolVersion)

    def event_stores(self) -> list[str]:
        """The names of all event stores."""
        # Called as a stream, which fits kernels that answer once and those that go on.
        answer = self._caller.first(methods.ALL_EVENT_STORES, Empty())
        self.check(methods.ALL_EVENT_STORES, answer)
        return _convert.names(answer.Data)

    def ensure_event_store(self, name: str) -> None:
        """Create an event store unless it exists."""
        self._enveloped(methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name=name))

    def namespaces(self, event_store: str) -> list[str]:
        """The names of the namespaces of an event store."""
        request = namespaces_pb2.AllNamespacesRequest(EventStore=event_store)
        answer = self._caller.first(methods.ALL_NAMESPACES, request)
        self.check(methods.ALL_NAMESPACES, answer)
        return _convert.names(answer.Data)

    def ensure_namespace(self, event_store: str, name: str) -> None:
        """Create a namespace unless it exists."""
        request = namespaces_pb2.EnsureNamespaceRequest(EventStore=event_store, Namespace=name)
        self._enveloped(methods.ENSURE_NAMESPACE, request)

    def event_types(self, event_store: str) -> list[RegisteredEventType]:
        """The latest generation of every event type of an event store."""
        request = event_types_pb2.AllEventTypesRequest(EventStore=event_store)
        answer = self._enveloped(methods.ALL_EVENT_TYPES, request)
        return [_convert.event_type_from_wire(message) for message in answer.Data]

    def register_event_types(self, event_store: str, types: Sequence[RegisteredEventType]) -> None:
        """Register event types with their schemas, in one call.

        Validation of the chain of generations is switched off, as Chronicle's .NET client does; kernels that are no
        development builds validate all the same (source: K/Core/Services/EventTypes/EventTypes.cs).
        """
        request = event_types_pb2.RegisterEventTypesRequest(
            EventStore=event_store,
            Types=[_convert.event_type_to_wire(registered) for registered in types],
            DisableValidation=True,
        )
        self._enveloped(methods.REGISTER_EVENT_TYPES, request)

    def event_sequences(self, event_store: str, namespace: str) -> list[str]:
        """The ids of the event sequences of a namespace."""
        request = sequences_pb2.AllEventSequencesRequest(EventStore=event_store, Namespace=namespace)
        return [message.Id for message in self._enveloped(methods.ALL_EVENT_SEQUENCES, request).Data]

    def tail(self, event_store: str, namespace: str, sequence: str) -> int | None:
        """The number of the last event of a sequence; None when it is empty."""
        request = sequences_pb2.TailSequenceNumberRequest(
            EventStore=event_store, Namespace=namespace, EventSequenceId=sequence
        )
        return _convert.number_from_wire(self._enveloped(methods.TAIL_SEQUENCE_NUMBER, request).Data.SequenceNumber)

    def append(self, event_store: str, namespace: str, sequence: str, events: Sequence[EventToAppend]) -> AppendResult:
        """Append events, all or none, with no concurrency check.

        Causation, author and concurrency scope are always sent, as kernels dereference each of them.
        """
        now = sequences_pb2.SerializableDateTimeOffset(Value=datetime.now(UTC).isoformat())
        cause = sequences_pb2.Causation(Occurred=now, Type=_CAUSE)
        request = sequences_pb2.AppendManyForEventSourcesRequest(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            CorrelationId=guid_to_wire(uuid4()),
            Causation=[cause],
            CausedBy=sequences_pb2.Identity(Subject=_CAUSE, Name=_CAUSE, UserName=_CAUSE),
            Events=[
                sequences_pb2.EventForEventSourceId(
                    EventSourceId=event.event_source_id,
                    EventType=sequences_pb2.EventType(
                        Id=event.type.id, Generation=event.type.generation, Tombstone=event.type.tombstone
                    ),
                    Content=json.dumps(dict(event.content), ensure_ascii=False),
                    Causation=[cause],
                )
                for event in events
            ],
            ConcurrencyScopes=[
                sequences_pb2.EventSourceConcurrencyScope(
                    EventSourceId=source,
                    Scope=sequences_pb2.ConcurrencyScope(SequenceNumber=_convert.UNAVAILABLE),
                )
                for source in dict.fromkeys(event.event_source_id for event in events)
            ],
        )
        answer = self._enveloped(methods.APPEND_MANY_FOR_EVENT_SOURCES, request).Response
        call = methods.APPEND_MANY_FOR_EVENT_SOURCES.short
        return append_result(answer, events=len(events), server=self.server, call=call)

    def events(
        self, event_store: str, namespace: str, sequence: str, *, start: int = 0, event_source_id: str | None = None
    ) -> list[AppendedEvent]:
        """The events of a sequence from a number on; kernels do not page, so this is one answer."""
        request = sequences_pb2.FromSequenceNumberRequest(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            FromEventSequenceNumber=start,
            EventSourceId=event_source_id,
        )
        answer = self._enveloped(methods.FROM_SEQUENCE_NUMBER, request)
        return [_convert.event_from_wire(message) for message in answer.Data]

    def has_events(self, event_store: str, namespace: str, sequence: str, event_source_id: str) -> bool:
        """Whether a sequence has an event of an event source."""
        request = sequences_pb2.HasEventsForEventSourceIdRequest(
            EventStore=event_store, Namespace=namespace, EventSequenceId=sequence, EventSourceId=event_source_id
        )
        return self._enveloped(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, request).Data.HasEvents

    def webhooks(self, event_store: str) -> list[WebhookDefinition]:
        """All webhooks as read back: without credentials."""
        request = webhooks_pb2.GetWebhooksRequest(EventStore=event_store)
        return definitions(self._enveloped(methods.GET_WEBHOOK_ROWS, request))

    def webhook_columns(self, event_store: str) -> WebhookColumns:
        """All webhooks column by column, with no value object in between."""
        request = webhooks_pb2.GetWebhooksRequest(EventStore=event_store)
        return columns(self._enveloped(methods.GET_WEBHOOK_ROWS, request))

    def observe_webhooks(self, event_store: str) -> LiveList[list[WebhookDefinition]]:
        """The full list of webhooks now and at each change."""
        request = webhooks_pb2.ObserveWebhooksRequest(EventStore=event_store)
        return _LiveWebhooks(self, self._caller.stream(methods.OBSERVE_WEBHOOK_ROWS, request))

    def add_webhooks(self, event_store: str, definitions: Sequence[WebhookDefinition]) -> None:
        """Register webhooks in one call. Acceptance is not materialisation: read back."""
        self._enveloped(
            methods.ADD_WEBHOOKS,
            Sealed(
                webhooks_pb2.AddWebhooksRequest(
                    EventStore=event_store, Webhooks=[_convert.definition_to_wire(each) for each in definitions]
                )
            ),
        )

    def remove_webhooks(self, event_store: str, ids: Sequence[str]) -> None:
        """Remove webhooks in one call. An unknown id is accepted too."""
        self._enveloped(
            methods.REMOVE_WEBHOOKS, webhooks_pb2.RemoveWebhooksRequest(EventStore=event_store, Webhooks=ids)
        )

    def observers(self, event_store: str, namespace: str) -> list[ObserverState]:
        """All observers of a namespace, webhooks among them."""
        request = observation_pb2.AllObserversRequest(EventStore=event_store, Namespace=namespace)
        answer = self._caller.call(methods.GET_OBSERVERS, request)
        return [_convert.observer_from_wire(message, namespace) for message in answer.items]

    def failed_partitions(
        self, event_store: str, namespace: str, observer_id: str | None = None
    ) -> list[FailedPartition]:
        """The partitions that fail at this moment."""
        request = observation_pb2.GetFailedPartitionsRequest(
            EventStore=event_store, Namespace=namespace, ObserverId=observer_id
        )
        answer = self._caller.call(methods.GET_FAILED_PARTITIONS, request)
        return [_convert.failed_partition_from_wire(message, namespace) for message in answer.items]

    def retry_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool | None:
        """Try a failed partition now, and whether that was started."""
        request = observation_pb2.RetryPartition(
            EventStore=event_store,
            Namespace=namespace,
            ObserverId=observer_id,
            EventSequenceId=sequence,
            Partition=partition,
        )
        answer = self._caller.call(methods.RETRY_PARTITION, request)
        return answer.Outcome == observation_pb2.Started


class _LiveWebhooks:
    """The stream of ``ObserveWebhooks``; every element is an envelope of its own, and each is checked."""

    def __init__(self, gateway: CommandsGateway, stream: Any) -> None:
        self._gateway = gateway
        self._stream = stream

    def __iter__(self) -> Iterator[list[WebhookDefinition]]:
        for answer in self._stream:
            self._gateway.check(methods.OBSERVE_WEBHOOKS, answer)
            yield definitions(answer)

    def cancel(self) -> None:
        """End the stream at once."""
        self._stream.cancel()
