"""What is sent for the compatibility check is the published webhook file, nothing added and nothing left out."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from chronicle_notebook.contracts._descriptor import webhook_descriptor_set
from chronicle_notebook.contracts.wire import webhooks_pb2
from tests.contracts.facts import FACTS, differences, type_of

FACT = FACTS["commands"]["Cratis.Chronicle.Contracts.Observation.Webhooks"]


def test_it_is_one_file_and_equals_the_facts_both_ways() -> None:
    (file,) = FileDescriptorSet.FromString(webhook_descriptor_set()).file
    assert (file.name, file.syntax) == ("observation_webhooks.proto", "proto3")
    assert list(differences(file, "commands")) == []
    messages = {
        message.name: {field.name: {"number": field.number, "type": type_of(field, message)} for field in message.field}
        for message in file.message_type
    }
    assert messages == FACT["messages"]
    enums = {enum.name: {value.name: value.number for value in enum.value} for enum in file.enum_type}
    assert enums == FACT["enums"]
    services = {
        service.name: {
            method.name: {
                "request": method.input_type.lstrip("."),
                "response": method.output_type.lstrip("."),
                "server_streaming": method.server_streaming,
            }
            for method in service.method
        }
        for service in file.service
    }
    assert services == FACT["services"]


def test_it_knows_no_presence_which_the_published_file_has_not() -> None:
    (file,) = FileDescriptorSet.FromString(webhook_descriptor_set()).file
    ours = webhooks_pb2.WebhookDefinition.DESCRIPTOR.fields_by_name["IsActive"]
    assert ours.has_presence, "the messages in use have it, or this test would show nothing"
    for message in file.message_type:
        assert not message.oneof_decl
        for field in message.field:
            assert not field.proto3_optional
            assert not field.HasField("oneof_index")


def test_the_messages_in_use_keep_their_presence() -> None:
    webhook_descriptor_set()
    message = webhooks_pb2.WebhookDefinition(IsActive=False)
    assert message.HasField("IsActive")
    assert message.SerializeToString() == b"\x30\x00"
