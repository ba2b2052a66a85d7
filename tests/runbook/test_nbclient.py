"""Every runbook as it is committed, in a real kernel process, twice in a row on one sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

import chronicle_notebook as cn
from chronicle_notebook.scan import scan
from tests.runbook.books import BOOKS, CANARY, FOLDER

pytestmark = pytest.mark.filterwarnings("ignore:Proactor event loop", "ignore:zmq.eventloop.ioloop")


@pytest.fixture(scope="module")
def seeded() -> Iterator[cn.Sandbox]:
    with cn.Sandbox(seed=True, settle_delay=0.02) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def process(seeded: cn.Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One kernel process for all: they begin anew by themselves, and a process takes a second to start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHRONICLE_CONNECTION_STRING", seeded.connection_string)
        patch.setenv("WEBHOOK_TOKEN", CANARY)
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        folder = tmp_path_factory.mktemp("here")
        with cn.connect(seeded.connection_string, event_store="banking", name="exporting") as exporting:
            cn.DesiredState.of(exporting).write(folder / "webhooks.yaml")
        manager, client = start_new_kernel(cwd=str(folder))
    client.stop_channels()
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_it_runs_twice_changes_nothing_and_its_file_holds_no_secret(
    path: Path, process: Any, seeded: cn.Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_TOKEN", CANARY)
    with cn.connect(seeded.connection_string, event_store="banking", name="before") as client:
        before, written = client.webhooks.all(), client.event_sequence("system").tail()
        for attempt in ("first.ipynb", "second.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            runner = NotebookClient(notebook, km=process, timeout=None, store_widget_state=True)
            runner.execute()
            assert runner.kc is not None
            runner.kc.stop_channels()  # it would leave them open, as the kernel process is not its own
            nbformat.write(notebook, tmp_path / attempt)
        assert client.webhooks.all() == before
        assert client.event_sequence("system").tail() == written
    assert CANARY not in (tmp_path / "second.ipynb").read_text()
    assert scan([tmp_path])[0] == []
    outcomes = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "application/vnd.chronicle-notebook.outcome+json" in output.get("data", {})
    ]
    assert len(outcomes) == 1
    assert outcomes[0]["data"]["application/vnd.chronicle-notebook.outcome+json"]["ok"] is True
    assert "text/html" in outcomes[0]["data"]


def test_they_are_these() -> None:
    assert [path.stem for path in BOOKS] == [
        "audit-webhooks",
        "check-drift",
        "compare-environments",
        "incident-report",
        "move-host",
        "onboard-consumer",
        "pause-and-resume",
        "probe-kernel",
        "recover-webhook",
        "rotate-secret",
    ]


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_it_is_small_has_no_outputs_and_one_cell_of_parameters_that_is_dry(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert path.stat().st_size < 10_000
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert "apply = True" not in tagged[0].source
    assert notebook.cells[-1].source.startswith("run.finish(")
    assert str(FOLDER.parents[1]) not in path.read_text()
