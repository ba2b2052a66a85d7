"""Widgets anywhere in a notebook: what a file holds after a kernel has run it and no front end has answered."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from chronicle_notebook.sandbox import Sandbox
from tests.waiting import LONG

VIEW = "application/vnd.jupyter.widget-view+json"
SCENE = """import ipywidgets as w
from IPython.display import clear_output, display
import chronicle_notebook as cn
client = cn.connect({connection!r}, event_store="anywhere")
client.ensure_event_store()
def form(name):
    return cn.widgets.WebhookForm(client, cn.DefinitionBuilder().with_event_type("A").build(name, "http://127.0.0.1:9"))"""
CELLS = {
    "alone": "form('alone')",
    "displayed": "display(form('displayed')); print('after')",
    "box": "w.VBox([w.Button(description='refresh'), form('box')])",
    "tab": "display(w.Tab([w.VBox([form('tab')])]))",
    "appended": "out = w.Output(); out.append_display_data(form('appended')); out",
    "within": "out = w.Output()\nwith out:\n    display(form('within'))\nout",
    "handle": "handle = display(form('before'), display_id=True)",
    "update": "handle.update(form('update'))",
    "replaced": "handle = display(form('first'), display_id=True); handle.update(form('replaced'))",
    "loop": """for name in ("first", "second", "loop"):
    clear_output(wait=True)
    display(form(name))""",
    "loop within": """out = w.Output()
display(form('loop within'))
for name in ("first", "second"):
    with out:
        out.clear_output()
        display(form(name))
with out:
    out.clear_output()""",
    "quiet": "form('quiet');",
    "failing": "display(form('failing')); 1 / 0",
}

REPLACED = ["replaced", "loop", "loop within"]
"""Cells that show other widgets first. What was replaced or cleared has no static form."""


@pytest.fixture(scope="module")
def cells(shared_sandbox: Sandbox) -> dict[str, list[Any]]:
    sources = [SCENE.format(connection=shared_sandbox.connection_string), *CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=int(LONG), kernel_name="python3", allow_errors=True).execute()
    assert notebook.cells[0].outputs == []
    return {name: cell.outputs for name, cell in zip(CELLS, notebook.cells[1:], strict=True)}


def stills(outputs: list[Any]) -> list[str]:
    return [each.data["text/html"] for each in outputs if "text/html" in each.get("data", {})]


@pytest.mark.parametrize("name", ["alone", "displayed", "box", "tab", "appended", "failing", *REPLACED])
def test_the_file_holds_one_static_form_wherever_the_widget_stands(cells: dict[str, list[Any]], name: str) -> None:
    (still,) = stills(cells[name])
    assert f">{name}</dd>" in still
    assert "Run the cell to fill it in." in still
    assert [VIEW in each.get("data", {}) for each in cells[name]].count(True) == 1


def test_an_update_shows_the_other_widget_in_the_same_place(cells: dict[str, list[Any]]) -> None:
    (shown, still) = cells["handle"]
    assert "'update'" in shown.data["text/plain"]
    assert VIEW in shown.data
    assert ">before</dd>" in still.data["text/html"]
    assert ">update</dd>" in stills(cells["update"])[0]


def test_what_is_not_shown_has_no_static_form(cells: dict[str, list[Any]]) -> None:
    assert cells["quiet"] == []
