"""What Sphinx does not read from files: the table of the magics, and what is known of the kernel's defects."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

import chronicle_notebook as cn
from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.contracts._known_defect import KnownDefect
from chronicle_notebook.magics._help import reference
from chronicle_notebook.probing._unmeasured import REASONS

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "defects"
TABLE = {defect.key: defect for defect in DEFECTS}
_MAGICS = re.compile(r"<!-- magics -->.*?<!-- /magics -->", re.DOTALL)
_SECTIONS = "docs/tutorials", "docs/guides", "docs/reference/index", "docs/help", "docs/defects/index", "docs/project"


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this function."""
    app.connect("builder-inited", lambda _app: _find_docstrings_of_attributes())
    app.connect("source-read", _complete)
    return {"parallel_read_safe": True}


def _find_docstrings_of_attributes() -> None:
    """Give Sphinx the docstrings of the attributes of public classes.

    Sphinx reads them in the source of the module in ``__module__``. For a public class this is the package, not the
    file of the class. So the package gets the docstrings of all files.
    """
    packages = (cn, cn.runbook, cn.widgets)
    names = [(package, name) for package in packages for name in package.__all__]
    assert all(getattr(package, name) for package, name in names), "loads the files"  # noqa: S101
    ours = [name for name in sys.modules if name.startswith(f"{cn.__name__}.") and "_pb2" not in name]
    files = [name for name in ours if "@public" in Path(sys.modules[name].__file__ or "").read_text()]
    for package in packages:
        whole = ModuleAnalyzer.for_module(package.__name__)
        whole.analyze()
        for file in files:
            part = ModuleAnalyzer.for_module(file)
            part.analyze()
            whole.attr_docs |= part.attr_docs
            whole.annotations |= part.annotations
            whole.tagorder |= part.tagorder


def _complete(_app: Sphinx, page: str, source: list[str]) -> None:
    """Fill in what a page does not say itself."""
    text, folder = source[0], page.rpartition("/")[0]
    if page == "README":
        text = _MAGICS.sub("The magics are listed [on a page of their own](docs/magics.md).", text)
        source[0] = text + _toctree(_SECTIONS)
    elif page == "docs/magics":
        source[0] = text.replace("<!-- magics -->", reference().replace("### ", "## "))
    elif page == "docs/defects/index":
        source[0] = text.replace("<!-- defects -->", _overview()) + _toctree(keys())
    elif folder == "docs/defects":
        key = page.removeprefix("docs/defects/")
        before, heading, after = text.partition(f"# {title(key)}\n")
        source[0] = f"{before}{heading}\n{_facts(known(key))}\n{after}"


def _toctree(pages: Iterable[str]) -> str:
    return "\n".join(["\n```{toctree}", ":hidden:", "", *pages, "```"])


def keys() -> list[str]:
    """What there are pages of: those of the table first, in its order."""
    written = {path.stem for path in FOLDER.glob("*.md")} - {"index"}
    return [key for key in TABLE if key in written] + sorted(written - TABLE.keys())


def title(key: str) -> str:
    """The heading of a page."""
    found = re.search(r"^# (.+)$", (FOLDER / f"{key}.md").read_text(), re.MULTILINE)
    return found[1] if found else key


def known(key: str) -> KnownDefect:
    """What is known: from the table, or from the head of the page when it is not about a definition of a webhook."""
    if key in TABLE:
        return TABLE[key]
    _, head, _ = (FOLDER / f"{key}.md").read_text().split("---\n", 2)
    return KnownDefect(key=key, remedy="", **yaml.safe_load(head))


def _facts(defect: KnownDefect) -> str:
    rows = [
        ("Kernels", defect.versions),
        ("Seen on", defect.seen or "no running kernel: known from the source alone"),
        ("Known from", defect.source),
        ("Name", f"`{defect.key}`"),
    ]
    if defect.remedy:
        rows.insert(1, ("This toolkit", defect.remedy))
        probed = REASONS.get(defect.key)
        rows.insert(
            4, ("[A probe](../probe.md)", "measures it" if probed is None else f"does not measure it. {probed}")
        )
    return "\n".join([defect.what, "", "| | |", "| --- | --- |", *(f"| {name} | {text} |" for name, text in rows)])


def _overview() -> str:
    rows = [f"| [{title(key)}]({key}.md) | {known(key).what} | {known(key).versions} |" for key in keys()]
    return "\n".join(["| Defect | What happens | Kernels |", "| --- | --- | --- |", *rows])
