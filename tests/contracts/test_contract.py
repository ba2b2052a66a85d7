"""The compiled contract agrees with the facts, and the generated modules with the proto files."""

from __future__ import annotations

import importlib
import subprocess
import sys
from inspect import getmembers
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods as commands
from chronicle_notebook.contracts.commands._answer import WebhookAnswer
from chronicle_notebook.contracts.wire import webhook_rows_pb2, webhooks_pb2
from tests.contracts.facts import FACTS, differences

ROOT = Path(__file__).parents[2]
WIRE = ROOT / "chronicle_notebook" / "contracts" / "wire"
PREFIX = "/Cratis.Chronicle.Contracts."
OWN = "webhook_rows"
"""A reading of our own, which has its own test below."""

PROTOS = sorted(path.stem for path in WIRE.glob("*.proto") if path.stem != OWN)
TABLES = {"commands": commands, "classic": classic}
METHODS = [
    (generation, name, value)
    for generation, table in TABLES.items()
    for name, value in getmembers(table)
    if isinstance(value, Method)
]


def described(module: Any) -> FileDescriptorProto:
    proto = FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(proto)
    return proto


@pytest.mark.parametrize("proto", PROTOS)
def test_every_declared_message_enum_and_method_is_in_the_contract(proto: str) -> None:
    """What carries the name of the classic generation is checked against that one alone, the rest against both."""
    module = importlib.import_module(f"chronicle_notebook.contracts.wire.{proto}_pb2")
    file = described(module)
    if proto.endswith("_classic"):
        assert list(differences(file, "classic")) == []
    else:
        assert list(differences(file, "commands")) == []
        assert list(differences(file, "classic", "commands")) == []


def test_a_wrong_number_would_be_found() -> None:
    proto = described(webhooks_pb2)
    proto.message_type[0].field[0].number = 77
    proto.service[0].method[0].server_streaming = True
    assert len(list(differences(proto, "commands"))) == 2
    assert len(list(differences(proto, "classic", "commands"))) == 2
    target = next(message for message in proto.message_type if message.name == "WebhookTarget")
    target.field[0].number = 9
    assert len(list(differences(proto, "classic", "commands"))) == 3


@pytest.mark.parametrize(
    ("generation", "name", "method"), METHODS, ids=lambda value: str(value) if isinstance(value, str) else ""
)
def test_every_method_has_the_path_messages_and_streaming_of_its_generation(
    generation: str, name: str, method: Method[Any, Any]
) -> None:
    package, _, service = method.service.rpartition(".")
    fact = FACTS[generation][package]["services"][service][method.name]
    assert method.request.DESCRIPTOR.full_name == fact["request"]
    assert method.streaming == fact["server_streaming"]
    if method.response is not WebhookAnswer:
        assert method.response.DESCRIPTOR.full_name == fact["response"]


def test_the_paths_that_both_generations_have_and_answer_differently_are_the_known_ones() -> None:
    """Reading these needs the generation first; every other path tells it by itself."""
    by_path: dict[str, set[Any]] = {}
    for _, _, method in METHODS:
        if method.response is not WebhookAnswer:
            by_path.setdefault(method.path.removeprefix(PREFIX), set()).add(method.response)
    assert {path for path, answers in by_path.items() if len(answers) > 1} == {
        "Observation.Webhooks.Webhooks/GetWebhooks",
        "Observation.Webhooks.Webhooks/ObserveWebhooks",
        "EventStores.EventStores/AllEventStores",
        "Namespaces.Namespaces/AllNamespaces",
        "Observation.Observers/RetryPartition",
    }


def test_the_rows_read_the_same_numbers_and_wire_types_as_the_details() -> None:
    from google.protobuf.descriptor import FieldDescriptor as F

    wire_types = {F.TYPE_STRING: 2, F.TYPE_BYTES: 2, F.TYPE_MESSAGE: 2, F.TYPE_BOOL: 0, F.TYPE_INT32: 0, F.TYPE_ENUM: 0}
    pairs: list[tuple[Any, Any]] = [
        (webhook_rows_pb2.WebhookRows, webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse),
        (webhook_rows_pb2.WebhookTable, webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse),
        (webhook_rows_pb2.WebhookRow, webhooks_pb2.WebhookDetailsResponse),
    ]
    for own, theirs in pairs:
        for field in own.DESCRIPTOR.fields:
            other = theirs.DESCRIPTOR.fields_by_name[field.name]
            assert (field.number, field.is_repeated) == (other.number, other.is_repeated)
            assert wire_types[field.type] == wire_types[other.type]
    columns = webhook_rows_pb2.WebhookTexts.DESCRIPTOR.fields_by_name["Data"]
    assert columns.number == webhook_rows_pb2.WebhookTable.DESCRIPTOR.fields_by_name["Data"].number
    for field in webhook_rows_pb2.WebhookTextColumns.DESCRIPTOR.fields:
        other = webhooks_pb2.WebhookDetailsResponse.DESCRIPTOR.fields_by_name[field.name]
        assert (field.number, field.type) == (other.number, other.type)


def test_the_generated_modules_are_what_the_proto_files_give() -> None:
    result = subprocess.run(
        [sys.executable, "scripts/generate_contracts.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_messages_live_in_a_pool_of_their_own() -> None:
    from google.protobuf import descriptor_pool

    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("Cratis.Chronicle.Contracts.Observation.Webhooks.WebhookTarget")


def test_both_generations_can_share_one_pool_as_no_field_of_a_shared_message_clashes() -> None:
    """The decision behind the one pool: shared messages are unions, and only method answers differ.

    Jobs is the exception, and there the two types have the same single field.
    """
    classic, commands = FACTS["classic"], FACTS["commands"]
    clashes = [
        f"{package}.{message}.{field}"
        for package in classic.keys() & commands.keys()
        for message in classic[package]["messages"].keys() & commands[package]["messages"].keys()
        for field, fact in classic[package]["messages"][message].items()
        if commands[package]["messages"][message].get(field, fact) != fact
    ]
    assert clashes == ["Cratis.Chronicle.Contracts.Jobs.JobSummaryResponse.Created"]
