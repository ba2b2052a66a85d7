"""A scripted kernel with very many webhooks, for what has to cope with them; as a program it serves until killed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

from chronicle_notebook.contracts._scalars import UNAVAILABLE
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import (
    clients_pb2,
    event_stores_pb2,
    host_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_pb2,
    webhooks_pb2,
)
from tests.scripted import ScriptedKernel, enveloped, scripted

STORE = "banking"
CONTRACT = f"service Webhooks {{\n  rpc AddWebhooks (AddWebhooksRequest) returns (CommandResult);\n}}\n{'//' * 33_000}"
"""The contract as a kernel describes it, as far as a client reads it; as long as that of 16.37.1."""
EVENT_TYPES = tuple(f"Event{number:02d}" for number in range(40))


def details(count: int) -> list[webhooks_pb2.WebhookDetailsResponse]:
    """Webhooks as they are read back: of every kind of authorization, with one to six event types."""
    return [
        webhooks_pb2.WebhookDetailsResponse(
            Identifier=f"hook-{number:05d}",
            Url=f"https://host-{number % 100}.example.com/in/{number}",
            EventSequenceId="event-log",
            EventTypes=[
                webhooks_pb2.EventType(Id=EVENT_TYPES[(number + position) % len(EVENT_TYPES)], Generation=1)
                for position in range(1 + number % 6)
            ],
            AuthorizationType=webhooks_pb2.AuthorizationType.ValueType(number % 4),
            Headers={"x-source": f"source-{number % 7}"},
            IsReplayable=True,
            IsActive=number % 10 != 0,
        )
        for number in range(count)
    ]


def many_webhooks(kernel: ScriptedKernel, count: int) -> ScriptedKernel:
    """Make a kernel answer with so many webhooks, whose list then never changes."""
    hooks = details(count)
    listed = enveloped(webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse, hooks)

    def stay(_request: Any, context: Any) -> Iterator[Any]:
        ended = threading.Event()
        context.add_callback(ended.set)
        yield listed
        ended.wait()

    spaces = [observation_pb2.ObserverInformation(Id=hook.Identifier, EventSequenceId="event-log") for hook in hooks]
    nothing = sequences_pb2.EventSequenceTailResponse(SequenceNumber=UNAVAILABLE)
    kernel.on(methods.TAIL_SEQUENCE_NUMBER, enveloped(sequences_pb2.QueryResult_EventSequenceTailResponse, nothing))
    kernel.on(methods.GET_DESCRIPTOR_SET, clients_pb2.DescriptorSetResponse(SchemaDefinition=CONTRACT))
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.29.4"))
    kernel.on(
        methods.ALL_EVENT_STORES,
        enveloped(
            event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse,
            [event_stores_pb2.EventStoreNamesResponse(Name=STORE)],
        ),
    )
    kernel.on(
        methods.ALL_NAMESPACES,
        enveloped(
            namespaces_pb2.QueryResult_IEnumerable_NamespaceNamesResponse,
            [namespaces_pb2.NamespaceNamesResponse(Name="Default")],
        ),
    )
    kernel.on(methods.GET_WEBHOOKS, listed)
    kernel.on(methods.OBSERVE_WEBHOOKS, stay)
    kernel.on(methods.GET_OBSERVERS, observation_pb2.IEnumerable_ObserverInformation(items=spaces))
    return kernel.on(methods.GET_FAILED_PARTITIONS, observation_pb2.IEnumerable_FailedPartition())


def main(count: int) -> None:
    """Serve, and print where."""
    with scripted() as kernel:
        many_webhooks(kernel, count)
        print(kernel.connection_string, flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
