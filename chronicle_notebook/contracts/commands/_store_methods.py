"""The methods for what is inside an event store: namespaces, event types and event sequences."""

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.wire import event_types_pb2, namespaces_pb2, sequences_pb2

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
