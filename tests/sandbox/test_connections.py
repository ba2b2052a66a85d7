"""Connecting, and what the sandbox says it is."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts._method import Method
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2 as wire
from chronicle_notebook.contracts.wire import observation_pb2, webhooks_pb2
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


def descriptors() -> FileDescriptorSet:
    """A client's descriptors of the webhook file."""
    found = FileDescriptorSet()
    webhooks_pb2.DESCRIPTOR.CopyToProto(found.file.add())
    return found


def check(client: Client, declared: bytes) -> list[str]:
    answer = client.call(methods.CHECK_COMPATIBILITY, wire.CompatibilityRequest(DescriptorSet=declared))
    assert answer.IsCompatible == (not answer.Incompatibilities)
    assert (answer.ServerVersion, answer.ServerProtocolVersion) == ("19.29.4-sandbox", "19.29.4")
    return list(answer.Incompatibilities)


def test_a_client_with_the_same_contract_is_compatible(client: Client) -> None:
    declared = descriptors()
    assert check(client, declared.SerializeToString()) == []
    for message in declared.file[0].message_type:  # a real contract has no `optional`
        del message.oneof_decl[:]
        for field in message.field:
            field.ClearField("proto3_optional")
            field.ClearField("oneof_index")
    assert check(client, declared.SerializeToString()) == []


def test_each_difference_of_a_contract_is_named(client: Client) -> None:
    declared = descriptors()
    file = declared.file[0]
    file.service[0].method[0].name = "Add"
    file.service[0].method[1].server_streaming = True
    file.service[0].method[2].output_type = ".other.Answer"
    file.service.add(name="Other")
    file.message_type.add(name="Unknown")
    request = next(message for message in file.message_type if message.name == "GetWebhooksRequest")
    request.field[0].name = "Store"
    definition = next(message for message in file.message_type if message.name == "WebhookDefinition")
    definition.field[0].type = definition.field[0].TYPE_BYTES
    file.enum_type[0].value[0].name = "Nothing"
    file.enum_type.add(name="Missing")
    package = methods.WEBHOOKS.rpartition(".")[0]
    assert check(client, declared.SerializeToString()) == [
        f"Method '{package}.Webhooks/Add' is missing.",
        f"Method '{package}.Webhooks/AddWebhooks' differs in streaming.",
        f"Method '{package}.Webhooks/GetWebhooks' has other messages.",
        f"Service '{package}.Other' is missing.",
        f"Field '{package}.GetWebhooksRequest.Store' (1) is missing.",
        f"Field '{package}.WebhookDefinition.EventSequenceId' (1) has another type.",
        f"Message '{package}.Unknown' is missing.",
        f"Enum value '{package}.AuthorizationType.Nothing' (0) is missing.",
        f"Enum '{package}.Missing' is missing.",
    ]


def test_a_contract_that_cannot_be_read_is_incompatible(client: Client) -> None:
    assert check(client, b"\xff\xff") == ["The descriptor set could not be read."]
