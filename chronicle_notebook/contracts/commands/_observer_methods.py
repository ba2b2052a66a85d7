"""The methods for observers and their failed partitions."""

from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.wire import observation_pb2

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
