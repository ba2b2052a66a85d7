"""Compares compiled descriptors and method tables with ``contract.json``, the facts of the wire contract.

The facts were gathered from Chronicle's published contracts at 16.37.1 (`classic`) and 19.29.4 (`commands`). Declaring
less than the contract is fine; whatever is declared must be there with the same number, type and streaming. Presence
(`optional`) is accepted on any field, as it adds nothing to the wire.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

FACTS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "contract.json").read_text())

_TYPES = {number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()}


def type_of(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    """The type of a field as the facts write it."""
    maps = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
    entry = maps.get(field.type_name.rpartition(".")[2])
    if entry is not None:
        parts = {part.name: _TYPES[part.type] for part in entry.field}
        return f"map<{parts['key']},{parts['value']}>"
    name = field.type_name.lstrip(".") or _TYPES[field.type]
    return f"repeated {name}" if field.label == FieldDescriptorProto.LABEL_REPEATED else name


def differences(file: FileDescriptorProto, generation: str) -> Iterator[str]:
    """Everything that a file declares and the facts do not have in this way."""
    package = FACTS[generation].get(file.package)
    if package is None:
        yield f"{file.package}: no such package"
        return
    yield from _messages(file, package)
    yield from _enums(file, package)
    yield from _services(file, package)


def _messages(file: FileDescriptorProto, package: dict[str, Any]) -> Iterator[str]:
    for message in file.message_type:
        known = package["messages"].get(message.name)
        if known is None:
            yield f"{file.package}.{message.name}: no such message"
            continue
        for field in message.field:
            fact = known.get(field.name, {})
            if (fact.get("number"), fact.get("type")) != (field.number, type_of(field, message)):
                yield f"{file.package}.{message.name}.{field.name}: declared {field.number}, fact {fact or 'none'}"


def _enums(file: FileDescriptorProto, package: dict[str, Any]) -> Iterator[str]:
    for enum in file.enum_type:
        known = package["enums"].get(enum.name, {})
        for value in enum.value:
            if known.get(value.name) != value.number:
                yield f"{file.package}.{enum.name}.{value.name} = {value.number}: fact {known.get(value.name)}"


def _services(file: FileDescriptorProto, package: dict[str, Any]) -> Iterator[str]:
    for service in file.service:
        known = package["services"].get(service.name, {})
        for method in service.method:
            here = {
                "request": method.input_type.lstrip("."),
                "response": method.output_type.lstrip("."),
                "server_streaming": method.server_streaming,
            }
            if known.get(method.name) != here:
                yield f"{file.package}.{service.name}/{method.name}: declared {here}, fact {known.get(method.name)}"
