"""The recordings are whole, and hold nothing that does not belong into the project."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2, webhooks_classic_pb2, webhooks_pb2
from tests.recorded import evening
from tests.recorded.recording import FOLDER, Call, lines, names, pack, recording

CLIENTS = FOLDER / "clients"


@pytest.mark.parametrize("name", names())
def test_each_call_of_a_known_method_can_be_read_and_written_back(name: str) -> None:
    told = recording(name)
    known = evening.methods_of(told.generation)
    read = 0
    for call in told.calls:
        if (method := known.get(call.path)) is None or call.response is None:
            continue
        answer = method.response.FromString(call.response)
        assert answer.SerializeToString(deterministic=True) or not call.response
        read += 1
    assert read > 50


@pytest.mark.parametrize("name", names())
def test_a_recording_says_which_kernel_it_is_of(name: str) -> None:
    told = recording(name)
    release = told.version.split(".")
    assert len(release) == 3
    assert name.startswith(".".join(release[:2]))
    assert (told.generation == "commands") == (int(release[1]) >= 38)
    assert told.steps
    assert told.receiver.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("folder", [FOLDER, CLIENTS], ids=["kernels", "clients"])
def test_no_text_and_no_set_of_a_contract_is_kept(folder: Path) -> None:
    for name in names(folder):
        for line in lines(name, folder):
            for part in ("request", "response", "message"):
                data = base64.b64decode(line.get(part) or "")
                assert b"syntax = " not in data
                assert b"google/protobuf/descriptor" not in data
                assert b"protobuf-net/bcl.proto" not in data


def test_packing_keeps_everything_but_the_contract(tmp_path: Path) -> None:
    text = clients_pb2.DescriptorSetResponse(SchemaDefinition="the text")
    request = clients_pb2.CompatibilityRequest(ClientType="Python", DescriptorSet=b"the set")
    hooks = webhooks_classic_pb2.IEnumerable_WebhookDefinition(
        items=[webhooks_pb2.WebhookDefinition(Identifier="hook-1")]
    )

    def call(path: str, request: bytes, response: bytes) -> str:
        coded = {"request": base64.b64encode(request).decode(), "response": base64.b64encode(response).decode()}
        return json.dumps({"at": 1, "call": path, "ms": 2.5, **coded})

    plain = tmp_path / "16.99.0-sqlite.jsonl"
    plain.write_text(
        "\n".join(
            [
                json.dumps({"at": 0, "step": "one"}),
                call(methods.GET_DESCRIPTOR_SET.path, b"", text.SerializeToString()),
                call(methods.CHECK_COMPATIBILITY.path, request.SerializeToString(), b""),
                call(classic.GET_WEBHOOKS.path, b"", hooks.SerializeToString()),
            ]
        )
    )
    folder = tmp_path / "packed"
    folder.mkdir()
    pack(plain, folder)
    assert names(folder) == ["16.99.0-sqlite"]
    (step,) = recording("16.99.0-sqlite", folder).steps
    assert step.name == "one"
    assert step.entries == (
        Call(methods.GET_DESCRIPTOR_SET.path, b"", None, milliseconds=2.5),
        Call(
            methods.CHECK_COMPATIBILITY.path,
            clients_pb2.CompatibilityRequest(ClientType="Python").SerializeToString(),
            b"",
            milliseconds=2.5,
        ),
        Call(classic.GET_WEBHOOKS.path, b"", hooks.SerializeToString(), milliseconds=2.5),
    )
    # One that was only put there is read in the same way.
    assert recording("16.99.0-sqlite", tmp_path).steps == (step,)


def test_evening_out_leaves_what_is_meant() -> None:
    one = evening.text(
        "POST http://127.0.0.1:4711/x at 2026-11-28T20:31:35.646886+00:00 for 6a82176d-b483-403e-83c8-d2d12084cc8f"
    )
    assert one == "POST http://127.0.0.1:<port>/x at <time> for <id>"
    assert evening.text("0001-01-01T00:00:00+00:00") == "0001-01-01T00:00:00+00:00"
    assert evening.values({"hash": "Ma363h6easPaUbXW=", "n": 1}) == {"hash": "<hash>", "n": 1}
    assert evening.text('{"b": 1,  "a": [2]}') == {"a": [2], "b": 1}
    assert evening.text(f"Bearer crk1:{'0a' * 20}:QUJD+w==") == "Bearer <ciphertext>"


@pytest.mark.parametrize("name", ["16.37.1-sqlite", "16.37.1-postgresql"])
def test_two_requests_with_other_ids_and_times_mean_the_same(name: str) -> None:
    told, other = recording(name), recording("16.37.1-memory")
    append = classic.APPEND_MANY.path
    ours = [evening.meaning(call.path, call.request, "classic") for call in told.calls if call.path == append]
    theirs = [evening.meaning(call.path, call.request, "classic") for call in other.calls if call.path == append]
    assert ours == theirs
    assert len(set(ours)) == len(ours)
