"""The adapter for kernels up to 16.37."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._call import Method, Sealed
from chronicle_notebook.base._errors import ProtocolError
from chronicle_notebook.contracts._adapter import Adapter, LiveWebhooks
from chronicle_notebook.contracts._append import many_appended, one_appended, put_event, put_events
from chronicle_notebook.contracts._authorization import has_secret
from chronicle_notebook.contracts._convert import (
    definition_from_wire,
    definition_to_wire,
    event_from_wire,
    registration_to_wire,
    stored_event_from_wire,
)
from chronicle_notebook.contracts._gateway import LiveList
from chronicle_notebook.contracts._registration_secrets import hiding
from chronicle_notebook.contracts._scalars import UNAVAILABLE, event_type_to_wire, number_from_wire
from chronicle_notebook.contracts._unlistable import explained
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.classic._convert import columns, registered_from_wire
from chronicle_notebook.contracts.wire import (
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
    EventType,
    RegisteredEventType,
    StoredEvent,
    WebhookColumns,
    WebhookDefinition,
)


class ClassicGateway(Adapter):
    """Speaks the `classic` generation. Implements ``KernelGateway``.

    Most answers have no envelope: a failure is a gRPC status. A kernel returns the secrets of a webhook as ciphertext,
    so no value of an authorization is ever read.
    """

    generation = "classic"

    def event_stores(self) -> list[str]:
        """The names of all event stores."""
        return list(self._first(methods.ALL_EVENT_STORES, Empty()).Data)

    def namespaces(self, event_store: str) -> list[str]:
        """The names of the namespaces of an event store."""
        request = namespaces_pb2.AllNamespacesRequest(EventStore=event_store)
        return list(self._first(methods.ALL_NAMESPACES, request).Data)

    def event_types(self, event_store: str) -> list[RegisteredEventType]:
        """The latest generation of every event type of an event store.

        Kernels on MongoDB always answer with generation 1 (source: K/Storage.MongoDB/EventTypes/EventTypesStorage.cs).
        """
        request = event_types_classic_pb2.GetAllEventTypesRequest(EventStore=event_store)
        answer = self._call(methods.GET_ALL_REGISTRATIONS, request)
        return [registered_from_wire(message) for message in answer.items]

    def register_event_types(self, event_store: str, types: Sequence[RegisteredEventType]) -> None:
        """Register event types with their schemas in one call. The chain of generations is not validated."""
        request = event_types_classic_pb2.RegisterEventTypesRequest(
            EventStore=event_store,
            Types=[
                registration_to_wire(registered, event_types_classic_pb2.EventTypeRegistration) for registered in types
            ],
            DisableValidation=True,
        )
        self._call(methods.REGISTER, request)

    def event_sequences(self, event_store: str, namespace: str) -> list[str]:
        """The ids of the event sequences of a namespace. The kernel lists only sequences that were used."""
        request = sequences_classic_pb2.GetEventSequencesRequest(EventStore=event_store, Namespace=namespace)
        return list(self._call(methods.GET_EVENT_SEQUENCES, request).EventSequenceIds)

    def tail(self, event_store: str, namespace: str, sequence: str, *, event_type: str | None = None) -> int | None:
        """The number of the last event of a sequence, or of the last one of an event type; None if there is none."""
        request = sequences_classic_pb2.GetTailSequenceNumberRequest(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            EventTypes=[] if event_type is None else [sequences_classic_pb2.EventType(Id=event_type, Generation=1)],
        )
        return number_from_wire(self._call(methods.GET_TAIL_SEQUENCE_NUMBER, request).SequenceNumber)

    def append(self, event_store: str, namespace: str, sequence: str, events: Sequence[EventToAppend]) -> AppendResult:
        """Append events, all or none, without a concurrency check.

        One event has a call of its own: kernels migrate its content between the generations of its type, which they do
        not with several events in one call (seen on 16.37.1). The request always has a causation, an author and a
        concurrency scope for each event source, because kernels dereference them (source:
        K/Core/Services/EventSequences/EventSequences.cs).
        """
        if len(events) == 1:
            one = sequences_classic_pb2.AppendRequest(
                EventStore=event_store, Namespace=namespace, EventSequenceId=sequence
            )
            put_event(one, events[0])
            return one_appended(self._call(methods.APPEND, one), server=self.server, call=methods.APPEND.short)
        request = sequences_classic_pb2.AppendManyRequest(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            ConcurrencyScopes={
                source: sequences_classic_pb2.ConcurrencyScope(SequenceNumber=UNAVAILABLE)
                for source in dict.fromkeys(event.event_source_id for event in events)
            },
        )
        put_events(request, events)
        answer = self._call(methods.APPEND_MANY, request)
        return many_appended(answer, events=len(events), server=self.server, call=methods.APPEND_MANY.short)

    def events(
        self, event_store: str, namespace: str, sequence: str, *, start: int = 0, event_source_id: str | None = None
    ) -> list[AppendedEvent]:
        """The events of a sequence from a number on. Kernels have no paging, so this is one answer."""
        request = sequences_classic_pb2.GetFromEventSequenceNumberRequest(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            FromEventSequenceNumber=start,
            EventSourceId=event_source_id,
        )
        answer = self._call(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, request)
        return [event_from_wire(message) for message in answer.Events]

    def stored_events(
        self,
        event_store: str,
        namespace: str,
        sequence: str,
        *,
        start: int = 0,
        event_source_id: str | None = None,
        event_types: Sequence[EventType] = (),
    ) -> list[StoredEvent]:
        """The same events with all that the kernel tells of them. Kernels compare only the ids of event types (seen on
        16.37.1)."""
        request = sequences_classic_pb2.GetFromEventSequenceNumberRequest(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            FromEventSequenceNumber=start,
            EventSourceId=event_source_id,
            EventTypes=[event_type_to_wire(each, sequences_classic_pb2.EventType()) for each in event_types],
        )
        answer = self._call(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, request)
        return [stored_event_from_wire(message) for message in answer.Events]

    def has_events(self, event_store: str, namespace: str, sequence: str, event_source_id: str) -> bool:
        """Whether a sequence has an event of an event source."""
        request = sequences_classic_pb2.HasEventsForEventSourceIdRequest(
            EventStore=event_store, Namespace=namespace, EventSequenceId=sequence, EventSourceId=event_source_id
        )
        return self._call(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, request).HasEvents

    @explained()
    def webhooks(self, event_store: str) -> Sequence[WebhookDefinition]:
        """All webhooks as the kernel returns them, without credentials."""
        request = webhooks_pb2.GetWebhooksRequest(EventStore=event_store)
        return self._definitions(methods.GET_WEBHOOKS, self._call(methods.GET_WEBHOOKS, request))

    @explained()
    def webhook_columns(self, event_store: str) -> WebhookColumns:
        """All webhooks, column by column, without a value object for each."""
        request = webhooks_pb2.GetWebhooksRequest(EventStore=event_store)
        return columns(self._listed(methods.GET_WEBHOOKS, self._call(methods.GET_WEBHOOKS, request)))

    def observe_webhooks(self, event_store: str) -> LiveList[list[WebhookDefinition]]:
        """The complete list of webhooks, now and at each change."""
        request = webhooks_pb2.GetWebhooksRequest(EventStore=event_store)
        return LiveWebhooks(self._stream(methods.OBSERVE_WEBHOOKS, request), self._live)

    def add_webhooks(self, event_store: str, definitions: Sequence[WebhookDefinition]) -> None:
        """Register webhooks in one call, which is not atomic. Success means only that the kernel accepted the call:
        read the webhooks back."""
        self._call(
            methods.ADD,
            Sealed(
                webhooks_classic_pb2.AddWebhooks(
                    EventStore=event_store, Webhooks=[definition_to_wire(each) for each in definitions]
                ),
                hiding(definitions),
            ),
        )

    def remove_webhooks(self, event_store: str, ids: Sequence[str]) -> None:
        """Remove webhooks in one call. The kernel accepts an unknown id too."""
        self._call(methods.REMOVE, webhooks_classic_pb2.RemoveWebhooks(EventStore=event_store, Webhooks=ids))

    def adds_one(self, _event_store: str, _definition: WebhookDefinition) -> None:
        """This generation has no call for one webhook."""

    def lists_secret(self, event_store: str, webhook: str) -> bool:
        """Whether the list of webhooks has a secret of this webhook, as ciphertext (seen in memory)."""
        answer = self._call(methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(EventStore=event_store))
        return any(has_secret(message) for message in answer.items if message.Identifier == webhook)

    def tests_target(self, url: str) -> bool:
        """Let the kernel send its own test request, without credentials."""
        request = webhooks_classic_pb2.TestWebhookRequest(Target=webhooks_pb2.WebhookTarget(Url=url))
        return self._call(methods.TEST_WEBHOOK, request).Success

    def retry_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool | None:
        """Retry a failed partition now. The answer is empty, so the result is None."""
        request = observation_pb2.RetryPartition(
            EventStore=event_store,
            Namespace=namespace,
            ObserverId=observer_id,
            EventSequenceId=sequence,
            Partition=partition,
        )
        self._call(methods.RETRY_PARTITION, request)
        return None

    def _live(self, answer: webhooks_classic_pb2.IEnumerable_WebhookDefinition) -> list[WebhookDefinition]:
        """The webhooks of one element of a stream."""
        return self._definitions(methods.OBSERVE_WEBHOOKS, answer)

    def _definitions(
        self, method: Method[Any, Any], answer: webhooks_classic_pb2.IEnumerable_WebhookDefinition
    ) -> list[WebhookDefinition]:
        return [definition_from_wire(message) for message in self._listed(method, answer)]

    def _listed(
        self, method: Method[Any, Any], answer: webhooks_classic_pb2.IEnumerable_WebhookDefinition
    ) -> list[webhooks_pb2.WebhookDefinition]:
        """The webhooks of an answer, after a check that the answer belongs to this generation.

        If an answer of `commands` is read with this message, its correlation id becomes a webhook without any field.
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
