"""The pages about the sandbox name the tests that hold them: the table of differences, and each promise of likeness."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nbformat
import pytest

from tests.tracked import tracked

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "fidelity.md"
ROWS = (
    *(f"A{number}" for number in range(1, 37)),
    *(f"B{number}" for number in range(1, 37)),
    *(f"C{number}" for number in range(1, 9)),
    *(f"D{number}" for number in range(1, 8)),
    *(f"K{number}" for number in range(1, 31)),
)
"""Every difference that was found between a running kernel and the sandbox."""
PROMISES = (
    r"sandbox[^.]*\bbehaves? (?:like|in the same way)",
    r"sandbox[^.]*\bimitates?",
    r"sandbox[^.]*\bas (?:a |real )?kernels? do",
    r"as a kernel does",
    r"real gRPC",
    r"to the last character",
    r"byte for byte",
    r"as the client for \.NET does",
    r"as many as the kernel",
    r"(?:is|are|was|were) compared",
)
"""What a sentence about the sandbox says that promises likeness."""
MARK = re.compile(r"`?(tests/[\w/]+\.py)(?:::(\w+))?`?")
"""How a page names a test: visibly, or in a comment where it would disturb."""
KEPT_HERE = re.compile(r"\b([ABCDK]\d+(?:, [ABCDK]\d+)*) in docs/fidelity\.md: (.*?\.)(?= |$)")
"""How a comment names the rows of the table that are kept there, with the reason."""


@cache
def functions(file: Path) -> frozenset[str]:
    return frozenset(node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef))


def exists(file: str, name: str | None = None) -> bool:
    path = ROOT / file
    return path.exists() and (name is None or (name.startswith("test_") and name in functions(path)))


def table() -> list[list[str]]:
    """The cells of each row of a difference."""
    lines = [line for line in TABLE.read_text().splitlines() if re.match(r"\| [ABCDK]\d+ \|", line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_table_has_each_difference_once() -> None:
    assert [row for row, *_ in table()] == list(ROWS)


@pytest.mark.parametrize("row", table(), ids=lambda row: row[0])
def test_each_row_says_what_became_of_it_and_names_its_tests(row: list[str]) -> None:
    _, _, state, tests = row
    assert re.match(r"the same|in part: |kept: ", state)
    kept = re.search(r"kept[^:]*: (.*)", state, re.IGNORECASE)
    assert kept is not None or re.match(r"the same", state)
    assert kept is None or len(kept[1].split()) >= 4, "a difference that is kept has a reason"
    named = [each.strip("` ") for each in tests.split(",")]
    assert [
        each
        for each in named
        if not exists("tests/sandbox/{}".format(each.partition("::")[0]), each.partition("::")[2])
    ] == []


def kept_in_the_code() -> Iterator[tuple[str, str]]:
    """The key of each row that a comment of the sandbox's code names as kept, with the reason in the comment."""
    for path in tracked("chronicle_notebook/sandbox/*.py"):
        for comment in re.findall(r"(?:^ *#.*\n)+", path.read_text(), re.MULTILINE):
            text = " ".join(line.strip(" #") for line in comment.splitlines())
            for keys, reason in KEPT_HERE.findall(text):
                yield from ((key, reason) for key in keys.split(", "))


def test_each_kept_difference_stands_with_its_reason_where_the_code_makes_it() -> None:
    found = list(kept_in_the_code())
    kept = {key for key, _, state, _ in table() if re.search(r"\bkept\b", state, re.IGNORECASE)}
    assert {key for key, _ in found} == kept
    assert [each for each in found if not re.search(r"\bbecause \w+ \w+", each[1])] == []


def pages() -> Iterator[tuple[str, str]]:
    """The name of each page with the text of each of its paragraphs, items of lists and rows of tables."""
    for path in [*tracked("*.md"), *tracked("notebooks/*.ipynb")]:
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".ipynb":
            cells = nbformat.read(path, as_version=4).cells
            texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
        else:
            texts = [re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)]
        for text in texts:
            for block in re.split(r"\n\n+|\n(?=[-|] ?)", text):
                yield name, " ".join(block.split())


def promises() -> Iterator[tuple[str, str]]:
    """Each piece of a page that promises likeness."""
    for name, block in pages():
        about = "sandbox" in block.lower() or name == "docs/sandbox.md"
        if (
            about
            and name not in {"CHANGELOG.md", "docs/fidelity.md"}
            and any(re.search(promise, block) for promise in PROMISES)
        ):
            yield name, block


def test_each_promise_of_likeness_names_the_test_that_holds_it() -> None:
    found = list(promises())
    assert {name for name, _ in found} >= {"README.md", "docs/sandbox.md", "docs/defects/index.md"}
    assert [(name, block) for name, block in found if not MARK.search(block)] == []


def test_each_test_that_a_page_names_exists() -> None:
    named = {found.groups() for _, block in pages() for found in MARK.finditer(block)}
    assert len(named) >= 10
    assert sorted(str(each) for each in named if not exists(*each)) == []
