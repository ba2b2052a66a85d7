"""A contract as the text that a kernel tells."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    ServiceDescriptorProto,
)

from chronicle_notebook.sandbox._contract import Contract

_SCALARS = {
    FieldDescriptorProto.Type.Value(f"TYPE_{name.upper()}"): name
    for name in ("bool", "bytes", "double", "fixed32", "fixed64", "float", "int32", "int64", "sfixed32", "sfixed64",
                 "sint32", "sint64", "string", "uint32", "uint64")
}  # fmt: skip


def contract_text(contract: Contract) -> str:
    """Every package as a proto text, one after the other, which together are no proto file.

    The lines of methods are what clients compare, character by character: a type of the same package goes by its short
    name, unless a method of the service has that name (source: K/Protobuf/*.proto,
    C/Connections/CompatibilityValidator.cs).
    """
    packages = sorted({name.rpartition(".")[0] for name in contract.services})
    return "\n".join(line for package in packages for line in _package(package, contract))


def _package(package: str, contract: Contract) -> Iterator[str]:
    prefix = f"{package}."
    services = [value for name, value in contract.services.items() if name.rpartition(".")[0] == package]
    messages = {name: value for name, value in contract.messages.items() if name.startswith(prefix)}
    yield 'syntax = "proto3";'
    yield f"package {package};"
    used = {method.input_type for service in services for method in service.method}
    used |= {method.output_type for service in services for method in service.method}
    used |= {field.type_name for message in messages.values() for field in message.field}
    if any(name.startswith(".google.protobuf.Empty") for name in used):
        yield 'import "google/protobuf/empty.proto";'
    if any(name.startswith(".bcl.") for name in used):
        yield 'import "protobuf-net/bcl.proto"; // schema for protobuf-net\'s handling of core .NET types'
    yield ""
    # Entries of maps are nested in their message, and written as a map.
    tops = {name: value for name, value in messages.items() if name.removeprefix(prefix) == value.name}
    enums = {name: value for name, value in contract.enums.items() if name.startswith(prefix)}
    for name in sorted({*tops, *enums}):
        yield from _enum(enums[name]) if name in enums else _message(tops[name], package)
    for service in sorted(services, key=lambda each: each.name):
        yield from _service(service, package)


def _message(message: DescriptorProto, package: str) -> Iterator[str]:
    yield f"message {message.name} {{"
    entries = {entry.name: entry for entry in message.nested_type}
    for field in message.field:
        yield f"   {_kind(field, entries, package)} {field.name} = {field.number}{_packing(field)};"
    yield "}"


def _kind(field: FieldDescriptorProto, entries: dict[str, DescriptorProto], package: str) -> str:
    entry = entries.get(field.type_name.rpartition(".")[2]) if field.type_name else None
    if entry is not None:
        key, value = (_type(part, package) for part in entry.field)
        return f"map<{key},{value}>"
    repeated = "repeated " if field.label == FieldDescriptorProto.LABEL_REPEATED else ""
    return repeated + _type(field, package)


def _packing(field: FieldDescriptorProto) -> str:
    return " [packed = false]" if field.options.HasField("packed") and not field.options.packed else ""


def _type(field: FieldDescriptorProto, package: str) -> str:
    return _SCALARS.get(field.type) or _short(field.type_name, package, frozenset())


def _short(name: str, package: str, taken: frozenset[str]) -> str:
    short = name.removeprefix(f".{package}.")
    return name if "." in short or short in taken else short


def _enum(enum: EnumDescriptorProto) -> Iterator[str]:
    yield f"enum {enum.name} {{"
    for value in enum.value:
        yield f"   {value.name} = {value.number};"
    yield "}"


def _service(service: ServiceDescriptorProto, package: str) -> Iterator[str]:
    taken = frozenset(method.name for method in service.method)
    yield f"service {service.name} {{"
    for method in service.method:
        answer = _short(method.output_type, package, taken)
        stream = "stream " if method.server_streaming else ""
        yield f"   rpc {method.name} ({_short(method.input_type, package, taken)}) returns ({stream}{answer});"
    yield "}"
