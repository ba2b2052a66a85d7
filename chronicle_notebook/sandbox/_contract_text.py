"""The contract of a release as the text that its kernel answers to GetDescriptorSet.

Clients refuse a kernel whose text lacks a service or a line of a method that they know (source:
C/Connections/CompatibilityValidator.cs), so the text lists all that the release declares, served here or not. The texts
of 16.33.0 and 16.37.1 are equal to those of the kernels to the last character; a test compares their hashes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from chronicle_notebook.sandbox._contract import (
    EMPTY,
    Contract,
    DeclaredEnum,
    DeclaredField,
    DeclaredMessage,
    DeclaredPackage,
    DeclaredService,
    contract,
)


@cache
def contract_text(release: str) -> str:
    """The text of a release. Raises KeyError when its contract is not known."""
    # B4 in docs/fidelity.md: the text of 16.38 is longer than its kernel's, because that text was not recorded and
    # clients do not send its remarks.
    return text_of(contract(release))


def text_of(declared: Contract) -> str:
    """Every package as a proto text, one after the other. Together they are not a valid proto file."""
    return "\n".join("".join(f"{line}\n" for line in _package(package)) for package in declared.packages)


def _package(package: DeclaredPackage) -> Iterator[str]:
    yield 'syntax = "proto3";'
    yield f"package {package.name};"
    used = set(_used(package))
    if EMPTY in used:
        yield 'import "google/protobuf/empty.proto";'
    if any(name.startswith(".bcl.") for name in used):
        yield 'import "protobuf-net/bcl.proto"; // schema for protobuf-net\'s handling of core .NET types'
    yield ""
    for entry in package.types:
        yield from _enum(entry) if isinstance(entry, DeclaredEnum) else _message(entry)
    for service in package.services:
        yield from _service(service)


def _used(package: DeclaredPackage) -> Iterator[str]:
    for entry in package.types:
        if isinstance(entry, DeclaredMessage):
            yield from (field.type for field in entry.fields)
    for service in package.services:
        for method in service.methods:
            yield from (method.request, method.response)


def _message(message: DeclaredMessage) -> Iterator[str]:
    yield f"message {message.name} {{"
    for field in message.fields:
        yield f"   {_field(field)}"
    yield "}"


def _field(field: DeclaredField) -> str:
    label = "repeated " if field.repeated else ""
    packing = "" if field.packed else " [packed = false]"
    default = f" // default value could not be applied: {field.default}" if field.default else ""
    return f"{label}{field.type} {field.name} = {field.number}{packing};{default}"


def _enum(enum: DeclaredEnum) -> Iterator[str]:
    yield f"enum {enum.name} {{"
    if enum.flags:
        yield "   // this is a composite/flags enumeration"
    for name, number in enum.values:
        made_up = name == "ZERO" and number == 0
        note = " // proto3 requires a zero value as the first item (it can be named anything)" if made_up else ""
        yield f"   {name} = {number};{note}"
    yield "}"


def _service(service: DeclaredService) -> Iterator[str]:
    yield f"service {service.name} {{"
    for method in service.methods:
        asked = "stream " if method.request_streamed else ""
        told = "stream " if method.response_streamed else ""
        yield f"   rpc {method.name} ({asked}{method.request}) returns ({told}{method.response});"
    yield "}"
