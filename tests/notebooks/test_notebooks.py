"""Every notebook runs on the sandbox and on another kernel. It leaves no secret in its file and nothing behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox
from tests.tracked import ROOT, held, tracked

FOLDER = ROOT / "notebooks"
ALL = tracked("notebooks/*.ipynb")
"""The runbooks have tests of their own, which run them; how they are committed is looked at here."""
TUTORIALS = [path for path in ALL if path.parent == FOLDER]  # runbooks run in tests/runbook, in one process
CANARY = "canary-9f2b-swordfish"
LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]+)\)")
"""What a link within the project leads to."""


OWN = "cn.tutorial()"
"""What notebook 07 tells to change for a kernel of one's own."""


@pytest.fixture(scope="module")
def seeded() -> Iterator[Sandbox]:
    with Sandbox(seed=True) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    """A kernel with the defects of a release, as one's own is, and nothing in it."""
    with Sandbox(behaves_like="16.37", time_scale=0.01) as kernel:
        yield kernel


def run(path: Path, saved: Path, *, connection: str = "") -> nbformat.NotebookNode:
    """Run a notebook with widget state saved, as the worst case for a secret, and save it.

    :param connection: the kernel to run it on, with the one line that notebook 07 shows; by default the sandbox.
    """
    notebook = nbformat.read(path, as_version=4)
    if connection:
        for cell in notebook.cells:
            cell.source = cell.source.replace(OWN, f'cn.tutorial("{connection}")')
    NotebookClient(
        notebook, timeout=None, store_widget_state=True, resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    nbformat.write(notebook, saved)
    return notebook


def shown(*cells: nbformat.NotebookNode) -> str:
    """All outputs of cells as text."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)


def the_cell(notebook: nbformat.NotebookNode, source: str) -> nbformat.NotebookNode:
    """The one code cell whose code ends with this."""
    (found,) = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.endswith(source)]
    return found


def test_there_are_notebooks() -> None:
    assert FOLDER / "01-first-steps.ipynb" in TUTORIALS


@pytest.mark.filterwarnings("ignore:Proactor event loop", "ignore:zmq.eventloop.ioloop")
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_it_runs_on_the_sandbox_and_on_a_kernel_of_ones_own_and_leaves_nothing_behind(
    path: Path, seeded: Sandbox, own: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", "chronicle://127.0.0.1:1")  # a tutorial never asks this kernel
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_SANDBOX", seeded.connection_string)
    monkeypatch.setenv("WEBHOOK_TOKEN", CANARY)
    with cn.connect(seeded.connection_string, event_store="banking", name="before") as client:
        before = client.webhooks.all()
        run(path, tmp_path / "sandbox.ipynb")
        assert client.webhooks.all() == before, "a notebook leaves no webhook behind"
    if OWN in path.read_text():  # the others start sandboxes of their own
        _runs_on(own, path, tmp_path)
    for saved in tmp_path.glob("*.ipynb"):
        assert CANARY not in saved.read_text()


def _runs_on(own: Sandbox, path: Path, folder: Path) -> None:
    with cn.connect(own.connection_string, name="own") as client:
        run(path, folder / "own.ipynb", connection=own.connection_string)
        assert [each for each in client.event_stores() if each != "System"] == ["tutorial"]
        for store in client.event_stores():
            assert client.at(event_store=store).webhooks.ids() == []


def test_the_first_steps_run_without_any_kernel_named_and_show_the_whole_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_TOKEN", CANARY)
    text = shown(*run(FOLDER / "01-first-steps.ipynb", tmp_path / "saved.ipynb").cells)
    for part in (
        "(embedded sandbox)",
        "'loan-desk' was created",
        "AppendResult(sequence_numbers=(",
        "200 OK",
        "bicycle",
        "did not take effect: active",
        "'loan-desk' was removed",
    ):
        assert part in text
    assert CANARY not in (tmp_path / "saved.ipynb").read_text()


def test_the_form_of_the_third_is_alive_when_all_of_it_ran(seeded: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_SANDBOX", seeded.connection_string)
    notebook = nbformat.read(FOLDER / "03-build-a-definition.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("form.closed, client.closed, endpoint.running"))
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(FOLDER)}}).execute()
    assert shown(notebook.cells[-1]) == "(False, False, True)"


def test_the_fifth_tells_the_same_story_again_and_again_in_one_kernel() -> None:
    notebook = nbformat.read(FOLDER / "05-watch-deliveries.ipynb", as_version=4)
    runner = NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(FOLDER)}})
    with runner.setup_kernel():
        for _ in range(4):
            for number, cell in enumerate(notebook.cells):
                runner.execute_cell(cell, number)
            received = shown(the_cell(notebook, '.to_frame("events received")'))
            assert re.findall(r"(account-\d+) +(\d+)", received) == [
                (account, "8")
                for account in ("account-1001", "account-1002", "account-1003", "account-1004", "account-2001")
            ]
            refused = the_cell(notebook, "delivery.status == 503)")
            failed = the_cell(
                notebook, 'wait_until(lambda: client.failed_partitions("ledger"))\nclient.failed_partitions("ledger")'
            )
            for cell in (refused, failed):
                assert set(re.findall(r"account-\d+", shown(cell))) == {"account-1001"}
            assert shown(the_cell(notebook, "for event in arrived][-2:]")) == "['while down', 'still down']"


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_each_link_within_the_project_leads_to_a_file(path: Path) -> None:
    texts = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    for target in LINK.findall("\n".join(texts)):
        assert (path.parent / target).is_file(), target


def test_the_first_leads_to_every_other_and_each_to_the_next() -> None:
    texts = {path.name: path.read_text() for path in TUTORIALS}
    names = list(texts)
    assert all(f"]({name})" in texts[names[0]] for name in names[1:])
    for name, following in pairwise(names):
        assert f"]({following})" in texts[name]


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_chart_has_a_title_labels_and_whole_numbers(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and ".plot" in cell.source:
            for part in ("title=", "xlabel=", "ylabel=", "MaxNLocator(integer=True)"):
                assert part in cell.source


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_it_is_committed_small_without_outputs_or_paths_of_a_machine(path: Path) -> None:
    text = held([path])[path].decode()
    notebook = nbformat.reads(text, as_version=4)
    assert len(text) < 50_000
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)
    assert str(Path.home()) not in text
    assert str(ROOT) not in text
