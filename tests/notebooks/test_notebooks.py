"""Every notebook runs from top to bottom, twice on one sandbox, and leaves no secret in its saved file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
ALL = sorted(FOLDER.rglob("*.ipynb"))
"""The runbooks have tests of their own, which run them; how they are committed is looked at here."""
TUTORIALS = [path for path in NOTEBOOKS if path.parent == FOLDER]  # runbooks run in tests/runbooks, in one process
CANARY = "canary-9f2b-swordfish"


@pytest.fixture(scope="module")
def seeded() -> Iterator[Sandbox]:
    with Sandbox(seed=True) as kernel:
        yield kernel


def run(path: Path, saved: Path) -> nbformat.NotebookNode:
    """Run a notebook with widget state saved, as the worst case for a secret, and save it."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=60, store_widget_state=True, resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    nbformat.write(notebook, saved)
    return notebook


def shown(notebook: nbformat.NotebookNode) -> str:
    """All outputs as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)


def test_there_are_notebooks() -> None:
    assert FOLDER / "01-first-steps.ipynb" in NOTEBOOKS


@pytest.mark.filterwarnings("ignore:Proactor event loop", "ignore:zmq.eventloop.ioloop")
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_it_runs_twice_on_one_sandbox_and_its_file_holds_no_secret(
    path: Path, seeded: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", seeded.connection_string)
    monkeypatch.setenv("WEBHOOK_TOKEN", CANARY)
    with cn.connect(seeded.connection_string, event_store="banking", name="before") as client:
        before = client.webhooks.all()
        for attempt in ("first.ipynb", "second.ipynb"):
            run(path, tmp_path / attempt)
            assert CANARY not in (tmp_path / attempt).read_text()
            assert client.webhooks.all() == before, "a notebook leaves no webhook behind"


def test_the_first_steps_run_without_any_kernel_named_and_show_the_whole_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_TOKEN", CANARY)
    text = shown(run(FOLDER / "01-first-steps.ipynb", tmp_path / "saved.ipynb"))
    for part in (
        "sandbox kernel inside this process",
        "'loan-desk' was created",
        "AppendResult(sequence_numbers=(",
        "200 OK",
        "bicycle",
        "not all of it took effect: active",
        "'loan-desk' was removed",
    ):
        assert part in text
    assert CANARY not in (tmp_path / "saved.ipynb").read_text()


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_it_is_committed_small_without_outputs_or_paths_of_a_machine(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert path.stat().st_size < 50_000
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)
    assert str(Path.home()) not in path.read_text()
    assert str(FOLDER.parent) not in path.read_text()
