"""The tutorials with their outputs: each notebook is run against a sandbox of its own, and becomes a page."""

from __future__ import annotations

import base64
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
SECONDS = 90
"""What one cell may take."""
_TUTORIAL = re.compile(r"\]\(([\w-]+)\.ipynb\)")
_WRITTEN = re.compile(r"\]\(\.\./docs/")
_TERMINAL = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Tutorial:
    """A notebook as a page."""

    uri: str
    title: str
    markdown: str
    """With a mark where each output goes, so that its HTML does not pass through Markdown."""
    outputs: Mapping[str, str]
    """HTML by mark."""


def paths() -> list[Path]:
    """The tutorials in their order."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def uri(path: Path) -> str:
    """The page that a notebook becomes."""
    return f"tutorials/{path.stem}.md"


def title(path: Path) -> str:
    """The heading of a notebook."""
    return _heading(_read(path))


def build() -> list[Tutorial]:
    """Run all tutorials, two at a time. An error in a cell is an error of the build."""
    with _surroundings(), ThreadPoolExecutor(2) as pool:
        return list(pool.map(_page, paths()))


@contextmanager
def _surroundings() -> Iterator[None]:
    """No kernel named, nobody's profile or history, and no colours in what is printed."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            IPYTHONDIR=folder,
            JUPYTER_CONFIG_DIR=folder,
            MPLBACKEND="module://matplotlib_inline.backend_inline",
            NO_COLOR="1",
        )
        os.environ.pop("CHRONICLE_CONNECTION_STRING", None)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _page(path: Path) -> Tutorial:
    notebook = _read(path)
    where = {"metadata": {"path": str(NOTEBOOKS)}}
    quiet = ["--IPKernelApp.log_level=40"]
    NotebookClient(
        notebook, timeout=SECONDS, store_widget_state=False, resources=where, extra_arguments=quiet
    ).execute()
    parts, outputs = [], dict[str, str]()
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(_relinked(cell.source))
        elif cell.cell_type == "code":
            parts.append(f"````python\n{cell.source}\n````")
            shown = "".join(map(_html, cell.outputs))
            if shown:
                mark = f"output-{path.stem}-{number}"
                outputs[mark] = f'<div class="output">{shown}</div>'
                parts.append(f'<div id="{mark}"></div>')
    foot = f"*This page is the notebook `notebooks/{path.name}`, run when the site was built.*"
    return Tutorial(uri(path), _heading(notebook), "\n\n".join([*parts, foot]), outputs)


def _relinked(text: str) -> str:
    """Links to other notebooks and to written pages, as links between pages of the site."""
    return _WRITTEN.sub("](../", _TUTORIAL.sub(r"](\1.md)", text))


def _read(path: Path) -> NotebookNode:
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def _heading(notebook: NotebookNode) -> str:
    found = re.search(r"^# (.+)$", "\n".join(cell.source for cell in notebook.cells), re.MULTILINE)
    return found[1] if found else "Untitled"


def _html(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return _text(output.text)
    if output.output_type == "error":
        return _text(f"{output.ename}: {output.evalue}")  # without the traceback, which has this machine's paths
    data = output.data
    if "text/html" in data:
        return f'<div class="rendered">{data["text/html"]}</div>'
    if "image/png" in data:
        # nbformat has it in lines; an attribute has it in one piece.
        picture = base64.b64encode(base64.b64decode(data["image/png"])).decode()
        alternative = escape(data.get("text/plain", "a chart"))
        return f'<img alt="{alternative}" src="data:image/png;base64,{picture}">'
    return _text(data.get("text/plain", ""))


def _text(text: str) -> str:
    return f"<pre>{escape(_TERMINAL.sub('', text))}</pre>" if text.strip() else ""
