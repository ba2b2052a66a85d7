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

from chronicle_notebook.sandbox._contract import Contract


def _is_library(file: FileDescriptorProto) -> bool:
    """Whether a file comes with every client and server."""
    return file.package == "bcl" or file.package.startswith("google.")


def incompatibilities(descriptor_set: bytes, served: Contract) -> list[str]:
    """What a client's descriptor set declares and the contract has not, or has in another shape.

    Only what the client declares is compared; what is served beyond that is never a problem. A set that cannot be
    read is one problem.
    """
    try:
        declared = FileDescriptorSet.FromString(descriptor_set)
    except DecodeError:
        return ["The descriptor set could not be read."]
    return [problem for file in declared.file if not _is_library(file) for problem in _file(file, served)]


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


def _file(file: FileDescriptorProto, served: Contract) -> Iterator[str]:
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
