"""What the sandbox says of its contract is true: in the text, and in its verdict on a client's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from types import ModuleType
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts import wire
from chronicle_notebook.contracts._descriptor import webhook_descriptor_set
from chronicle_notebook.contracts._method import Method
from chronicle_notebook.contracts.classic import methods as classic_methods
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import (
    bcl_pb2,
    clients_pb2,
    event_stores_pb2,
    event_types_pb2,
    host_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_classic_pb2,
    sequences_pb2,
    webhooks_pb2,
)
from chronicle_notebook.sandbox import Sandbox
from tests.sandbox.conftest import Client

COMMANDS = (bcl_pb2, clients_pb2, event_stores_pb2, event_types_pb2, namespaces_pb2, observation_pb2, sequences_pb2,
            webhooks_pb2)  # fmt: skip
LATER = (
    "AddWebhooksRequest",
    "IsQuarantined",
    "TimeoutMilliseconds",
    "ProtocolVersion",
    "CommandResult_Append",
    "OBSERVER_RUNNING_STATE_Disconnected",
)
RPC = re.compile(r"^\s*(rpc .*\));$", re.MULTILINE)


@pytest.fixture(scope="module", params=["commands", "classic"])
def caller(request: pytest.FixtureRequest) -> Iterator[tuple[str, Client]]:
    with Sandbox(contract=request.param) as sandbox:
        client = Client(sandbox.port)
        yield request.param, client
        client.close()


def told(client: Client) -> str:
    return client.call(methods.GET_DESCRIPTOR_SET, Empty()).SchemaDefinition


def services(text: str) -> dict[str, set[str]]:
    """The lines of methods by service, as a .NET client takes them out of the text: trimmed, without the semicolon."""
    found: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("service "):
            current = found.setdefault(stripped.split()[1], set())
        elif stripped.startswith("rpc "):
            current.add(stripped.removesuffix(";"))
    return found


def test_every_method_that_is_told_is_answered_and_every_other_one_is_not(caller: tuple[str, Client]) -> None:
    _, client = caller
    text = told(client)
    package = ""
    paths: set[str] = set()
    service = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("package "):
            package = line.split()[1].rstrip(";")
        elif line.startswith("service "):
            service = f"{package}.{line.split()[1]}"
        elif line.startswith("rpc "):
            paths.add(f"/{service}/{line.split()[1]}")
    known = {
        method.path
        for module in (methods, classic_methods)
        for method in vars(module).values()
        if isinstance(method, Method)
    }
    for path in sorted(paths | known):
        # Nothing can be read from this, so whatever is there answers with an error of its own, and at once.
        invoke: Any = client._channel.unary_stream(path)
        call = invoke(b"\xff\xff", timeout=5)
        with pytest.raises(grpc.RpcError) as caught:
            list(call)
        assert (caught.value.code() is grpc.StatusCode.UNIMPLEMENTED) == (path not in paths), path


def test_the_lines_of_the_commands_contract_are_those_of_its_files(caller: tuple[str, Client]) -> None:
    name, client = caller
    if name == "classic":
        return
    text = told(client)
    expected = {
        line
        for entry in resources.files(wire).iterdir()
        if entry.name.endswith(".proto") and "classic" not in entry.name
        for line in RPC.findall(entry.read_text(encoding="utf-8"))
    }
    expected.remove("rpc ResetKernelState (.google.protobuf.Empty) returns (.google.protobuf.Empty)")
    assert {line for lines in services(text).values() for line in lines} == expected


def test_the_classic_lines_are_those_of_kernel_16_37(caller: tuple[str, Client]) -> None:
    name, client = caller
    if name == "commands":
        return
    found = services(told(client))
    assert found["Webhooks"] == {
        "rpc Add (AddWebhooks) returns (.google.protobuf.Empty)",
        "rpc GetWebhooks (GetWebhooksRequest) returns (IEnumerable_WebhookDefinition)",
        "rpc ObserveWebhooks (GetWebhooksRequest) returns (stream IEnumerable_WebhookDefinition)",
        "rpc Remove (RemoveWebhooks) returns (.google.protobuf.Empty)",
        "rpc TestOAuthAuthorization (TestOAuthAuthorizationRequest) returns (TestOAuthAuthorizationResponse)",
        "rpc TestWebhook (TestWebhookRequest) returns (TestWebhookResponse)",
    }
    assert (
        "rpc AllEventStores (.google.protobuf.Empty) returns (QueryResult_IEnumerable_String)" in found["EventStores"]
    )
    assert not [line for line in found["ConnectionService"] if "CheckCompatibility" in line]
    for module, service in ((sequences_classic_pb2, "EventSequences"),):
        text = resources.files(wire).joinpath(f"{module.__name__.rpartition('.')[2][:-4]}.proto").read_text()
        assert set(RPC.findall(text)) == found[service]


def test_the_classic_text_has_nothing_that_came_later(caller: tuple[str, Client]) -> None:
    name, client = caller
    text = told(client)
    for later in LATER:
        assert (later in text) == (name == "commands"), later


def test_the_text_has_the_shape_of_proto_files(caller: tuple[str, Client]) -> None:
    _, client = caller
    text = told(client)
    assert "optional" not in text
    assert text.count('syntax = "proto3";') == len(re.findall(r"^package ", text, re.MULTILINE)) > 6
    assert "   map<string,string> Headers = 3;" in text
    assert "   repeated uint64 SequenceNumbers" in text
    for used in re.findall(r"(?:rpc \w+ \(|returns \((?:stream )?)(\w+)\)", text):
        assert f"message {used} {{" in text, used


def declared(*modules: ModuleType) -> bytes:
    found = FileDescriptorSet()
    for module in modules:
        module.DESCRIPTOR.CopyToProto(found.file.add())
    return found.SerializeToString()


def verdict(client: Client, descriptor_set: bytes) -> list[str]:
    request = clients_pb2.CompatibilityRequest(DescriptorSet=descriptor_set)
    return list(client.call(methods.CHECK_COMPATIBILITY, request).Incompatibilities)


def test_a_client_of_the_contract_is_compatible_and_one_of_the_other_is_told_what_it_lacks() -> None:
    with Sandbox() as sandbox:
        client = Client(sandbox.port)
        assert verdict(client, declared(*COMMANDS)) == []
        assert verdict(client, webhook_descriptor_set()) == []
        found = verdict(client, declared(sequences_classic_pb2, host_pb2))
        client.close()
    assert "Service 'Cratis.Chronicle.Contracts.EventSequences.EventSequences' is missing." in found
    assert "Method 'Cratis.Chronicle.Contracts.Host.Server/ResetKernelState' is missing." in found
