"""The methods of the `classic` generation that this project calls or serves (kernels up to 16.37).

A test compares each method with the facts about the contract: path, messages and streaming. Some have the path of a
`commands` method and a different answer.
"""

from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.commands import methods as commands
from chronicle_notebook.contracts.wire import (
    early_classic_pb2,
    event_stores_classic_pb2,
    event_types_classic_pb2,
    namespaces_classic_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_classic_pb2,
    webhooks_classic_pb2,
    webhooks_pb2,
)

# Webhooks

WEBHOOKS = "Cratis.Chronicle.Contracts.Observation.Webhooks.Webhooks"
ADD = Method(WEBHOOKS, "Add", webhooks_classic_pb2.AddWebhooks, Empty, write=True)
GET_WEBHOOKS = Method(
    WEBHOOKS, "GetWebhooks", webhooks_pb2.GetWebhooksRequest, webhooks_classic_pb2.IEnumerable_WebhookDefinition
)
OBSERVE_WEBHOOKS = Method(
    WEBHOOKS,
    "ObserveWebhooks",
    webhooks_pb2.GetWebhooksRequest,
    webhooks_classic_pb2.IEnumerable_WebhookDefinition,
    streaming=True,
)
REMOVE = Method(WEBHOOKS, "Remove", webhooks_classic_pb2.RemoveWebhooks, Empty, write=True)
# With these two tests the kernel sends a request to somebody, so they must not be repeated either.
TEST_OAUTH_AUTHORIZATION = Method(
    WEBHOOKS,
    "TestOAuthAuthorization",
    webhooks_classic_pb2.TestOAuthAuthorizationRequest,
    webhooks_classic_pb2.TestOAuthAuthorizationResponse,
    write=True,
)
TEST_WEBHOOK = Method(
    WEBHOOKS,
    "TestWebhook",
    webhooks_classic_pb2.TestWebhookRequest,
    webhooks_classic_pb2.TestWebhookResponse,
    write=True,
)

# EventTypes

EVENT_TYPES = "Cratis.Chronicle.Contracts.Events.EventTypes"
GET_ALL = Method(
    EVENT_TYPES,
    "GetAll",
    event_types_classic_pb2.GetAllEventTypesRequest,
    event_types_classic_pb2.IEnumerable_EventType,
)
GET_ALL_GENERATIONS_FOR_EVENT_TYPE = Method(
    EVENT_TYPES,
    "GetAllGenerationsForEventType",
    event_types_classic_pb2.GetEventTypeGenerationsRequest,
    event_types_classic_pb2.IEnumerable_EventTypeRegistration,
)
GET_ALL_REGISTRATIONS = Method(
    EVENT_TYPES,
    "GetAllRegistrations",
    event_types_classic_pb2.GetAllEventTypesRequest,
    event_types_classic_pb2.IEnumerable_EventTypeRegistration,
)
OBSERVE_ALL_REGISTRATIONS = Method(
    EVENT_TYPES,
    "ObserveAllRegistrations",
    event_types_classic_pb2.GetAllEventTypesRequest,
    event_types_classic_pb2.IEnumerable_EventTypeRegistration,
    streaming=True,
)
REGISTER = Method(EVENT_TYPES, "Register", event_types_classic_pb2.RegisterEventTypesRequest, Empty, write=True)
REGISTER_SINGLE = Method(
    EVENT_TYPES, "RegisterSingle", event_types_classic_pb2.RegisterSingleEventTypeRequest, Empty, write=True
)

# EventSequences

EVENT_SEQUENCES = "Cratis.Chronicle.Contracts.EventSequences.EventSequences"
APPEND = Method(
    EVENT_SEQUENCES,
    "Append",
    sequences_classic_pb2.AppendRequest,
    sequences_classic_pb2.AppendResponse,
    write=True,
)
APPEND_MANY = Method(
    EVENT_SEQUENCES,
    "AppendMany",
    sequences_classic_pb2.AppendManyRequest,
    sequences_classic_pb2.AppendManyResponse,
    write=True,
)
GET_EVENT_SEQUENCES = Method(
    EVENT_SEQUENCES,
    "GetEventSequences",
    sequences_classic_pb2.GetEventSequencesRequest,
    sequences_classic_pb2.GetEventSequencesResponse,
)
GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER = Method(
    EVENT_SEQUENCES,
    "GetEventsFromEventSequenceNumber",
    sequences_classic_pb2.GetFromEventSequenceNumberRequest,
    sequences_classic_pb2.GetFromEventSequenceNumberResponse,
)
GET_FOR_EVENT_SOURCE_ID_AND_EVENT_TYPES = Method(
    EVENT_SEQUENCES,
    "GetForEventSourceIdAndEventTypes",
    sequences_classic_pb2.GetForEventSourceIdAndEventTypesRequest,
    sequences_classic_pb2.GetForEventSourceIdAndEventTypesResponse,
)
GET_TAIL_SEQUENCE_NUMBER = Method(
    EVENT_SEQUENCES,
    "GetTailSequenceNumber",
    sequences_classic_pb2.GetTailSequenceNumberRequest,
    sequences_classic_pb2.GetTailSequenceNumberResponse,
)
HAS_EVENTS_FOR_EVENT_SOURCE_ID = Method(
    EVENT_SEQUENCES,
    "HasEventsForEventSourceId",
    sequences_classic_pb2.HasEventsForEventSourceIdRequest,
    sequences_classic_pb2.HasEventsForEventSourceIdResponse,
)

# EventStores and Namespaces of kernels after 16.33.0. Both lists answer once (seen on 16.37.1).

EVENT_STORES = commands.EVENT_STORES
ALL_EVENT_STORES = Method(
    EVENT_STORES,
    "AllEventStores",
    Empty,
    event_stores_classic_pb2.QueryResult_IEnumerable_String,
)
ENSURE_EVENT_STORE = commands.ENSURE_EVENT_STORE
NAMESPACES = commands.NAMESPACES
ALL_NAMESPACES = Method(
    NAMESPACES,
    "AllNamespaces",
    namespaces_pb2.AllNamespacesRequest,
    namespaces_classic_pb2.QueryResult_IEnumerable_String,
)
ENSURE_NAMESPACE = commands.ENSURE_NAMESPACE

# EventStores and Namespaces of kernels up to 16.33.0: other services, and answers without an envelope (seen on
# 16.33.0).

EARLY_EVENT_STORES = "Cratis.Chronicle.Contracts.EventStores"
ENSURE_EARLY_EVENT_STORE = Method(EARLY_EVENT_STORES, "Ensure", early_classic_pb2.EnsureEventStore, Empty, write=True)
GET_EARLY_EVENT_STORES = Method(EARLY_EVENT_STORES, "GetEventStores", Empty, early_classic_pb2.IEnumerable_String)
OBSERVE_EARLY_EVENT_STORES = Method(
    EARLY_EVENT_STORES, "ObserveEventStores", Empty, early_classic_pb2.IEnumerable_String, streaming=True
)
EARLY_NAMESPACES = "Cratis.Chronicle.Contracts.Namespaces"
ENSURE_EARLY_NAMESPACE = Method(EARLY_NAMESPACES, "Ensure", early_classic_pb2.EnsureNamespace, Empty, write=True)
GET_EARLY_NAMESPACES = Method(
    EARLY_NAMESPACES, "GetNamespaces", early_classic_pb2.GetNamespacesRequest, early_classic_pb2.IEnumerable_String
)
OBSERVE_EARLY_NAMESPACES = Method(
    EARLY_NAMESPACES,
    "ObserveNamespaces",
    early_classic_pb2.GetNamespacesRequest,
    early_classic_pb2.IEnumerable_String,
    streaming=True,
)

# Observers and FailedPartitions: as in the `commands` generation, except for the answer of RetryPartition.

OBSERVERS = commands.OBSERVERS
CLEAR_OBSERVER_QUARANTINE = commands.CLEAR_OBSERVER_QUARANTINE
GET_OBSERVER_INFORMATION = commands.GET_OBSERVER_INFORMATION
GET_OBSERVERS = commands.GET_OBSERVERS
OBSERVE_OBSERVERS = commands.OBSERVE_OBSERVERS
REPLAY = commands.REPLAY
REPLAY_PARTITION = commands.REPLAY_PARTITION
RETRY_PARTITION = Method(OBSERVERS, "RetryPartition", observation_pb2.RetryPartition, Empty, write=True)
GET_FAILED_PARTITIONS = commands.GET_FAILED_PARTITIONS
OBSERVE_FAILED_PARTITIONS = commands.OBSERVE_FAILED_PARTITIONS

# ConnectionService, without CheckCompatibility, and Server

CONNECT = commands.CONNECT
KEEP_ALIVE = commands.KEEP_ALIVE
GET_CONNECTED_CLIENTS = commands.GET_CONNECTED_CLIENTS
GET_DESCRIPTOR_SET = commands.GET_DESCRIPTOR_SET
OBSERVE_CONNECTED_CLIENTS = commands.OBSERVE_CONNECTED_CLIENTS
GET_VERSION_INFO = commands.GET_VERSION_INFO
