"""The methods of the `commands` generation that this project calls or serves (kernels from 16.38 on).

A test compares each method with the facts about the contract: path, messages and streaming.
"""

from typing import Any

from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.commands._answer import WebhookAnswer
from chronicle_notebook.contracts.wire import (
    clients_pb2,
    event_stores_pb2,
    event_types_pb2,
    host_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_pb2,
    webhooks_pb2,
)

# Webhooks

WEBHOOKS = "Cratis.Chronicle.Contracts.Observation.Webhooks.Webhooks"
ADD_WEBHOOK = Method(WEBHOOKS, "AddWebhook", webhooks_pb2.AddWebhookRequest, webhooks_pb2.CommandResult, write=True)
ADD_WEBHOOKS = Method(WEBHOOKS, "AddWebhooks", webhooks_pb2.AddWebhooksRequest, webhooks_pb2.CommandResult, write=True)
GET_WEBHOOKS = Method(
    WEBHOOKS,
    "GetWebhooks",
    webhooks_pb2.GetWebhooksRequest,
    webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse,
)
# The same call, but read webhook by webhook or by columns: see webhook_rows.proto.
GET_WEBHOOK_ROWS: Method[webhooks_pb2.GetWebhooksRequest, Any]
GET_WEBHOOK_ROWS = Method(WEBHOOKS, "GetWebhooks", webhooks_pb2.GetWebhooksRequest, WebhookAnswer)
OBSERVE_WEBHOOKS = Method(
    WEBHOOKS,
    "ObserveWebhooks",
    webhooks_pb2.ObserveWebhooksRequest,
    webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse,
    streaming=True,
)
OBSERVE_WEBHOOK_ROWS: Method[webhooks_pb2.ObserveWebhooksRequest, Any]
OBSERVE_WEBHOOK_ROWS = Method(
    WEBHOOKS, "ObserveWebhooks", webhooks_pb2.ObserveWebhooksRequest, WebhookAnswer, streaming=True
)
REMOVE_WEBHOOK = Method(
    WEBHOOKS, "RemoveWebhook", webhooks_pb2.RemoveWebhookRequest, webhooks_pb2.CommandResult, write=True
)
REMOVE_WEBHOOKS = Method(
    WEBHOOKS, "RemoveWebhooks", webhooks_pb2.RemoveWebhooksRequest, webhooks_pb2.CommandResult, write=True
)

# EventTypes

EVENT_TYPES = "Cratis.Chronicle.Contracts.EventTypes.EventTypes"
ALL_EVENT_TYPE_GENERATIONS = Method(
    EVENT_TYPES,
    "AllEventTypeGenerations",
    event_types_pb2.AllEventTypeGenerationsRequest,
    event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse,
)
ALL_EVENT_TYPES = Method(
    EVENT_TYPES,
    "AllEventTypes",
    event_types_pb2.AllEventTypesRequest,
    event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse,
)
CREATE_EVENT_TYPE = Method(
    EVENT_TYPES, "CreateEventType", event_types_pb2.CreateEventTypeRequest, event_types_pb2.CommandResult, write=True
)
OBSERVE_EVENT_TYPES = Method(
    EVENT_TYPES,
    "ObserveEventTypes",
    event_types_pb2.ObserveEventTypesRequest,
    event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse,
    streaming=True,
)
REGISTER_EVENT_TYPES = Method(
    EVENT_TYPES,
    "RegisterEventTypes",
    event_types_pb2.RegisterEventTypesRequest,
    event_types_pb2.CommandResult,
    write=True,
)
REGISTER_SINGLE_EVENT_TYPE = Method(
    EVENT_TYPES,
    "RegisterSingleEventType",
    event_types_pb2.RegisterSingleEventTypeRequest,
    event_types_pb2.CommandResult,
    write=True,
)

# EventSequences

EVENT_SEQUENCES = "Cratis.Chronicle.Contracts.Sequences.EventSequences"
ALL_EVENT_SEQUENCES = Method(
    EVENT_SEQUENCES,
    "AllEventSequences",
    sequences_pb2.AllEventSequencesRequest,
    sequences_pb2.QueryResult_IEnumerable_EventSequenceNamesResponse,
)
APPEND = Method(
    EVENT_SEQUENCES, "Append", sequences_pb2.AppendRequest, sequences_pb2.CommandResult_AppendResponse, write=True
)
APPEND_MANY = Method(
    EVENT_SEQUENCES,
    "AppendMany",
    sequences_pb2.AppendManyRequest,
    sequences_pb2.CommandResult_AppendManyResponse,
    write=True,
)
APPEND_MANY_FOR_EVENT_SOURCES = Method(
    EVENT_SEQUENCES,
    "AppendManyForEventSources",
    sequences_pb2.AppendManyForEventSourcesRequest,
    sequences_pb2.CommandResult_AppendManyResponse,
    write=True,
)
APPENDED_EVENTS = Method(
    EVENT_SEQUENCES,
    "AppendedEvents",
    sequences_pb2.AppendedEventsRequest,
    sequences_pb2.QueryResult_IEnumerable_AppendedEventResponse,
)
FOR_EVENT_SOURCE_ID_AND_EVENT_TYPES = Method(
    EVENT_SEQUENCES,
    "ForEventSourceIdAndEventTypes",
    sequences_pb2.ForEventSourceIdAndEventTypesRequest,
    sequences_pb2.QueryResult_IEnumerable_AppendedEventResponse,
)
FROM_SEQUENCE_NUMBER = Method(
    EVENT_SEQUENCES,
    "FromSequenceNumber",
    sequences_pb2.FromSequenceNumberRequest,
    sequences_pb2.QueryResult_IEnumerable_AppendedEventResponse,
)
HAS_EVENTS_FOR_EVENT_SOURCE_ID = Method(
    EVENT_SEQUENCES,
    "HasEventsForEventSourceId",
    sequences_pb2.HasEventsForEventSourceIdRequest,
    sequences_pb2.QueryResult_EventSourceEventsResponse,
)
TAIL_SEQUENCE_NUMBER = Method(
    EVENT_SEQUENCES,
    "TailSequenceNumber",
    sequences_pb2.TailSequenceNumberRequest,
    sequences_pb2.QueryResult_EventSequenceTailResponse,
)

# EventStores

EVENT_STORES = "Cratis.Chronicle.Contracts.EventStores.EventStores"
ALL_EVENT_STORES = Method(
    EVENT_STORES, "AllEventStores", Empty, event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse
)
ENSURE_EVENT_STORE = Method(
    EVENT_STORES,
    "EnsureEventStore",
    event_stores_pb2.EnsureEventStoreRequest,
    event_stores_pb2.CommandResult,
    write=True,
)
OBSERVE_EVENT_STORES = Method(
    EVENT_STORES,
    "ObserveEventStores",
    Empty,
    event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse,
    streaming=True,
)

# Namespaces

NAMESPACES = "Cratis.Chronicle.Contracts.Namespaces.Namespaces"
ALL_NAMESPACES = Method(
    NAMESPACES,
    "AllNamespaces",
    namespaces_pb2.AllNamespacesRequest,
    namespaces_pb2.QueryResult_IEnumerable_NamespaceNamesResponse,
)
ENSURE_NAMESPACE = Method(
    NAMESPACES, "EnsureNamespace", namespaces_pb2.EnsureNamespaceRequest, namespaces_pb2.CommandResult, write=True
)
OBSERVE_NAMESPACES = Method(
    NAMESPACES,
    "ObserveNamespaces",
    namespaces_pb2.ObserveNamespacesRequest,
    namespaces_pb2.QueryResult_IEnumerable_NamespaceNamesResponse,
    streaming=True,
)

# Observers

OBSERVERS = "Cratis.Chronicle.Contracts.Observation.Observers"
CLEAR_FAILED_PARTITIONS = Method(
    OBSERVERS, "ClearFailedPartitions", observation_pb2.ClearFailedPartitions, Empty, write=True
)
CLEAR_OBSERVER_QUARANTINE = Method(
    OBSERVERS, "ClearObserverQuarantine", observation_pb2.ClearObserverQuarantine, Empty, write=True
)
CLEAR_PARTITION_QUARANTINE = Method(
    OBSERVERS,
    "ClearPartitionQuarantine",
    observation_pb2.ClearPartitionQuarantine,
    observation_pb2.ClearPartitionQuarantineResponse,
    write=True,
)
GET_CONNECTED_CLIENTS_FOR_OBSERVER = Method(
    OBSERVERS,
    "GetConnectedClientsForObserver",
    observation_pb2.GetConnectedClientsForObserverRequest,
    observation_pb2.IEnumerable_ConnectedClient,
)
GET_OBSERVER_INFORMATION = Method(
    OBSERVERS,
    "GetObserverInformation",
    observation_pb2.GetObserverInformationRequest,
    observation_pb2.ObserverInformation,
)
GET_OBSERVERS = Method(
    OBSERVERS, "GetObservers", observation_pb2.AllObserversRequest, observation_pb2.IEnumerable_ObserverInformation
)
GET_REPLAYABLE_OBSERVERS_FOR_EVENT_TYPES = Method(
    OBSERVERS,
    "GetReplayableObserversForEventTypes",
    observation_pb2.GetReplayableObserversForEventTypesRequest,
    observation_pb2.IEnumerable_ObserverInformation,
)
OBSERVE_OBSERVERS = Method(
    OBSERVERS,
    "ObserveObservers",
    observation_pb2.AllObserversRequest,
    observation_pb2.IEnumerable_ObserverInformation,
    streaming=True,
)
REMOVE_OBSERVER = Method(
    OBSERVERS, "RemoveObserver", observation_pb2.RemoveObserver, observation_pb2.RemoveObserverResponse, write=True
)
REPLAY = Method(OBSERVERS, "Replay", observation_pb2.Replay, observation_pb2.ReplayResponse, write=True)
REPLAY_PARTITION = Method(OBSERVERS, "ReplayPartition", observation_pb2.ReplayPartition, Empty, write=True)
RETRY_PARTITION = Method(
    OBSERVERS, "RetryPartition", observation_pb2.RetryPartition, observation_pb2.RetryPartitionResponse, write=True
)
WAIT_FOR_COMPLETION = Method(
    OBSERVERS,
    "WaitForCompletion",
    observation_pb2.WaitForObserverCompletionRequest,
    observation_pb2.WaitForObserverCompletionResponse,
)

# FailedPartitions

FAILED_PARTITIONS = "Cratis.Chronicle.Contracts.Observation.FailedPartitions"
GET_FAILED_PARTITIONS = Method(
    FAILED_PARTITIONS,
    "GetFailedPartitions",
    observation_pb2.GetFailedPartitionsRequest,
    observation_pb2.IEnumerable_FailedPartition,
)
OBSERVE_FAILED_PARTITIONS = Method(
    FAILED_PARTITIONS,
    "ObserveFailedPartitions",
    observation_pb2.GetFailedPartitionsRequest,
    observation_pb2.IEnumerable_FailedPartition,
    streaming=True,
)

# ConnectionService

CONNECTION_SERVICE = "Cratis.Chronicle.Contracts.Clients.ConnectionService"
CHECK_COMPATIBILITY = Method(
    CONNECTION_SERVICE,
    "CheckCompatibility",
    clients_pb2.CompatibilityRequest,
    clients_pb2.CompatibilityResponse,
    anonymous=True,
)
CONNECT = Method(
    CONNECTION_SERVICE, "Connect", clients_pb2.ConnectRequest, clients_pb2.ConnectionKeepAlive, streaming=True
)
KEEP_ALIVE = Method(CONNECTION_SERVICE, "ConnectionKeepAlive", clients_pb2.ConnectionKeepAlive, Empty)
GET_CONNECTED_CLIENTS = Method(
    CONNECTION_SERVICE, "GetConnectedClients", Empty, clients_pb2.IEnumerable_ConnectedClient
)
GET_DESCRIPTOR_SET = Method(
    CONNECTION_SERVICE, "GetDescriptorSet", Empty, clients_pb2.DescriptorSetResponse, anonymous=True
)
OBSERVE_CONNECTED_CLIENTS = Method(
    CONNECTION_SERVICE, "ObserveConnectedClients", Empty, clients_pb2.IEnumerable_ConnectedClient, streaming=True
)

# Server

SERVER = "Cratis.Chronicle.Contracts.Host.Server"
GET_VERSION_INFO = Method(SERVER, "GetVersionInfo", Empty, host_pb2.ServerVersionInfo)
