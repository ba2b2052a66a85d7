"""The contract that is served: services, and the messages and enums that they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    ServiceDescriptorProto,
)

from chronicle_notebook.contracts._method import Method


class Contract:
    """What some methods declare, by full name.

    It is made from the methods that are answered and not from proto files, so that it never tells of one that is not.
    ``optional`` is left out: it is this project's way to see what is absent, and not part of a kernel's contract.
    ``absent`` holds, by message, the numbers of fields that this contract has not; ``renamed`` names of enum values.
    """

    def __init__(
        self,
        methods: Iterable[Method[Any, Any]],
        *,
        absent: Mapping[str, frozenset[int]] | None = None,
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self.services: dict[str, ServiceDescriptorProto] = {}
        self.messages: dict[str, DescriptorProto] = {}
        self.enums: dict[str, EnumDescriptorProto] = {}
        self._absent = absent or {}
        self._renamed = renamed or {}
        for method in sorted(methods, key=lambda each: each.path):
            self._add(method)

    def _add(self, method: Method[Any, Any]) -> None:
        service = self.services.setdefault(
            method.service, ServiceDescriptorProto(name=method.service.rpartition(".")[2])
        )
        service.method.add(
            name=method.name,
            input_type=f".{method.request.DESCRIPTOR.full_name}",
            output_type=f".{method.response.DESCRIPTOR.full_name}",
            server_streaming=method.streaming,
        )
        for message in (method.request, method.response):
            self._message(message.DESCRIPTOR)

    def _message(self, descriptor: Descriptor) -> None:
        if descriptor.full_name in self.messages or descriptor.full_name.startswith("google."):
            return
        proto = DescriptorProto()
        descriptor.CopyToProto(proto)
        absent = self._absent.get(descriptor.full_name, frozenset())
        kept = [_bare(field) for field in proto.field if field.number not in absent]
        del proto.field[:], proto.oneof_decl[:]
        proto.field.extend(kept)
        self.messages[descriptor.full_name] = proto
        for field in descriptor.fields:
            if field.number not in absent:
                self._needed(field)

    def _needed(self, field: FieldDescriptor) -> None:
        if field.message_type is not None:
            self._message(field.message_type)
        if field.enum_type is not None:
            self._enum(field.enum_type)

    def _enum(self, descriptor: EnumDescriptor) -> None:
        if descriptor.full_name not in self.enums:
            proto = EnumDescriptorProto()
            descriptor.CopyToProto(proto)
            for value in proto.value:
                value.name = self._renamed.get(value.name, value.name)
            self.enums[descriptor.full_name] = proto


def _bare(field: FieldDescriptorProto) -> FieldDescriptorProto:
    if field.proto3_optional:
        field.ClearField("proto3_optional")
        field.ClearField("oneof_index")
    return field
