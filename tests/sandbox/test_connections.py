"""Connecting, and what the sandbox says it is."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2 as wire, observation_pb2
from tests.sandbox.conftest import Client
from tests.waiting import eventually


def test_the_version_is_that_of_a_sandbox(client: Client) -> None:
    version = client.call(methods.GET_VERSION_INFO, Empty())
    assert (version.Version, version.ProtocolVersion) == ("19.29.4-sandbox", "19.29.4")


def test_a_connected_client_is_listed_until_it_goes(client: Client) -> None:
    watch = client.follow(methods.OBSERVE_CONNECTED_CLIENTS, Empty())
    assert list(next(watch).items) == []
    stream = client.follow(
        methods.CONNECT, wire.ConnectRequest(ConnectionId="c-1", ClientVersion="1", ClientType="Python", ProcessId=7)
    )
    assert next(stream).ConnectionId == "c-1"
    (row,) = next(watch).items
    assert (row.ConnectionId, row.ClientType, row.ProcessId, row.Version) == ("c-1", "Python", 7, "1")
    client.call(methods.KEEP_ALIVE, wire.ConnectionKeepAlive(ConnectionId="c-1"))
    client.call(methods.KEEP_ALIVE, wire.ConnectionKeepAlive(ConnectionId="unknown"))
    (now,) = client.call(methods.GET_CONNECTED_CLIENTS, Empty()).items
    assert now.LastSeen.Value > row.LastSeen.Value
    assert next(stream).ConnectionId == "c-1"  # the second sign of life
    stream.cancel()
    assert list(next(watch).items) == []
    watch.cancel()
    eventually(lambda: not client.call(methods.GET_CONNECTED_CLIENTS, Empty()).items)


def test_the_descriptor_text_holds_every_service_and_no_presence(client: Client) -> None:
    text = client.call(methods.GET_DESCRIPTOR_SET, Empty()).SchemaDefinition
    assert "rpc AddWebhooks (AddWebhooksRequest) returns (CommandResult);" in text
    assert "service ConnectionService" in text
    assert "optional" not in "".join(line for line in text.splitlines() if not line.startswith("//"))


def test_any_other_method_is_not_implemented(client: Client) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        client.call(Method(methods.WEBHOOKS, "Add", Empty, Empty), Empty())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_an_exception_without_an_envelope_is_unknown_with_its_message(client: Client) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        client.call(methods.GET_OBSERVERS, observation_pb2.AllObserversRequest())
    assert caught.value.code() is grpc.StatusCode.UNKNOWN
    assert "Value cannot be null" in str(caught.value.details())
