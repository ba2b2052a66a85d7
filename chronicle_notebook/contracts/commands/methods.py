"""The methods of the `commands` generation that this project calls or serves (kernels from 16.38 on).

A test compares each method with the facts about the contract: path, messages and streaming.

Here are the methods that the first listing of webhooks calls. The others are loaded when one of them is first used,
because protobuf takes a millisecond to make their messages.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.commands._answer import WebhookAnswer
from chronicle_notebook.contracts.wire import clients_pb2, event_stores_pb2, host_pb2, webhooks_pb2

if TYPE_CHECKING:
    from chronicle_notebook.contracts.commands._observer_methods import *  # noqa: F403
    from chronicle_notebook.contracts.commands._store_methods import *  # noqa: F403

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

_LATER = ("_observer_methods", "_store_methods")


def __getattr__(name: str) -> Any:
    if name.isupper():  # not what Python itself asks a module for, such as __path__
        for module in _LATER:
            methods = vars(import_module(f"{__package__}.{module}"))
            if name in methods:
                return methods[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    later = (vars(import_module(f"{__package__}.{module}")) for module in _LATER)
    return sorted({*globals(), *(name for methods in later for name in methods if name.isupper())})
