"""What the sandbox says of its contract: the text of a release, and the verdict on a client's descriptors."""

from __future__ import annotations

import hashlib
import re
import runpy
from collections.abc import Callable, Iterator
from inspect import getmembers
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts._descriptor import webhook_descriptor_set
from chronicle_notebook.contracts.classic import methods as classic_methods
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2, webhooks_pb2
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._contract import contract, release_of, releases
from chronicle_notebook.sandbox._contract_descriptors import descriptors, message_class
from chronicle_notebook.sandbox._contract_text import contract_text
from chronicle_notebook.sandbox.services._compatibility import incompatibilities
from tests.sandbox.conftest import Client

HASHES = {
    "16.33": "f1452a98bc2ec987e9daab7afbaf2b88812e10094f3bdb57e5c19f05021627e8",
    "16.37": "507861bb2fae08491e1a65418adbce3829daea99eec778310635156620d486c0",
}
"""SHA-256 of what kernels 16.33.0 and 16.37.1 answered to GetDescriptorSet: 60,593 and 66,860 characters."""
PUBLISHED = {
    "EventStores": "0820c3f9",
    "EventTypes": "a16ab424",
    "Host": "ba739f3c",
    "Namespaces": "b112c225",
    "Observation.Webhooks": "5542dc93",
}
"""How the SHA-256 of files of contract 19.29.4 begin, as Chronicle's client for Go lists them."""


@pytest.fixture(scope="module", params=["commands", "classic"])
def caller(request: pytest.FixtureRequest) -> Iterator[tuple[str, Client]]:
    with Sandbox(contract=request.param) as sandbox:
        client = Client(sandbox.port)
        yield {"commands": "19.29", "classic": "16.37"}[request.param], client
        client.close()


def test_the_text_of_a_release_is_that_of_its_kernel_to_the_last_character() -> None:
    assert {release: hashlib.sha256(contract_text(release).encode()).hexdigest() for release in HASHES} == HASHES


def test_the_text_of_16_38_is_longer_than_its_kernels_by_a_known_number() -> None:
    """The text itself was not recorded: its length and packages were noted, and the table comes from what a client
    sent, which has no remarks about default values."""
    text = contract_text("16.38")
    assert text.count('syntax = "proto3";') == 22
    assert len(text) - 77_496 == 314


def test_the_files_of_19_29_are_those_that_were_published() -> None:
    sections = contract_text("19.29").split('\nsyntax = "proto3";')
    found = {}
    for section in sections:
        name = re.search(r"^package Cratis\.Chronicle\.Contracts\.([\w.]+);", section, re.MULTILINE)
        assert name is not None
        text = section if section.startswith("syntax") else 'syntax = "proto3";' + section
        found[name[1]] = hashlib.sha256(text.encode()).hexdigest()[:8]
    assert PUBLISHED.items() <= found.items()


def test_the_sandbox_tells_the_text_of_its_release(caller: tuple[str, Client]) -> None:
    release, client = caller
    told = client.call(methods.GET_DESCRIPTOR_SET, Empty()).SchemaDefinition
    assert told == contract_text(release)


def test_a_version_has_the_contract_of_the_last_release_that_is_known_before_it() -> None:
    versions = {
        "16.33.0": "16.33",
        "16.37.1-sandbox": "16.37",
        "16.38.0": "16.38",
        "19.29.4": "19.29",
        "19.32.3": "19.29",
        "15.2.0": "16.33",
    }
    assert {version: release_of(version) for version in versions} == versions


def test_every_method_that_is_served_is_declared_and_the_others_say_that_they_are_not(
    caller: tuple[str, Client],
) -> None:
    release, client = caller
    declared = contract(release).paths
    known = {
        method.path
        for module in (methods, classic_methods)
        for _, method in getmembers(module)
        if isinstance(method, Method)
    }
    served = set()
    for path in sorted(declared.keys() | known):
        # Nothing can be read from this, so whatever is there answers with an error of its own, and at once.
        invoke: Any = client._channel.unary_stream(path)
        with pytest.raises(grpc.RpcError) as caught:
            list(invoke(b"\xff\xff", timeout=60))
        if caught.value.code() is not grpc.StatusCode.UNIMPLEMENTED:
            served.add(path)
    assert served <= declared.keys()
    assert len(served) > 30


def test_every_declared_message_can_be_made() -> None:
    for release in releases():
        for package, method in contract(release).paths.values():
            for name in (method.request, method.response):
                message = message_class(release, package.full_name(name))()
                assert message.FromString(message.SerializeToString()) == message


def test_the_table_is_what_the_texts_give() -> None:
    script = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "contract_table.py"))
    for release in HASHES:
        assert script["from_text"](release, contract_text(release)) == contract(release)
    entries = [contract(release) for release in releases()]
    assert script["table"](entries) == script["TABLE"].read_text(encoding="utf-8")


def test_a_client_of_a_release_is_compatible_with_it() -> None:
    for release, version in (("16.38", "16.38.0"), ("19.29", "19.29.4"), ("19.29", "19.32.3")):
        assert incompatibilities(descriptors(release).SerializeToString(), version) == []
        assert incompatibilities(webhook_descriptor_set(), version) == []
    assert incompatibilities(b"", "16.38.0") == []


def test_16_38_has_as_many_objections_to_the_set_of_19_29_4_as_that_kernel_has() -> None:
    newer = FileDescriptorSet(
        file=[file for file in descriptors("19.29").file if file.package not in contract("19.29").assumed]
    )
    found = incompatibilities(newer.SerializeToString(), "16.38.0")
    assert len(found) == 95
    assert found == sorted(found)
    assert {reason.split(".")[4] for reason in found} == {"Observation", "Sequences"}


def changed(change: Callable[[FileDescriptorProto], object]) -> list[str]:
    """The objections of 16.38 to its own contract of webhooks with a change."""
    (file,) = (file for file in descriptors("16.38").file if file.package.endswith(".Webhooks"))
    copy = FileDescriptorProto()
    copy.CopyFrom(file)
    change(copy)
    found = incompatibilities(FileDescriptorSet(file=[copy]).SerializeToString(), "16.38.0")
    return [reason.replace(f".{file.package}", "") for reason in found]


def field(file: FileDescriptorProto, message: str, name: str) -> Any:
    (found,) = (entry for entry in file.message_type if entry.name == message)
    return next(entry for entry in found.field if entry.name == name)


def _other_answer(file: FileDescriptorProto) -> None:
    file.service[0].method[2].output_type = ".other.Answer"


def test_each_contradiction_is_an_objection_that_names_its_place() -> None:
    assert changed(lambda file: setattr(field(file, "WebhookTarget", "Url"), "name", "Uri")) == [
        ".WebhookTarget.Uri: Field number 1 is named 'Url' in the kernel."
    ]
    assert changed(lambda file: setattr(field(file, "WebhookTarget", "Url"), "number", 9)) == [
        ".WebhookTarget.Url: The kernel has no field number 9."
    ]
    assert changed(lambda file: setattr(field(file, "WebhookTarget", "Url"), "type", 5)) == [
        ".WebhookTarget.Url: Field number 1 has the type string in the kernel, not int32."
    ]
    assert changed(lambda file: setattr(field(file, "WebhookTarget", "Url"), "label", 3)) == [
        ".WebhookTarget.Url: Field number 1 is not repeated in the kernel."
    ]
    assert changed(lambda file: file.message_type.add(name="Mine")) == [".Mine: The kernel has no such message."]
    assert changed(lambda file: file.enum_type[0].value.add(name="Mutual", number=4)) == [
        ".AuthorizationType.Mutual: The kernel has no value 4."
    ]
    assert changed(lambda file: setattr(file.enum_type[0].value[1], "name", "Basis")) == [
        ".AuthorizationType.Basis: Value 1 is named 'Basic' in the kernel."
    ]
    assert changed(lambda file: file.service.add(name="Mine")) == [".Mine: The kernel has no such service."]
    assert changed(lambda file: setattr(file.service[0].method[3], "server_streaming", False)) == [
        ".Webhooks/ObserveWebhooks: The call is server streaming in the kernel, not unary."
    ]
    signature = [reason.split(":")[0] for reason in changed(_other_answer)]
    assert signature == [".Webhooks/GetWebhooks"]
    assert changed(lambda file: file.enum_type.add(name="Mine")) == [".Mine: The kernel has no such enum."]
    assert changed(lambda file: setattr(file.service[0].method[0], "name", "Nope")) == [
        ".Webhooks/Nope: The kernel has no such method."
    ]


def test_optional_fields_are_an_objection_as_a_kernel_counts_their_oneof() -> None:
    found = FileDescriptorSet()
    webhooks_pb2.DESCRIPTOR.CopyToProto(found.file.add())
    objections = incompatibilities(found.SerializeToString(), "16.38.0")
    assert len(objections) == 5
    assert all("alone in the kernel, not in the oneof '_" in objection for objection in objections)


def test_what_a_newer_client_adds_is_no_objection_of_a_release_that_nobody_has_seen_whole() -> None:
    newer = descriptors("19.29").file[-2]
    assert newer.package.endswith(".Clients")
    file = FileDescriptorProto()
    file.CopyFrom(newer)
    file.message_type[1].field.add(name="Capabilities", number=5, type=9, label=3)
    sent = FileDescriptorSet(file=[file]).SerializeToString()
    assert len(incompatibilities(sent, "19.29.4")) == 1
    assert incompatibilities(sent, "19.32.3") == []


def test_the_call_gives_the_verdict_and_the_version() -> None:
    with Sandbox() as sandbox:
        client = Client(sandbox.port)
        wrong = clients_pb2.CompatibilityRequest(DescriptorSet=b"\xff\xff\xff")
        answer = client.call(methods.CHECK_COMPATIBILITY, wrong)
        assert list(answer.Incompatibilities) == ["The descriptor set of the client could not be read."]
        assert not answer.IsCompatible
        right = clients_pb2.CompatibilityRequest(DescriptorSet=descriptors("19.29").SerializeToString())
        answer = client.call(methods.CHECK_COMPATIBILITY, right)
        assert (answer.IsCompatible, list(answer.Incompatibilities)) == (True, [])
        assert (answer.ServerVersion, answer.ServerProtocolVersion) == (sandbox.version, "19.29.4")
        client.close()
