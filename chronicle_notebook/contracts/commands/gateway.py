"""The adapter for kernels from 16.38 on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError, Message

from chronicle_notebook.base._call import Caller, Method, Sealed
from chronicle_notebook.base._errors import KernelFaultError, MethodNotImplementedError, ProtocolError
from chronicle_notebook.contracts._adapter import Adapter, LiveWebhooks
from chronicle_notebook.contracts._scalars import UNAVAILABLE, event_type_to_wire, number_from_wire
from chronicle_notebook.contracts._unlistable import explained
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.commands._answer import WebhookAnswer
from chronicle_notebook.contracts.commands._columns import columns, definitions
from chronicle_notebook.contracts.wire import webhooks_pb2

if TYPE_CHECKING:
    from chronicle_notebook.contracts._gateway import LiveList
    from chronicle_notebook.model import (
        AppendedEvent,
        AppendResult,
        EventToAppend,
        EventType,
        RegisteredEventType,
        ServerVersion,
        StoredEvent,
        WebhookColumns,
        WebhookDefinition,
    )

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)
Read = TypeVar("Read")

FIRST_WITH_AN_OUTCOME = (19, 29, 4)
"""The first release that is known to report a quarantine and the result of a retry. 16.38.0 does not (seen on a build
of it)."""


class CommandsGateway(Adapter):
    """Speaks the `commands` generation. Implements ``KernelGateway``.

    Nearly every answer is an envelope, which also contains the failures.
    """

    generation = "commands"

    def __init__(
        self, caller: Caller, *, tag: str | None = None, release: Callable[[], ServerVersion] | None = None
    ) -> None:
        """``release`` returns the version that the server reports, after the first call."""
        super().__init__(caller, tag=tag)
        self._release = release

    def event_stores(self) -> list[str]:
        """The names of all event stores."""
        return [each.Name for each in self._first(methods.ALL_EVENT_STORES, Empty()).Data]

    def namespaces(self, event_store: str) -> list[str]:
        """The names of the namespaces of an event store."""
        request = methods.ALL_NAMESPACES.request(EventStore=event_store)
        return [each.Name for each in self._first(methods.ALL_NAMESPACES, request).Data]

    def event_types(self, event_store: str) -> list[RegisteredEventType]:
        """The latest generation of every event type of an event store."""
        from chronicle_notebook.contracts.commands._convert import registered_from_wire

        request = methods.ALL_EVENT_TYPES.request(EventStore=event_store)
        answer = self._enveloped(methods.ALL_EVENT_TYPES, request)
        return [registered_from_wire(message) for message in answer.Data]

    def register_event_types(self, event_store: str, types: Sequence[RegisteredEventType]) -> None:
        """Register event types with their schemas, in one call.

        The validation of the chain of generations is switched off, as Chronicle's .NET client does. Kernels that are
        not development builds validate nevertheless (source: K/Core/Services/EventTypes/EventTypes.cs).
        """
        from chronicle_notebook.contracts._convert import registration_to_wire
        from chronicle_notebook.contracts.wire import event_types_pb2

        request = methods.REGISTER_EVENT_TYPES.request(
            EventStore=event_store,
            Types=[registration_to_wire(registered, event_types_pb2.EventTypeRegistration) for registered in types],
            DisableValidation=True,
        )
        self._enveloped(methods.REGISTER_EVENT_TYPES, request)

    def event_sequences(self, event_store: str, namespace: str) -> list[str]:
        """The ids of the event sequences of a namespace."""
        request = methods.ALL_EVENT_SEQUENCES.request(EventStore=event_store, Namespace=namespace)
        return [message.Id for message in self._enveloped(methods.ALL_EVENT_SEQUENCES, request).Data]

    def tail(self, event_store: str, namespace: str, sequence: str, *, event_type: str | None = None) -> int | None:
        """The number of the last event of a sequence, or of the last one of an event type; None if there is none."""
        request = methods.TAIL_SEQUENCE_NUMBER.request(
            EventStore=event_store, Namespace=namespace, EventSequenceId=sequence, EventTypeIds=event_type
        )
        return number_from_wire(self._whole(methods.TAIL_SEQUENCE_NUMBER, request).Data.SequenceNumber)

    def append(self, event_store: str, namespace: str, sequence: str, events: Sequence[EventToAppend]) -> AppendResult:
        """Append events, all or none, without a concurrency check.

        One event has a call of its own, as in the `classic` generation. The request always has a causation, an author
        and a concurrency scope, because kernels dereference each of them.
        """
        from chronicle_notebook.contracts._append import many_appended, one_appended, put_event, put_events
        from chronicle_notebook.contracts.wire import sequences_pb2

        if len(events) == 1:
            one = methods.APPEND.request(EventStore=event_store, Namespace=namespace, EventSequenceId=sequence)
            put_event(one, events[0])
            response = self._enveloped(methods.APPEND, one).Response
            return one_appended(response, server=self.server, call=methods.APPEND.short)
        request = methods.APPEND_MANY_FOR_EVENT_SOURCES.request(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            ConcurrencyScopes=[
                sequences_pb2.EventSourceConcurrencyScope(
                    EventSourceId=source, Scope=sequences_pb2.ConcurrencyScope(SequenceNumber=UNAVAILABLE)
                )
                for source in dict.fromkeys(event.event_source_id for event in events)
            ],
        )
        put_events(request, events)
        for entry in request.Events:
            entry.Causation.extend(request.Causation)
        answer = self._enveloped(methods.APPEND_MANY_FOR_EVENT_SOURCES, request).Response
        call = methods.APPEND_MANY_FOR_EVENT_SOURCES.short
        return many_appended(answer, events=len(events), server=self.server, call=call)

    def events(
        self, event_store: str, namespace: str, sequence: str, *, start: int = 0, event_source_id: str | None = None
    ) -> list[AppendedEvent]:
        """The events of a sequence from a number on. Kernels have no paging, so this is one answer."""
        from chronicle_notebook.contracts._convert import event_from_wire

        request = methods.FROM_SEQUENCE_NUMBER.request(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            FromEventSequenceNumber=start,
            EventSourceId=event_source_id,
        )
        answer = self._enveloped(methods.FROM_SEQUENCE_NUMBER, request)
        return [event_from_wire(message) for message in answer.Data]

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
        """The same events with all that the kernel tells of them. Other types are left out here: no kernel was seen
        that says how several ids are written into the one text of the request."""
        from chronicle_notebook.contracts._convert import stored_event_from_wire

        request = methods.FROM_SEQUENCE_NUMBER.request(
            EventStore=event_store,
            Namespace=namespace,
            EventSequenceId=sequence,
            FromEventSequenceNumber=start,
            EventSourceId=event_source_id,
        )
        wanted = {each.id for each in event_types}
        answer = self._enveloped(methods.FROM_SEQUENCE_NUMBER, request)
        return [
            stored_event_from_wire(message)
            for message in answer.Data
            if not wanted or message.Context.EventType.Id in wanted
        ]

    def has_events(self, event_store: str, namespace: str, sequence: str, event_source_id: str) -> bool:
        """Whether a sequence has an event of an event source."""
        request = methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID.request(
            EventStore=event_store, Namespace=namespace, EventSequenceId=sequence, EventSourceId=event_source_id
        )
        return self._whole(methods.HAS_EVENTS_FOR_EVENT_SOURCE_ID, request).Data.HasEvents

    @explained()
    def webhooks(self, event_store: str) -> Sequence[WebhookDefinition]:
        """All webhooks as the kernel returns them, without credentials."""
        request = webhooks_pb2.GetWebhooksRequest(EventStore=event_store)
        return self._read(methods.GET_WEBHOOK_ROWS, self._call(methods.GET_WEBHOOK_ROWS, request), definitions)

    @explained()
    def webhook_columns(self, event_store: str) -> WebhookColumns:
        """All webhooks, column by column, without a value object for each."""
        request = webhooks_pb2.GetWebhooksRequest(EventStore=event_store)
        return self._read(methods.GET_WEBHOOK_ROWS, self._call(methods.GET_WEBHOOK_ROWS, request), columns)

    def observe_webhooks(self, event_store: str) -> LiveList[list[WebhookDefinition]]:
        """The complete list of webhooks, now and at each change."""
        request = webhooks_pb2.ObserveWebhooksRequest(EventStore=event_store)
        return LiveWebhooks(self._stream(methods.OBSERVE_WEBHOOK_ROWS, request), self._live)

    def add_webhooks(self, event_store: str, definitions: Sequence[WebhookDefinition]) -> None:
        """Register webhooks in one call. Success means only that the kernel accepted the call: read the webhooks
        back."""
        from chronicle_notebook.contracts._convert import definition_to_wire
        from chronicle_notebook.contracts._registration_secrets import hiding

        self._enveloped(
            methods.ADD_WEBHOOKS,
            Sealed(
                webhooks_pb2.AddWebhooksRequest(
                    EventStore=event_store, Webhooks=[definition_to_wire(each) for each in definitions]
                ),
                hiding(definitions),
            ),
        )

    def remove_webhooks(self, event_store: str, ids: Sequence[str]) -> None:
        """Remove webhooks in one call. The kernel accepts an unknown id too."""
        self._enveloped(
            methods.REMOVE_WEBHOOKS, webhooks_pb2.RemoveWebhooksRequest(EventStore=event_store, Webhooks=ids)
        )

    def adds_one(self, event_store: str, definition: WebhookDefinition) -> bool | None:
        """Register a webhook without credentials by the call for one webhook."""
        request = webhooks_pb2.AddWebhookRequest(
            EventStore=event_store,
            Name=definition.id,
            Url=definition.target_url,
            EventSequenceId=definition.event_sequence_id,
            EventTypes=[event_type_to_wire(kind, webhooks_pb2.EventType()) for kind in definition.event_types],
            IsReplayable=definition.replayable,
            IsActive=definition.active,
        )
        try:
            self._enveloped(methods.ADD_WEBHOOK, request)
        except MethodNotImplementedError:
            return None
        except KernelFaultError:
            return False
        return True

    def lists_secret(self, _event_store: str, _webhook: str) -> bool:
        """Lists of this generation have no field for a secret."""
        return False

    def tests_target(self, _url: str) -> None:
        """This generation has no test of a target."""

    def retry_partition(
        self, event_store: str, namespace: str, observer_id: str, sequence: str, partition: str
    ) -> bool | None:
        """Retry a failed partition now, and return whether the retry started.

        Kernels before the first release with an outcome return an empty answer, which looks like a start. For them the
        result is None.
        """
        from chronicle_notebook.contracts.wire import observation_pb2

        request = methods.RETRY_PARTITION.request(
            EventStore=event_store,
            Namespace=namespace,
            ObserverId=observer_id,
            EventSequenceId=sequence,
            Partition=partition,
        )
        answer = self._call(methods.RETRY_PARTITION, request)
        return answer.Outcome == observation_pb2.Started if self._tells_quarantine else None

    @property
    def _tells_quarantine(self) -> bool:
        return self._release is not None and _tells_quarantine(self._release())

    def _live(self, answer: WebhookAnswer) -> list[WebhookDefinition]:
        """The webhooks of one element of a stream. Each element has its own envelope."""
        return list(self._read(methods.OBSERVE_WEBHOOK_ROWS, answer, definitions))

    def _whole(self, method: Method[Request, Response], request: Request) -> Response:
        """The answer to a call whose ``Data`` is one message, after a check that the message is there.

        Without the check a missing message would be read as zero or false. A kernel that means zero or false writes an
        empty message (source: protobuf-net:src/protobuf-net/Meta/ValueMember.cs).
        """
        answer: Any = self._enveloped(method, request)
        if not answer.HasField("Data"):
            raise self._unreadable(method, "the answer has no Data, so it says nothing.")
        whole: Response = answer
        return whole

    def _read(self, method: Method[Any, Any], answer: WebhookAnswer, read: Callable[[WebhookAnswer], Read]) -> Read:
        """The content of a successful answer. Its webhooks are still bytes, and may not be valid messages."""
        self._opened(method, answer.rows)
        try:
            return read(answer)
        except DecodeError:
            failure = self._unreadable(method, "an event type or a header of a webhook is of no known form.")
        raise failure

    def _unreadable(self, method: Method[Any, Any], what: str) -> ProtocolError:
        return ProtocolError(
            f"{method.short} on {self.server}: {what}",
            server=self.server,
            call=method.short,
            hint="The kernel may be newer than this package, or something in between may have changed its answer.",
        )


def _tells_quarantine(version: ServerVersion) -> bool:
    """Whether a kernel reports a quarantine and the result of a retry. A sandbox that behaves as documented does."""
    from chronicle_notebook.contracts._known_defect import release_of

    release = release_of(version.version)
    return version.is_sandbox or (release is not None and release >= FIRST_WITH_AN_OUTCOME)
