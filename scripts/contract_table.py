#!/usr/bin/env python3
"""Add the contract of a release to the table that the sandbox reads, or replace it there.

    python scripts/contract_table.py RELEASE FILE [CHANGE ...]

FILE is either the text that a kernel answers to GetDescriptorSet, or a serialized FileDescriptorSet, as clients of the
commands generation send it (its name ends in ``.binpb``). A set tells neither the defaults and packing that a text
mentions nor the order of the packages: these are taken from the release before it. A package that a set lacks is taken
from there too, and noted as assumed. A CHANGE is the name of a field that has no default any more, or the name of a
package that is gone with a minus before it, for example ``-SequenceQueries``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

from chronicle_notebook.sandbox._contract import (
    EMPTY,
    ROOT,
    Contract,
    DeclaredEnum,
    DeclaredField,
    DeclaredMessage,
    DeclaredMethod,
    DeclaredPackage,
    DeclaredService,
    read_table,
)

TABLE = Path(__file__).parent.parent / "chronicle_notebook" / "sandbox" / "contracts.txt"
ZERO_GUID = "00000000-0000-0000-0000-000000000000"
HEAD = """\
# The wire contracts of kernel releases: a line for each declaration, which begins with the letters of the releases
# that have it. `release LETTER NAME PACKAGE ...` names them, and the packages that were taken over from the release
# before, as nobody has seen those of this one. Read by _contract.py, written by scripts/contract_table.py.
#   message NAME: FIELD [NUMBER] TYPE [= DEFAULT]; ...    the number is left out when it is one more than the last
#   enum | flags NAME: VALUE NUMBER; ...
#   service NAME: METHOD REQUEST RESPONSE; ...
# `*` before a type means repeated, or a stream; `!` after it means not packed; `-` is google.protobuf.Empty, `guid` is
# bcl.Guid, and its default 0 is the zero GUID.
"""


def from_text(release: str, text: str) -> Contract:
    """The contract in a kernel's text."""
    packages: list[DeclaredPackage] = []
    for section in text.split('syntax = "proto3";\n')[1:]:
        types: list[DeclaredMessage | DeclaredEnum] = []
        services: list[DeclaredService] = []
        for kind, name, body in re.findall(
            r"^(message|enum|service) (\w+) \{\n(.*?)^\}", section, re.MULTILINE | re.DOTALL
        ):
            lines = [line.strip() for line in body.splitlines()]
            if kind == "message":
                types.append(DeclaredMessage(name, tuple(map(_text_field, lines))))
            elif kind == "enum":
                values = [re.match(r"(\w+) = (-?\d+);", line) for line in lines]
                found = tuple((value[1], int(value[2])) for value in values if value)
                types.append(DeclaredEnum(name, found, flags=lines[0].startswith("//")))
            else:
                services.append(DeclaredService(name, tuple(map(_text_method, lines))))
        name = _match(r"package ([\w.]+);", section.splitlines()[0])[1]
        packages.append(DeclaredPackage(name, tuple(types), tuple(services)))
    return Contract(release, tuple(packages))


def _match(pattern: str, line: str) -> re.Match[str]:
    found = re.fullmatch(pattern, line)
    if found is None:
        sys.exit(f"This line is not understood: {line}")
    return found


def _text_field(line: str) -> DeclaredField:
    found = _match(r"(repeated )?(\S+) (\w+) = (\d+)( \[packed = false\])?;(?: // default .*?: (.*))?", line)
    return DeclaredField(
        found[3], int(found[4]), found[2], repeated=bool(found[1]), packed=not found[5], default=found[6] or ""
    )


def _text_method(line: str) -> DeclaredMethod:
    found = _match(r"rpc (\w+) \((stream )?([\w.]+)\) returns \((stream )?([\w.]+)\);", line)
    return DeclaredMethod(found[1], found[3], found[5], bool(found[2]), bool(found[4]))


def from_set(release: str, descriptors: FileDescriptorSet, before: Contract, changes: Sequence[str]) -> Contract:
    """The contract in a client's descriptor set, with what a set does not tell from the release before it.

    ``changes`` are names of fields without a default, and of packages that are gone, with a minus before them.
    """
    declared = {file.package: _set_package(file) for file in descriptors.file if file.package.startswith(ROOT)}
    seen = {
        (message.name, field.name, field.type): field
        for package in before.packages
        for message in package.types
        if isinstance(message, DeclaredMessage)
        for field in message.fields
        if field.name not in changes
    }
    order = [package.name for package in before.packages if f"-{package.name.removeprefix(f'{ROOT}.')}" not in changes]
    # The kernel's order is that of names backwards but for packages inside others, so a new one goes before the first
    # that is smaller.
    for name in declared:
        if name not in order:
            later = [place for place, other in enumerate(order) if other < name]
            order.insert(later[0] if later else len(order), name)
    older = {package.name: package for package in before.packages}
    return Contract(
        release,
        tuple(_completed(declared[name], seen) if name in declared else older[name] for name in order),
        frozenset(order) - declared.keys(),
    )


def _set_package(file: FileDescriptorProto) -> DeclaredPackage:
    def short(name: str) -> str:
        return name if name.startswith(".bcl.") or name == EMPTY else name.removeprefix(f".{file.package}.")

    def kind(field: FieldDescriptorProto, message: DescriptorProto) -> str:
        for nested in message.nested_type:
            if field.type_name.endswith(f".{message.name}.{nested.name}"):
                return f"map<{kind(nested.field[0], nested)},{kind(nested.field[1], nested)}>"
        return short(field.type_name) or FieldDescriptorProto.Type.Name(field.type)[5:].lower()

    def fields(message: DescriptorProto) -> Iterator[DeclaredField]:
        for field in message.field:
            type_ = kind(field, message)
            repeated = field.label == field.LABEL_REPEATED and not type_.startswith("map<")
            yield DeclaredField(field.name, field.number, type_, repeated=repeated)

    types: list[DeclaredMessage | DeclaredEnum] = [
        DeclaredMessage(message.name, tuple(fields(message))) for message in file.message_type
    ]
    types += [
        DeclaredEnum(enum.name, tuple((value.name, value.number) for value in enum.value)) for enum in file.enum_type
    ]
    services = [
        DeclaredService(
            service.name,
            tuple(
                DeclaredMethod(
                    method.name,
                    short(method.input_type),
                    short(method.output_type),
                    method.client_streaming,
                    method.server_streaming,
                )
                for method in service.method
            ),
        )
        for service in file.service
    ]
    return DeclaredPackage(file.package, tuple(sorted(types, key=lambda each: each.name)), tuple(services))


def _completed(package: DeclaredPackage, known: dict[tuple[str, str, str], DeclaredField]) -> DeclaredPackage:
    def filled(entry: DeclaredMessage | DeclaredEnum) -> DeclaredMessage | DeclaredEnum:
        if isinstance(entry, DeclaredEnum):
            return replace(entry, flags=entry.name == "EventObservationState")
        return replace(entry, fields=tuple(of(entry.name, field) for field in entry.fields))

    def of(message: str, field: DeclaredField) -> DeclaredField:
        envelope = "CommandResult" if message.startswith(("CommandResult", "QueryResult")) else message
        same = known.get((envelope, field.name, field.type), field)
        return replace(field, default=same.default, packed=same.packed)

    return replace(package, types=tuple(map(filled, package.types)))


def table(contracts: Iterable[Contract]) -> str:
    """The table with some contracts."""
    entries = list(contracts)
    letters = dict(zip((entry.release for entry in entries), "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=False))
    lines = [" ".join(["release", letters[entry.release], entry.release, *_assumed(entry)]) for entry in entries]
    for name in _merged([[package.name for package in entry.packages] for entry in entries]):
        having = {
            letters[entry.release]: package for entry in entries for package in entry.packages if package.name == name
        }
        lines += ["", f"{''.join(having)} package {name.removeprefix(ROOT).removeprefix('.')}".rstrip()]
        declared: dict[tuple[str, str], str] = {}
        for letter, package in having.items():
            for entry in (*package.types, *package.services):
                line = _line(entry)
                declared[entry.name, line] = declared.get((entry.name, line), "") + letter
        lines += [f"{found} {line}" for (_, line), found in sorted(declared.items(), key=_place)]
    return HEAD + "\n".join(lines) + "\n"


def _assumed(declared: Contract) -> list[str]:
    return sorted(name.removeprefix(f"{ROOT}.") for name in declared.assumed)


def _place(entry: tuple[tuple[str, str], str]) -> tuple[bool, str, str]:
    (name, line), _ = entry
    return line.startswith("service "), name, line


def _merged(orders: list[list[str]]) -> list[str]:
    """The names of several lists in an order that all of them have."""
    merged: list[str] = []
    for order in orders:
        place = 0
        for name in order:
            if name in merged:
                place = merged.index(name) + 1
            else:
                merged.insert(place, name)
                place += 1
    return merged


def _line(entry: DeclaredMessage | DeclaredEnum | DeclaredService) -> str:
    if isinstance(entry, DeclaredService):
        methods = (
            f"{method.name} {'*' * method.request_streamed}{_abbreviated(method.request)} "
            f"{'*' * method.response_streamed}{_abbreviated(method.response)}"
            for method in entry.methods
        )
        return f"service {entry.name}: {'; '.join(methods)}"
    if isinstance(entry, DeclaredEnum):
        values = "; ".join(f"{name} {number}" for name, number in entry.values)
        return f"{'flags' if entry.flags else 'enum'} {entry.name}: {values}"
    parts = []
    last = 0
    for field in entry.fields:
        number = "" if field.number == last + 1 else f" {field.number}"
        last = field.number
        kind = f"{'*' * field.repeated}{_abbreviated(field.type)}{'' if field.packed else '!'}"
        default = "" if not field.default else f" = {'0' if field.default == ZERO_GUID else field.default}"
        parts.append(f"{field.name}{number} {kind}{default}")
    return f"message {entry.name}: {'; '.join(parts)}".rstrip()


def _abbreviated(kind: str) -> str:
    return {EMPTY: "-", ".bcl.Guid": "guid"}.get(kind, kind)


def main(release: str, source: str, *changes: str) -> int:
    """Rewrite the table."""
    known = {entry.release: entry for entry in read_table(TABLE.read_text())} if TABLE.exists() else {}
    data = Path(source).read_bytes()
    if source.endswith(".binpb"):
        names = list(known)
        before = names[names.index(release) - 1] if release in known else names[-1]
        known[release] = from_set(release, FileDescriptorSet.FromString(data), known[before], changes)
    else:
        known[release] = from_text(release, data.decode())
    TABLE.write_text(table(known.values()))
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
