"""A client of the classic contract."""

from __future__ import annotations

import json

from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import (
    event_types_classic_pb2,
    observation_pb2,
    sequences_classic_pb2,
    webhooks_classic_pb2,
    webhooks_pb2,
)
from tests.sandbox.conftest import STORE, UNAVAILABLE, Client
from tests.waiting import eventually


class ClassicClient(Client):
    """Calls the methods of the classic contract."""

    def add_hooks(self, *hooks: webhooks_pb2.WebhookDefinition, store: str = STORE) -> None:
        self.call(methods.ADD, webhooks_classic_pb2.AddWebhooks(EventStore=store, Webhooks=hooks))

    def remove_hooks(self, *ids: str, store: str = STORE) -> None:
        self.call(methods.REMOVE, webhooks_classic_pb2.RemoveWebhooks(EventStore=store, Webhooks=ids))

    def hooks(self, store: str = STORE) -> dict[str, webhooks_pb2.WebhookDefinition]:
        answer = self.call(methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(EventStore=store))
        return {row.Identifier: row for row in answer.items}

    def settle_hooks(self, *hooks: webhooks_pb2.WebhookDefinition, store: str = STORE) -> None:
        """Register webhooks, and wait until they are listed with their authorization."""
        self.add_hooks(*hooks, store=store)
        for wanted in hooks:

            def there(wanted: webhooks_pb2.WebhookDefinition = wanted) -> bool:
                found = self.hooks(store).get(wanted.Identifier)
                has = found is not None and found.Target.HasField("Authorization")
                return found is not None and has == wanted.Target.HasField("Authorization")

            eventually(there)

    def register_classic(self, *names: str, generation: int = 1, schema: str = "{}") -> None:
        types = [
            event_types_classic_pb2.EventTypeRegistration(
                Type=event_types_classic_pb2.EventType(Id=name, Generation=generation), Schema=schema
            )
            for name in names
        ]
        self.call(
            methods.REGISTER,
            event_types_classic_pb2.RegisterEventTypesRequest(EventStore=STORE, Types=types, DisableValidation=True),
        )

    def append_classic(
        self, source: str, event_type: str, content: object = None
    ) -> sequences_classic_pb2.AppendResponse:
        return self.call(methods.APPEND, classic_append(source, event_type, content))

    def system_events(self, store: str = STORE) -> list[tuple[str, str]]:
        request = sequences_classic_pb2.GetFromEventSequenceNumberRequest(
            EventStore=store, Namespace="Default", EventSequenceId="system"
        )
        events = self.call(methods.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER, request).Events
        return [(event.Context.EventSourceId, event.Context.EventType.Id) for event in events]

    def failed_classic(self) -> list[observation_pb2.FailedPartition]:
        request = observation_pb2.GetFailedPartitionsRequest(EventStore=STORE, Namespace="Default")
        return list(self.call(methods.GET_FAILED_PARTITIONS, request).items)


def classic_append(source: str, event_type: str, content: object = None) -> sequences_classic_pb2.AppendRequest:
    return sequences_classic_pb2.AppendRequest(
        EventStore=STORE,
        Namespace="Default",
        EventSequenceId="event-log",
        EventSourceId=source,
        EventType=sequences_classic_pb2.EventType(Id=event_type, Generation=1),
        Content=json.dumps({} if content is None else content),
        Causation=[sequences_classic_pb2.Causation(Type="Test")],
        CausedBy=sequences_classic_pb2.Identity(Subject="s", Name="n", UserName="u"),
        ConcurrencyScope=sequences_classic_pb2.ConcurrencyScope(SequenceNumber=UNAVAILABLE),
    )
