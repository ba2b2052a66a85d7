"""The page "In CI": its commands and the steps of its workflows run in a shell, in order, against a sandbox."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox
from tests.tracked import ROOT

TEXT = (ROOT / "docs" / "ci.md").read_text()
FILE, GITHUB, GITLAB = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^\$ (chronicle-notebook .*)$", TEXT, re.MULTILINE)
TOKEN = "canary-of-the-workflow"
FEIGNED = {
    "pip": 'test "$*" = "install chronicle-notebook"',
    "gh": 'test "$*" = "pr comment $PULL_REQUEST --edit-last --create-if-none --body-file -"; cat > comment.md',
}
"""What a pipeline has and this machine may lack: it checks its command line."""
KINDS = [cn.RegisteredEventType(cn.EventType(name), {"type": "object"}) for name in ("AccountOpened", "FundsDeposited")]


@pytest.fixture(scope="module")
def kernel() -> Iterator[Sandbox]:
    with Sandbox(settle_delay=0.02, time_scale=0.01) as running:
        yield running


class Pipeline:
    """A folder with the file, and the environment of a pipeline."""

    def __init__(self, folder: Path, kernel: Sandbox, store: str) -> None:
        self.folder, self.store = folder, store
        (folder / "webhooks.yaml").write_text(FILE.replace("event_store: banking", f"event_store: {store}"))
        for name, script in FEIGNED.items():
            (folder / "bin").mkdir(exist_ok=True)
            (folder / "bin" / name).write_text(f"#!/bin/sh\nset -eu\n{script}\n")
            (folder / "bin" / name).chmod(0o755)
        path = os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = os.environ | {"PATH": path, "FRAUD_TOKEN": TOKEN, "GITHUB_STEP_SUMMARY": "summary.md"}
        self.environment |= dict.fromkeys(("CHRONICLE", "PRODUCTION"), kernel.connection_string)
        self.client = cn.connect(kernel.connection_string, event_store=store, name=store)
        self.client.ensure_event_store()
        self.client._kernel.register_event_types(store, KINDS)

    def run(self, script: str, **environment: str) -> int:
        """Run a step as a runner does. Only the name of the event store differs from the page."""
        for before in ("--confirm", "--store"):
            script = script.replace(f"{before} banking", f"{before} {self.store}")
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        ran = subprocess.run(
            shell, cwd=self.folder, env=self.environment | environment, capture_output=True, text=True, check=False
        )
        assert TOKEN not in ran.stdout + ran.stderr
        assert ran.returncode in {0, 2}, ran.stderr
        return ran.returncode

    def read(self, name: str) -> str:
        text = (self.folder / name).read_text()
        assert TOKEN not in text
        return text


@pytest.fixture
def pipeline(kernel: Sandbox, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pipeline]:
    made = Pipeline(tmp_path, kernel, f"store-{format(abs(hash(request.node.nodeid)), 'x')}")
    with made.client:
        yield made


def steps(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_the_commands_of_the_page(pipeline: Pipeline) -> None:
    assert [each.split()[1] for each in COMMANDS] == ["export", "plan", "apply", "drift", "export", "plan"]
    told = []
    for command in COMMANDS:
        told.append(pipeline.run(command))
        if "promoted.yaml" in command and " plan " not in command:
            assert "hooks.example.com" in pipeline.read("promoted.yaml")
    assert told == [0, 2, 0, 0, 0, 2], "the promoted file differs by its hosts"


def test_the_workflow_for_github(pipeline: Pipeline) -> None:
    workflow = yaml.safe_load(GITHUB)
    assert set(workflow["env"]) == {"CHRONICLE", "FRAUD_TOKEN"}
    jobs = workflow["jobs"]
    assert [pipeline.run(each, PULL_REQUEST="https://example.com/1") for each in steps(jobs["plan"])] == [0, 0, 0]
    assert pipeline.read("comment.md").startswith("### Plan: + 2 to create")
    assert pipeline.client.webhooks.ids() == []
    assert [pipeline.run(each) for each in steps(jobs["apply"])] == [0, 0]
    assert "### Applied: 2 in effect" in pipeline.read("summary.md")
    assert (pipeline.folder / "before.yaml").exists()
    assert pipeline.client.webhooks.get("fraud-feed").target_url == "https://hooks.example.com/fraud"
    assert [pipeline.run(each) for each in steps(jobs["drift"])] == [0, 0]
    pipeline.client.webhooks.remove("fraud-feed")
    assert pipeline.run(steps(jobs["drift"])[-1]) == 2
    assert "| fraud-feed | missing |" in pipeline.read("summary.md")


def test_the_workflow_for_gitlab(pipeline: Pipeline) -> None:
    jobs = yaml.safe_load(GITLAB)
    scripts = {name: "\n".join(jobs[name]["script"]) for name in ("plan", "apply", "drift")}
    assert pipeline.run("\n".join(jobs["default"]["before_script"])) == 0
    assert pipeline.run(scripts["plan"]) == jobs["plan"]["allow_failure"]["exit_codes"]
    assert [pipeline.run(scripts[name]) for name in ("apply", "drift")] == [0, 0]
    for job in ("plan", "apply", "drift"):
        assert all((pipeline.folder / path).exists() for path in jobs[job]["artifacts"]["paths"])
    assert "No difference" in pipeline.read("drift.md")
