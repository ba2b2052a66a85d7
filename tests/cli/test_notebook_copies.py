"""The copies that ``make lab`` opens: made once, kept, brought up to date, and nothing of a person's work is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chronicle_notebook.cli import main
from chronicle_notebook.cli._notebook_copies import Refreshed, refresh
from tests.ports import free_port

NAME = "runbooks/audit.ipynb"


class Checkout:
    """Notebooks of a project, and the copies of them."""

    def __init__(self, folder: Path) -> None:
        self.notebooks, self.copies = folder / "notebooks", folder / "my-notebooks"
        self.publish("a")

    def publish(self, *sources: str, name: str = NAME) -> None:
        """Give the project this version of a notebook."""
        write(self.notebooks / name, *sources)

    def refresh(self, *, newer: bool = False) -> Refreshed:
        return refresh(self.notebooks, self.copies, newer=newer)

    @property
    def copy(self) -> Path:
        return self.copies / NAME

    @property
    def names(self) -> list[str]:
        return sorted(path.relative_to(self.copies).as_posix() for path in self.copies.rglob("*.ipynb"))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    assert made.refresh() == Refreshed()
    return made


def write(path: Path, *sources: str, output: str | None = None) -> None:
    """Write a notebook as Jupyter does: the lines of a cell as a list."""
    outputs = [] if output is None else [{"output_type": "stream", "name": "stdout", "text": output}]
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": outputs,
            "source": source.splitlines(keepends=True),
        }
        for source in sources
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1))


def sources(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]


def test_each_notebook_is_copied_and_nothing_hidden(checkout: Checkout) -> None:
    write(checkout.notebooks / ".ipynb_checkpoints" / "01-checkpoint.ipynb", "x")
    checkout.publish("first", name="01.ipynb")
    assert checkout.refresh() == Refreshed()
    assert checkout.names == ["01.ipynb", NAME]
    assert sources(checkout.copies / "01.ipynb") == ["first"]


def test_a_copy_that_was_run_or_edited_stays_while_the_project_has_nothing_newer(checkout: Checkout) -> None:
    write(checkout.copy, "a", output="1")
    assert checkout.refresh() == Refreshed()
    write(checkout.copy, "my own")
    for newer in (False, True):
        assert checkout.refresh(newer=newer) == Refreshed()
    assert sources(checkout.copy) == ["my own"]


def test_a_copy_that_was_deleted_comes_back(checkout: Checkout) -> None:
    checkout.copy.unlink()
    assert checkout.refresh() == Refreshed()
    assert sources(checkout.copy) == ["a"]


def test_a_copy_without_edited_cells_gets_the_newer_version(checkout: Checkout) -> None:
    checkout.publish("b")
    assert checkout.refresh() == Refreshed(replaced=[NAME])
    assert sources(checkout.copy) == ["b"]
    assert checkout.refresh() == Refreshed()
    assert checkout.names == [NAME]


def test_its_outputs_stay_beside_the_newer_version(checkout: Checkout) -> None:
    write(checkout.copy, "a", output="what was found")
    checkout.publish("b")
    assert checkout.refresh() == Refreshed(replaced=[NAME], set_aside=["runbooks/audit-mine.ipynb"])
    assert "what was found" in (checkout.copies / "runbooks" / "audit-mine.ipynb").read_text()
    assert sources(checkout.copy) == ["b"]


def test_an_edited_copy_stays_until_the_newer_version_is_asked_for(checkout: Checkout) -> None:
    write(checkout.copy, "my own")
    checkout.publish("b")
    for _ in range(2):
        assert checkout.refresh() == Refreshed(outdated=[NAME])
        assert sources(checkout.copy) == ["my own"]
    done = checkout.refresh(newer=True)
    assert done == Refreshed(replaced=[NAME], set_aside=["runbooks/audit-mine.ipynb"])
    assert sources(checkout.copy) == ["b"]
    assert sources(checkout.copies / "runbooks" / "audit-mine.ipynb") == ["my own"]

    write(checkout.copy, "again my own")
    checkout.publish("c")
    assert checkout.refresh(newer=True).set_aside == ["runbooks/audit-mine-2.ipynb"]
    assert sources(checkout.copies / "runbooks" / "audit-mine.ipynb") == ["my own"], "nothing is written over"


def test_an_edit_that_is_what_the_project_has_now_is_no_edit(checkout: Checkout) -> None:
    write(checkout.copy, "b")
    checkout.publish("b")
    assert checkout.refresh() == Refreshed()
    checkout.publish("c")
    assert checkout.refresh() == Refreshed(replaced=[NAME])


def test_what_the_project_no_longer_has_goes_unless_there_is_work_in_it(checkout: Checkout) -> None:
    for name in ("old.ipynb", "edited.ipynb", "run.ipynb"):
        checkout.publish("o", name=name)
    checkout.refresh()
    write(checkout.copies / "edited.ipynb", "my own")
    write(checkout.copies / "run.ipynb", "o", output="1")
    write(checkout.copies / "mine.ipynb", "o")
    for name in ("old.ipynb", "edited.ipynb", "run.ipynb"):
        (checkout.notebooks / name).unlink()
    checkout.refresh()
    assert checkout.names == ["edited.ipynb", "mine.ipynb", "run.ipynb", NAME]


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_without_the_file_of_origins_every_copy_counts_as_edited(checkout: Checkout, content: str) -> None:
    (checkout.copies / ".origins.json").write_text(content)
    assert checkout.refresh() == Refreshed(), "the copies are those that the project has"
    (checkout.copies / ".origins.json").write_text(content)
    checkout.publish("b")
    assert checkout.refresh() == Refreshed(outdated=[NAME])


@pytest.mark.parametrize("content", ["half of a noteb", "[1]", '{"cells": [1]}', '{"cells": [{"source": 1}]}'])
def test_a_copy_that_is_not_a_notebook_is_never_lost(checkout: Checkout, content: str) -> None:
    checkout.copy.write_text(content)
    checkout.publish("b")
    assert checkout.refresh() == Refreshed(outdated=[NAME])
    assert checkout.refresh(newer=True).set_aside == ["runbooks/audit-mine.ipynb"]
    assert (checkout.copies / "runbooks" / "audit-mine.ipynb").read_text() == content


def test_newer_versions_are_of_the_copies_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "--port", str(free_port()), "--newer", "--notebooks", str(tmp_path)]) == 1
    assert "no copies of notebooks to replace" in capsys.readouterr().err
