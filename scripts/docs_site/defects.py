"""The pages of the known kernel defects: the facts come from the table that the client uses, the words from docs/."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.contracts._known_defect import KnownDefect

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "defects"
TABLE = {defect.key: defect for defect in DEFECTS}
_INDEX = "<!-- defects -->"


def navigation() -> list[dict[str, str]]:
    """The index, and a page for each defect under its title."""
    listed = [{title(key): f"defects/{key}.md"} for key in keys()]
    return [{"All": "defects/index.md"}, *listed]


def keys() -> list[str]:
    """What there are pages of: those of the table first, in its order."""
    written = {path.stem for path in FOLDER.glob("*.md")} - {"index"}
    return [key for key in TABLE if key in written] + sorted(written - TABLE.keys())


def title(key: str) -> str:
    """The heading of a page."""
    found = re.search(r"^# (.+)$", (FOLDER / f"{key}.md").read_text(), re.MULTILINE)
    return found[1] if found else key


def completed(uri: str, markdown: str) -> str:
    """A page with what is known filled in; other pages as they are."""
    folder, _, name = uri.rpartition("/")
    key = name.removesuffix(".md")
    if folder != "defects":
        return markdown
    if key == "index":
        return markdown.replace(_INDEX, _overview())
    heading, _, rest = markdown.lstrip().partition("\n")
    return f"{heading}\n\n{_facts(known(key))}\n\n{rest}"


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
    return "\n".join([defect.what, "", "| | |", "| --- | --- |", *(f"| {name} | {text} |" for name, text in rows)])


def _overview() -> str:
    rows = [f"| [{title(key)}]({key}.md) | {known(key).what} | {known(key).versions} |" for key in keys()]
    return "\n".join(["| Defect | What happens | Kernels |", "| --- | --- | --- |", *rows])
