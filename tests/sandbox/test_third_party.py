"""A gRPC client that somebody else wrote, unmodified: grpc-js, with proto files and nothing of this package."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.sandbox import Sandbox
from tests.sandbox.conftest import Client

NODE = Path(__file__).with_name("node")
ROOT = Path(chronicle_notebook.__file__).parents[1]
WIRE = ROOT / "chronicle_notebook" / "contracts" / "wire"


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the packages of the lock file installed beside the script."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        if os.environ.get("CI"):
            pytest.fail("Node and npm are needed for this test, and a build must not go without it.")
        pytest.skip("Node and npm are not installed.")
    installed = NODE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (NODE / "package-lock.json").stat().st_mtime:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        installed.touch()
    return found


def run(node: str, sandbox: Sandbox, folder: Path, proto: str, scratch: Path) -> dict[str, Any]:
    certificate = scratch / "certificate.pem"
    certificate.write_text(ssl.get_server_certificate(("127.0.0.1", sandbox.port)))
    command = [node, "hooks.js", str(sandbox.port), str(certificate), str(folder), proto, sandbox.contract]
    done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["refused"] == 16, "a call without a token is UNAUTHENTICATED"
    assert found["observed"] == ["grpc-js", "inactive"]
    return found


def test_grpc_js_registers_and_lists_webhooks_with_a_token(node: str, tmp_path: Path) -> None:
    with Sandbox(auth=True, settle_delay=0) as sandbox:
        proto = "chronicle_notebook/contracts/wire/webhooks.proto"
        found = run(node, sandbox, ROOT, proto, tmp_path)
    assert found["accepted"]["IsAuthorized"] is True
    one, two = found["listed"]
    assert (one["Identifier"], one["Url"], one["IsActive"]) == ("grpc-js", "http://127.0.0.1:9/js", True)
    assert one["Headers"] == {"x-client": "grpc-js"}
    assert (two["Identifier"], two["IsActive"]) == ("inactive", False)


def test_grpc_js_speaks_the_classic_contract_from_the_text_that_the_kernel_tells(node: str, tmp_path: Path) -> None:
    with Sandbox(auth=True, settle_delay=0, contract="classic") as sandbox:
        client = Client(sandbox.port)
        text = client.call(methods.GET_DESCRIPTOR_SET, Empty()).SchemaDefinition
        client.close()
        package = methods.WEBHOOKS.rpartition(".")[0]
        (section,) = [part for part in text.split('syntax = "proto3";') if f"package {package};" in part]
        protos = tmp_path / "protos"
        (protos / "protobuf-net").mkdir(parents=True)
        (protos / "webhooks.proto").write_text('syntax = "proto3";' + section)
        shutil.copy(WIRE / "bcl.proto", protos / "protobuf-net" / "bcl.proto")
        found = run(node, sandbox, protos, "webhooks.proto", tmp_path)
    one, two = found["listed"]
    assert found["accepted"] == {}
    assert (one["Identifier"], one["Target"]["Url"]) == ("grpc-js", "http://127.0.0.1:9/js")
    assert two["Target"]["Authorization"]["Value1"] == {"Token": ""}
