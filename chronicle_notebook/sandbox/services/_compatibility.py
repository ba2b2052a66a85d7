"""Comparing a client's descriptors with what is served."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from google.protobuf.message import DecodeError

from chronicle_notebook.contracts.wire import (
    bcl_pb2,
    clients_pb2,
    event_stores_pb2,
    event_types_pb2,
    host_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_pb2,
    webhooks_pb2,
)

_MODULES = (
    bcl_pb2,
    clients_pb2,
    event_stores_pb2,
    event_types_pb2,
    host_pb2,
    namespaces_pb2,
    observation_pb2,
    sequences_pb2,
    webhooks_pb2,
)


def incompatibilities(descriptor_set: bytes) -> list[str]:
    """What a client's descriptor set declares and the sandbox has not, or has in another shape.

    Only what the client declares is compared; what is served beyond that is never a problem. A set that cannot be
    read is one problem. Packages of Google are taken as given.
    """
    try:
        declared = FileDescriptorSet.FromString(descriptor_set)
    except DecodeError:
        return ["The descriptor set could not be read."]
    served = _Contract(_served())
    return [
        problem for file in declared.file if not file.package.startswith("google.") for problem in _file(file, served)
    ]


class _Contract:
    """What a set of files declares, by full name."""

    def __init__(self, files: list[FileDescriptorProto]) -> None:
        self.services: dict[str, ServiceDescriptorProto] = {}
        self.messages: dict[str, DescriptorProto] = {}
        self.enums: dict[str, EnumDescriptorProto] = {}
        for file in files:
            self.services.update({f"{file.package}.{entry.name}": entry for entry in file.service})
            self.messages.update(_messages(file))
            self.enums.update(_enums(file))


def _served() -> list[FileDescriptorProto]:
    files = []
    for module in _MODULES:
        file = FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        files.append(file)
    return files


def _messages(file: FileDescriptorProto) -> Iterator[tuple[str, DescriptorProto]]:
    for message in file.message_type:
        yield f"{file.package}.{message.name}", message
        for nested in message.nested_type:
            yield f"{file.package}.{message.name}.{nested.name}", nested


def _enums(file: FileDescriptorProto) -> Iterator[tuple[str, EnumDescriptorProto]]:
    for enum in file.enum_type:
        yield f"{file.package}.{enum.name}", enum
    for message in file.message_type:
        for enum in message.enum_type:
            yield f"{file.package}.{message.name}.{enum.name}", enum


def _file(file: FileDescriptorProto, served: _Contract) -> Iterator[str]:
    for service in file.service:
        name = f"{file.package}.{service.name}"
        if name not in served.services:
            yield f"Service '{name}' is missing."
        else:
            yield from _service(name, service, served.services[name])
    for name, message in _messages(file):
        if name not in served.messages:
            yield f"Message '{name}' is missing."
        else:
            yield from _message(name, message, served.messages[name])
    for name, enum in _enums(file):
        if name not in served.enums:
            yield f"Enum '{name}' is missing."
        else:
            yield from _enum(name, enum, served.enums[name])


def _service(name: str, declared: ServiceDescriptorProto, served: ServiceDescriptorProto) -> Iterator[str]:
    known = {method.name: method for method in served.method}
    for method in declared.method:
        found = known.get(method.name)
        if found is None:
            yield f"Method '{name}/{method.name}' is missing."
        elif (method.input_type, method.output_type) != (found.input_type, found.output_type):
            yield f"Method '{name}/{method.name}' has other messages."
        elif (method.client_streaming, method.server_streaming) != (found.client_streaming, found.server_streaming):
            yield f"Method '{name}/{method.name}' differs in streaming."


def _message(name: str, declared: DescriptorProto, served: DescriptorProto) -> Iterator[str]:
    known = {field.number: field for field in served.field}
    for field in declared.field:
        found = known.get(field.number)
        if found is None or found.name != field.name:
            yield f"Field '{name}.{field.name}' ({field.number}) is missing."
        elif (field.type, field.type_name, field.label) != (found.type, found.type_name, found.label):
            yield f"Field '{name}.{field.name}' ({field.number}) has another type."
        elif _in_oneof(field) != _in_oneof(found):
            yield f"Field '{name}.{field.name}' ({field.number}) differs in its oneof."


def _in_oneof(field: FieldDescriptorProto) -> bool:
    # `optional` makes a oneof of one field, which changes nothing on the wire.
    return field.HasField("oneof_index") and not field.proto3_optional


def _enum(name: str, declared: EnumDescriptorProto, served: EnumDescriptorProto) -> Iterator[str]:
    known = {value.number: value.name for value in served.value}
    for value in declared.value:
        if known.get(value.number) != value.name:
            yield f"Enum value '{name}.{value.name}' ({value.number}) is missing."
