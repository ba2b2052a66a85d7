"""The contract of a release as descriptors, and messages made from them.

They are used to compare the contract of a client with the contract of a release, and to read and answer calls of
services without generated code in this project.
"""

from __future__ import annotations

from functools import cache

from google.protobuf import empty_pb2, message_factory
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message

from chronicle_notebook.contracts.wire import bcl_pb2
from chronicle_notebook.sandbox._contract import DeclaredEnum, DeclaredField, DeclaredMessage, DeclaredPackage, contract

_BCL = "protobuf-net/bcl.proto"
_EMPTY = empty_pb2.DESCRIPTOR.name


@cache
def descriptors(release: str) -> FileDescriptorSet:
    """The files of a release, each after those that it needs. Raises KeyError when its contract is not known."""
    found = FileDescriptorSet()
    bcl = found.file.add()
    bcl_pb2.DESCRIPTOR.CopyToProto(bcl)
    bcl.name = _BCL
    empty_pb2.DESCRIPTOR.CopyToProto(found.file.add())
    found.file.extend(map(_file, contract(release).packages))
    return found


@cache
def message_class(release: str, name: str) -> type[Message]:
    """The class of a message by its full name, which may begin with a point. Raises KeyError when there is none."""
    return message_factory.GetMessageClass(_pool(release).FindMessageTypeByName(name.removeprefix(".")))


@cache
def _pool(release: str) -> DescriptorPool:
    # A separate pool: the generated modules, and other packages in the process, use the same names.
    pool = DescriptorPool()
    for original in descriptors(release).file:
        file = FileDescriptorProto()
        file.CopyFrom(original)
        # Two enums of a package share names of values. A pool does not accept this, and messages do not need them.
        for enum in file.enum_type:
            for value in enum.value:
                value.name = f"{enum.name}_{value.name}"
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def _file(package: DeclaredPackage) -> FileDescriptorProto:
    file = FileDescriptorProto(
        name=f"{package.name}.proto", package=package.name, syntax="proto3", dependency=[_BCL, _EMPTY]
    )
    enums = {entry.name for entry in package.types if isinstance(entry, DeclaredEnum)}
    for entry in package.types:
        if isinstance(entry, DeclaredEnum):
            enum = file.enum_type.add(name=entry.name)
            for value, number in entry.values:
                enum.value.add(name=value, number=number)
        else:
            _add_message(file, entry, package, enums)
    for declared in package.services:
        service = file.service.add(name=declared.name)
        for method in declared.methods:
            service.method.add(
                name=method.name,
                input_type=package.full_name(method.request),
                output_type=package.full_name(method.response),
                client_streaming=method.request_streamed,
                server_streaming=method.response_streamed,
            )
    return file


def _add_message(file: FileDescriptorProto, entry: DeclaredMessage, package: DeclaredPackage, enums: set[str]) -> None:
    message = file.message_type.add(name=entry.name)
    for field in entry.fields:
        made = message.field.add(name=field.name, number=field.number)
        made.label = made.LABEL_REPEATED if field.repeated else made.LABEL_OPTIONAL
        if field.type.startswith("map<"):
            made.label = made.LABEL_REPEATED
            made.type = made.TYPE_MESSAGE
            made.type_name = f".{package.name}.{entry.name}.{_add_map(message, field, package, enums)}"
        else:
            _set_type(made, field.type, package, enums)
        if not field.packed:
            made.options.packed = False


def _add_map(message: DescriptorProto, field: DeclaredField, package: DeclaredPackage, enums: set[str]) -> str:
    nested = message.nested_type.add(name=f"{field.name}Entry")
    nested.options.map_entry = True
    kinds = field.type.removeprefix("map<").removesuffix(">").split(",")
    for number, (name, kind) in enumerate(zip(("key", "value"), kinds, strict=True), start=1):
        _set_type(nested.field.add(name=name, number=number, label=1), kind, package, enums)
    return nested.name


def _set_type(made: FieldDescriptorProto, kind: str, package: DeclaredPackage, enums: set[str]) -> None:
    full = package.full_name(kind)
    if full.startswith("."):
        made.type = made.TYPE_ENUM if kind in enums else made.TYPE_MESSAGE
        made.type_name = full
    else:
        made.type = FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")
