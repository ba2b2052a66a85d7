"""What is found in a notebook is found in every form of it: scripts, pages, and what nbconvert makes of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter, PythonExporter

from chronicle_notebook.scan import scan
from tests.scan.test_literals import FOUND, PLANTED

SOURCES = [(kind, source.replace("PLANTED", PLANTED)) for kind, source in FOUND]


def commented(source: str, *, every_line: bool) -> str:
    lines = (f"# {line}" if every_line or line.startswith(("%", "!")) else line for line in source.splitlines())
    return "# %%\n" + "\n".join(lines) + "\n"


FORMS = {
    "script.py": lambda source: f"{source}\n",
    "percent.py": lambda source: commented(source, every_line=False),
    "comments.py": lambda source: commented(source, every_line=True),
    "page.md": lambda source: f"# A page\n\n```python\n{source}\n```\n",
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(("kind", "source"), SOURCES)
def test_a_text_form_of_a_cell_gives_the_same_kind(kind: str, source: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FORMS[name](source))
    assert kind in {leak.kind for leak in scan([tmp_path / name], environment={})[0]}


@pytest.mark.parametrize(
    ("name", "exporter"), [("a.py", PythonExporter), ("a.html", HTMLExporter), ("a.md", MarkdownExporter)]
)
def test_an_exported_notebook_gives_as_many_of_each_kind(name: str, exporter: Any, tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(source) for _, source in SOURCES]
    book = nbformat.v4.new_notebook(cells=cells)
    book.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    (tmp_path / name).write_text(exporter().from_notebook_node(book)[0])
    leaks = scan([tmp_path / name], environment={})[0]
    assert Counter(leak.kind for leak in leaks) == Counter(kind for kind, _ in SOURCES)
    assert all(leak.place.startswith("line ") for leak in leaks)
