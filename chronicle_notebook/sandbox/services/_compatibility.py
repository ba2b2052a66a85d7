"""Comparing a client's descriptors with the contract of a release."""

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

from chronicle_notebook.sandbox._contract import contract, release_of
from chronicle_notebook.sandbox._contract_descriptors import descriptors


def incompatibilities(descriptor_set: bytes, version: str) -> list[str]:
    """The reasons why a client is not compatible with a kernel of a version, by name; empty if it is.

    Only the client's declarations are compared; additional parts of the kernel are never a problem. Packages that
    nobody has seen in the release are ignored. A version between two known releases may have more than the older one,
    so only contradictions count for it, not missing parts. A set that cannot be parsed is one problem.
    """
    try:
        declared = FileDescriptorSet.FromString(descriptor_set)
    except DecodeError:
        return ["The descriptor set of the client could not be read."]
    release = release_of(version)
    known = _Known(release)
    assumed = contract(release).assumed
    problems = {
        problem
        for file in declared.file
        if file.package not in assumed and file.package != "bcl" and not file.package.startswith("google.")
        for problem in _file(file, known)
    }
    exact = version.startswith(f"{release}.")
    # K17 in docs/fidelity.md: the verdict and the place are the kernel's, and the words are not, because they are its
    # own.
    return sorted(reason for reason, missing in problems if exact or not missing)


_Problem = tuple[str, bool]
"""A reason, and whether it is a missing part."""


class _Known:
    """The declarations of a release, by full name."""

    def __init__(self, release: str) -> None:
        self.services: dict[str, ServiceDescriptorProto] = {}
        self.messages: dict[str, DescriptorProto] = {}
        self.enums: dict[str, EnumDescriptorProto] = {}
        for file in descriptors(release).file:
            self.services.update((f"{file.package}.{service.name}", service) for service in file.service)
            self.messages.update(_messages(file))
            self.enums.update(_enums(file))


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


def _file(file: FileDescriptorProto, known: _Known) -> Iterator[_Problem]:
    for service in file.service:
        name = f"{file.package}.{service.name}"
        if name not in known.services:
            yield f".{name}: The kernel has no such service.", True
        else:
            yield from _service(name, service, known.services[name])
    for name, message in _messages(file):
        if name not in known.messages:
            yield f".{name}: The kernel has no such message.", True
        else:
            yield from _message(name, message, known.messages[name])
    for name, enum in _enums(file):
        if name not in known.enums:
            yield f".{name}: The kernel has no such enum.", True
        else:
            yield from _enum(name, enum, known.enums[name])


def _service(name: str, declared: ServiceDescriptorProto, known: ServiceDescriptorProto) -> Iterator[_Problem]:
    methods = {method.name: method for method in known.method}
    for method in declared.method:
        found = methods.get(method.name)
        where = f".{name}/{method.name}"
        if found is None:
            yield f"{where}: The kernel has no such method.", True
            continue
        here, there = (f"({each.input_type}) returns ({each.output_type})" for each in (method, found))
        if here != there:
            yield f"{where}: The signature is {there} in the kernel, not {here}.", False
        if _shape(method.client_streaming, method.server_streaming) != _shape(
            found.client_streaming, found.server_streaming
        ):
            here, there = (_shape(each.client_streaming, each.server_streaming) for each in (method, found))
            yield f"{where}: The call is {there} in the kernel, not {here}.", False


def _shape(asked: bool, told: bool) -> str:  # noqa: FBT001 - of a descriptor
    return {
        (False, False): "unary",
        (False, True): "server streaming",
        (True, False): "client streaming",
        (True, True): "bidirectional streaming",
    }[asked, told]


def _message(name: str, declared: DescriptorProto, known: DescriptorProto) -> Iterator[_Problem]:
    fields = {field.number: field for field in known.field}
    for field in declared.field:
        found = fields.get(field.number)
        if found is None:
            yield f".{name}.{field.name}: The kernel has no field number {field.number}.", True
            continue
        where = f".{name}.{field.name}: Field number {field.number}"
        if found.name != field.name:
            yield f"{where} is named '{found.name}' in the kernel.", False
        if (field.type, field.type_name) != (found.type, found.type_name):
            yield f"{where} has the type {_type(found)} in the kernel, not {_type(field)}.", False
        if (field.label == field.LABEL_REPEATED) != (found.label == found.LABEL_REPEATED):
            there = "repeated" if found.label == found.LABEL_REPEATED else "not repeated"
            yield f"{where} is {there} in the kernel.", False
        if _oneof(field, declared) != _oneof(found, known):
            there, here = (_oneof(found, known), _oneof(field, declared))
            yield f"{where} stands {there} in the kernel, not {here}.", False


def _type(field: FieldDescriptorProto) -> str:
    return field.type_name or FieldDescriptorProto.Type.Name(field.type)[5:].lower()


def _oneof(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    # `optional` makes a oneof with one field. This changes nothing on the wire, but a kernel counts it too.
    return f"in the oneof '{message.oneof_decl[field.oneof_index].name}'" if field.HasField("oneof_index") else "alone"


def _enum(name: str, declared: EnumDescriptorProto, known: EnumDescriptorProto) -> Iterator[_Problem]:
    values = {value.number: value.name for value in known.value}
    for value in declared.value:
        where = f".{name}.{value.name}"
        if value.number not in values:
            yield f"{where}: The kernel has no value {value.number}.", True
        elif values[value.number] != value.name:
            yield f"{where}: Value {value.number} is named '{values[value.number]}' in the kernel.", False
