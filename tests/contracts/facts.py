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


def differences(file: FileDescriptorProto, *generations: str) -> Iterator[str]:
    """Everything that a file declares, and that the facts do not have in this way.

    With both generations, what is declared must be in one of them, and must not be in the other in another way. The
    methods are the exception: the generations have other methods under one path, so a method is in one of them.
    """
    packages = [FACTS[generation][file.package] for generation in generations if file.package in FACTS[generation]]
    if not packages:
        yield f"{file.package}: no such package"
        return
    yield from _messages(file, packages)
    yield from _enums(file, packages)
    yield from _services(file, packages)


def _messages(file: FileDescriptorProto, packages: list[dict[str, Any]]) -> Iterator[str]:
    for message in file.message_type:
        known = [package["messages"][message.name] for package in packages if message.name in package["messages"]]
        if not known:
            yield f"{file.package}.{message.name}: no such message"
            continue
        for field in message.field:
            facts = [
                (fields[field.name]["number"], fields[field.name]["type"]) for fields in known if field.name in fields
            ]
            here = (field.number, type_of(field, message))
            if not facts or any(fact != here for fact in facts):
                yield f"{file.package}.{message.name}.{field.name}: declared {here}, facts {facts or 'none'}"


def _enums(file: FileDescriptorProto, packages: list[dict[str, Any]]) -> Iterator[str]:
    for enum in file.enum_type:
        known = [package["enums"][enum.name] for package in packages if enum.name in package["enums"]]
        for value in enum.value:
            facts = {values[value.name] for values in known if value.name in values}
            if facts != {value.number}:
                yield f"{file.package}.{enum.name}.{value.name} = {value.number}: facts {facts or 'none'}"


def _services(file: FileDescriptorProto, packages: list[dict[str, Any]]) -> Iterator[str]:
    for service in file.service:
        for method in service.method:
            facts = [package["services"].get(service.name, {}).get(method.name) for package in packages]
            here = {
                "request": method.input_type.lstrip("."),
                "response": method.output_type.lstrip("."),
                "server_streaming": method.server_streaming,
            }
            if here not in facts:
                yield f"{file.package}.{service.name}/{method.name}: declared {here}, facts {facts}"
