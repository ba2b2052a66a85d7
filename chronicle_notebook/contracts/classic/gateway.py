"""The adapter for kernels up to 16.37."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from google.protobuf.empty_pb2 import Empty

from chronicle_notebook._errors import ProtocolError
from chronicle_notebook.contracts._appended import append_result
from chronicle_notebook.contracts._defects import KnownDefect, known_defects
from chronicle_notebook.contracts._envelope import Envelope, open_envelope
from chronicle_notebook.contracts._gateway import Caller, LiveList
from chronicle_notebook.contracts._guid import guid_to_wire
from chronicle_notebook.contracts._method import Method
from chronicle_notebook.contracts._sealed import Sealed
from chronicle_notebook.contracts.classic import _convert, methods
from chronicle_notebook.contracts.commands import _convert as shared
from chronicle_notebook.contracts.wire import (
    event_stores_pb2,
    event_types_classic_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_classic_pb2,
    webhooks_classic_pb2,
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

BUILT_IN_SEQUENCES = ("event-log", "system", "outbox", "inbox")
"""The sequences that every namespace has. This wire has no call that lists more
(source: K/Concepts/EventSequences/EventSequenceId.cs)."""

_CAUSE = "chronicle_notebook"


class ClassicGateway:
    """Speaks the `classic` generation over a :class:`Caller`. Implements ``KernelGateway``.

    Most answers have no envelope: what fails is a gRPC status. Secrets of a webhook come back as ciphertext, and no
    value of an authorization ever leaves this module.
    """

    generation = "classic"

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

    def _opened(self, method: Method[Any, Any], answer: Envelope) -> None:
        open_envelope(answer, server=self.server, call=method.short)

    def listed(
        self, method: Method[Any, Any], answer: webhooks_classic_pb2.IEnumerable_WebhookDefinition
    ) -> list[webhooks_pb2.WebhookDefinition]:
        """The webhooks of an answer, after a look whether it is one of this generation.

        Read with this message, the correlation id of a `commands` answer is a webhook that has nothing.
        """
        found = list(answer.items)
        if found and not found[0].Identifier and not found[0].HasField("Target"):
            raise ProtocolError(
                f"{method.short} on {self.server}: the answer is one of the commands generation, so it was not read.",
                server=self.server,
                call=method.short,
                hint="Connect again: the kernel may have been replaced by one from 16.38 on.",
            )
        return found

    def version(self, *, retry: bool = True) -> ServerVersion:
        """What the server says of itself."""
        answer = self._caller.call(methods.GET_VERSION_INFO, Empty(), retry=retry)
        return ServerVersion(answer.Version, answer.CommitSha, answer.ProtocolVersion)

    def event_stores(self) -> list[str]:
        """The names of all event stores."""
        answer = self._caller.first(methods.ALL_EVENT_STORES, Empty())
        self._opened(methods.ALL_EVENT_STORES, answer)
        return list(answer.Data)

    def ensure_event_store(self, name: str) -> None:
        """Create an event store unless it exists."""
        answer = self._caller.call(methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name=name))
        self._opened(methods.ENSURE_EVENT_STORE, answer)

    def namespaces(self, event_store: str) -> list[str]:
        """The names of the namespaces of an event store."""
        answer = self._caller.first(methods.ALL_NAMESPACES, namespaces_pb2.AllNamespacesRequest(EventStore=event_store))
        self._opened(methods.ALL_NAMESPACES, answer)
        return list(answer.Data)

    def ensure_namespace(self, event_store: str, name: str) -> None:
        """Create a namespace unless it exists."""
        request = namespaces_pb2.EnsureNamespaceRequest(EventStore=event_store, Namespace=name)
        self._opened(methods.ENSURE_NAMESPACE, self._caller.call(methods.ENSURE_NAMESPACE, request))

    def event_types(self, event_store: str) -> list[RegisteredEventType]:
        """The latest generation of every event type of an event store.

        Kernels on MongoDB answer with generation 1 whatever the latest is
        (source: K/Storage.MongoDB/EventTypes/EventTypesStorage.cs).
        """
        request = event_types_classic_pb2.GetAllEventTypesRequest(EventStore=event_store)
        answer = self._caller.call(methods.GET_ALL_REGISTRATIONS, request)
        return [_convert.event_type_from_wire(message) for message in answer.items]

    def register_event_types(self, event_store: str, types: Sequence[RegisteredEventType]) -> None:
        """Register event types with their schemas, in one call, the chain of generations not validated."""
        request = event_types_classic_pb2.RegisterEventTypesRequest(
            EventStore=event_store,
            Types=[_convert.event_type_to_wire(registered) for registered in types],
            DisableValidation=True,
        )
        self._caller.call(methods.REGISTER, request)

    def event_sequences(self, event_store: str, namespace: str) -> list[str]:  # noqa: ARG002 - they are the same everywhere
        """The ids of the sequences that every namespace has."""
        return list(BUILT_IN_SEQUENCES)

    def tail(self, event_store: str, namespace: str, sequence: str) -> int | None:
        """The number of the last event of a sequence; None when it is empty."""
        request = sequences_classic_pb2.GetTailSequenceNumberRequest(
            EventStore=event_store, Namespace=namespace, EventSequenceId=sequence
        )
        return shared.number_from_wire(self._caller.call(methods.GET_TAIL_SEQUENCE_NUMBER, request).SequenceNumber)

    def append(self, event_store: str, namespace: str, sequence: str, events: Sequence[EventToAppend]) -> AppendResult:
        """Append events, all or none, with no concurrency check.

        Causation, author and a concurrency scope for each event source are always sent: kernels dereference them
        (source: K/Core/Services/EventSequences/EventSequences.cs).
        """
        now = sequences_classic_pb2.SerializableDateTimeOffset(Value=datetime.now(UTC).isoformat())
        request = sequences_classic_pb2.AppendManyRequest(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            CorrelationId=guid_to_wire(uuid4()),
            Events=[
                sequences_classic_pb2.EventToAppend(
                    EventSourceId=event.event_source_id,
                    EventType=sequences_classic_pb2.EventType(
                        Id=event.type.id, Generation=event.type.generation, Tombstone=event.type.tombstone
                    ),
                    Content=json.dumps(dict(event.content), ensure_ascii=False),
                )
                for event in events
            ],
            Causation=[sequences_classic_pb2.Causation(Occurred=now, Type=_CAUSE)],
            CausedBy=sequences_classic_pb2.Identity(Subject=_CAUSE, Name=_CAUSE, UserName=_CAUSE),
            ConcurrencyScopes={
                source: sequences_classic_pb2.ConcurrencyScope(SequenceNumber=shared.UNAVAILABLE)
                for source in dict.fromkeys(event.event_source_id for event in events)
            },
        )
        answer = self._caller.call(methods.APPEND_MANY, request)
        return append_result(answer, events=len(events), server=self.server, call=methods.APPEND_MANY.short)

    def events(
        self, event_store: str, namespace: str, sequence: str, *, start: int = 0, event_source_id: str | None = None
    ) -> list[AppendedEvent]:
        """The events of a sequence from a number on; kernels do not page, so this is one answer."""
        request = sequences_classic_pb2.GetFromEventSequenceNumberRequest(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            FromEventSequenceNumber=start,
            EventSourceId=event_source_id,
        )
        answer = self._caller.call(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, request)
        return [_convert.event_from_wire(message) for message in answer.Events]

    def has_events(self, event_store: str, namespace: str, sequence: str, event_source_id: str) -> bool:
        """Whether a sequence has an event of an event source."""
        request = sequences_classic_pb2.HasEventsForEventSourceIdRequest(
            EventStore=event_store, Namespace=namespace, EventSequenceId=sequence, EventSourceId=event_source_id
        )
        return self._caller.call(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, request).HasEvents

    def webhooks(self, event_store: str) -> list[WebhookDefinition]:
        """All webhooks as read back: without credentials."""
        request = webhooks_pb2.GetWebhooksRequest(EventStore=event_store)
        answer = self._caller.call(methods.GET_WEBHOOKS, request)
        return [shared.definition_from_wire(message) for message in self.listed(methods.GET_WEBHOOKS, answer)]

    def webhook_columns(self, event_store: str) -> WebhookColumns:
        """All webhooks column by column, with no value object in between."""
        request = webhooks_pb2.GetWebhooksRequest(EventStore=event_store)
        return _convert.columns(self.listed(methods.GET_WEBHOOKS, self._caller.call(methods.GET_WEBHOOKS, request)))

    def observe_webhooks(self, event_store: str) -> LiveList[list[WebhookDefinition]]:
        """The full list of webhooks now and at each change."""
        request = webhooks_pb2.GetWebhooksRequest(EventStore=event_store)
        return _LiveWebhooks(self, self._caller.stream(methods.OBSERVE_WEBHOOKS, request))

    def add_webhooks(self, event_store: str, definitions: Sequence[WebhookDefinition]) -> None:
        """Register webhooks in one call, which is not atomic. Acceptance is not materialisation: read back."""
        self._caller.call(
            methods.ADD,
            Sealed(
                webhooks_classic_pb2.AddWebhooks(
                    EventStore=event_store, Webhooks=[shared.definition_to_wire(each) for each in definitions]
                )
            ),
        )

    def remove_webhooks(self, event_store: str, ids: Sequence[str]) -> None:
        """Remove webhooks in one call. An unknown id is accepted too."""
        self._caller.call(methods.REMOVE, webhooks_classic_pb2.RemoveWebhooks(EventStore=event_store, Webhooks=ids))

    def observers(self, event_store: str, namespace: str) -> list[ObserverState]:
        """All observers of a namespace, webhooks among them."""
        request = observation_pb2.AllObserversRequest(EventStore=event_store, Namespace=namespace)
        answer = self._caller.call(methods.GET_OBSERVERS, request)
        return [shared.observer_from_wire(message, namespace) for message in answer.items]

    def failed_partitions(
        self, event_store: str, namespace: str, observer_id: str | None = None
    ) -> list[FailedPartition]:
        """The partitions that fail at this moment. Whether one is quarantined is not on this wire."""
        request = observation_pb2.GetFailedPartitionsRequest(
            EventStore=event_store, Namespace=namespace, ObserverId=observer_id
        )
        answer = self._caller.call(methods.GET_FAILED_PARTITIONS, request)
        return [shared.failed_partition_from_wire(message, namespace) for message in answer.items]

    def retry_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool | None:
        """Try a failed partition now. The answer is empty, so it does not tell whether that was started."""
        request = observation_pb2.RetryPartition(
            EventStore=event_store,
            Namespace=namespace,
            ObserverId=observer_id,
            EventSequenceId=sequence,
            Partition=partition,
        )
        self._caller.call(methods.RETRY_PARTITION, request)
        return None


class _LiveWebhooks:
    """The stream of ``ObserveWebhooks``, each element a plain list."""

    def __init__(self, gateway: ClassicGateway, stream: Any) -> None:
        self._gateway = gateway
        self._stream = stream

    def __iter__(self) -> Iterator[list[WebhookDefinition]]:
        for answer in self._stream:
            listed = self._gateway.listed(methods.OBSERVE_WEBHOOKS, answer)
            yield [shared.definition_from_wire(message) for message in listed]

    def cancel(self) -> None:
        """End the stream at once."""
        self._stream.cancel()
