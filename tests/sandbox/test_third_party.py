"""A client of another language, with nothing of this package in it: grpc-js, and what the kernel tells of itself."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chronicle_notebook.sandbox import Sandbox

NODE = Path(__file__).with_name("node")
EVENTS = "EventSequences.EventSequences"
BEATS = 61
"""Keep-alives that the client waits for: a kernel sends one a second, which the time scale makes a hundredth of it."""
ROOT = ".Cratis.Chronicle.Contracts"
RENAMED = "Field number 1 is named 'ConnectionId' in the kernel."


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


@pytest.mark.parametrize("profile", ["16.37", "16.38"])
def test_a_client_of_another_language_starts_and_works_in_both_generations(
    node: str, profile: str, tmp_path: Path
) -> None:
    with Sandbox(auth=True, settle_delay=0, time_scale=0.01, behaves_like=profile) as sandbox:
        certificate = tmp_path / "certificate.pem"
        certificate.write_text(ssl.get_server_certificate(("127.0.0.1", sandbox.port)))
        given = [sandbox.port, certificate, tmp_path / "protos", sandbox.contract, EVENTS, BEATS]
        done = subprocess.run(
            [node, "client.js", *map(str, given)], cwd=NODE, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["missing"] == [], "lines of methods that this client knows"
    assert found["refused"] == 16, "a call without a token is UNAUTHENTICATED"
    assert found["kept"] == {"enough": True, "wrong": 0}
    assert found["clients"] == ["Node"], "it is still known after a minute of keep-alives"
    if profile == "16.38":
        assert found["verdict"]["right"] is True
        assert found["verdict"]["wrong"] == [f"{ROOT}.Clients.ConnectRequest.Id: {RENAMED}"]
    assert found["unserved"]["code"] == 9, "a reactor is refused as FAILED_PRECONDITION"
    assert "--accept-unserved" in found["unserved"]["details"]
    assert found["numbers"] == [0, 1, 2]
    assert (found["from"], found["source"], found["has"]) == ([2, 3], [1, 2], [True, False])
    received: dict[str, list[int]] = {}
    for delivery in found["received"]:
        assert delivery["header"] == "node"
        received.setdefault(delivery["partition"], []).extend(each["amount"] for each in delivery["contents"])
    assert received == {"a": [1, 2], "b": [3]}
