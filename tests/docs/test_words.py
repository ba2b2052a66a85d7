"""Pages, notebooks and docstrings use plain sentences: phrases that readers did not understand must not come back."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import nbformat
import pytest

from tests.tracked import tracked

PAGES = tracked("*.md")
NOTEBOOKS = tracked("notebooks/*.ipynb")
MODULES = [path for path in tracked("chronicle_notebook/*.py") if "_pb2" not in path.name]
RIDDLES = (
    r"accepts more than it does",
    r"as it came",
    r"jobs that come again",
    r"of whom nothing",
    r"leads? nowhere",
    r"cannot be meant",
    r"could be meant",
    r"nobody (?:listens|answers|meant)",
    r"so is what",
    r"is no text",
    r"is told|are told|was told|told as such",
    r"told apart",
    r"otherwise than",
    r"clicked together",
    r"in the kernel's books",
    r"as above\.",
    r"that there is to",
    r"goes? on (?:from )?where",
    r"what becomes? of",
    r"what became of",
    r"comes? to the same",
    r"looked at every number",
    r"in no lag",
    r"once the magics",
    r"in spite of it",
    r"whatever it is at",
    r"4\d\d (?:and 4\d\d )?will do\b",
    r"of which \w+ stand",
    r"stands? (?:there|here)\b",
)
FIRST_WORDS = (
    r"Of (?:a|an|the|what|one|those|headers|credentials|others)\b",
    r"What (?:a|the|was|has|came|comes|fails|failed|waits|waited|kernels?)\b",
)
"""A sentence that begins like this makes the reader wait for its subject."""
RUNBOOK_WORDS = 120
"""The longest introduction of a runbook: somebody on call reads it before the parameters."""


def prose(path: Path) -> str:
    """The text of a page or a notebook, without code blocks."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = path.read_text()
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def explanations(path: Path) -> str:
    """The docstrings and comments of a module, each as a paragraph."""
    source = path.read_text()
    strings = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr)]
    texts = [each.value for each in strings if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return "\n\n".join([*texts, *(each.string for each in tokens if each.type == tokenize.COMMENT)])


def riddles(text: str, *, first_words: tuple[str, ...] = FIRST_WORDS) -> list[str]:
    """The phrases of a text that are on the list, each with the words around it."""
    line = " ".join(text.split())
    starts = (rf"(?:^|[.:] |\| |- ){each}" for each in first_words)
    found = [match for each in RIDDLES for match in re.finditer(rf"\b(?:{each})", line, re.IGNORECASE)]
    found += [match for each in starts for match in re.finditer(each, line)]
    return [line[max(0, match.start() - 40) : match.end() + 40] for match in found]


@pytest.mark.parametrize("path", [*PAGES, *NOTEBOOKS], ids=lambda path: path.stem)
def test_no_sentence_is_a_riddle(path: Path) -> None:
    assert riddles(prose(path)) == []


def test_no_docstring_and_no_comment_is_a_riddle() -> None:
    found = {path.name: riddles(explanations(path), first_words=()) for path in MODULES}
    assert {name: texts for name, texts in found.items() if texts} == {}
    assert len(MODULES) > 200


@pytest.mark.parametrize(
    "text",
    [
        "A kernel accepts more than\nit does.",
        "Retried; jobs that come again.",
        "It works. Of the write the result is read back.",
        "| What a kernel says | is not so |",
    ],
)
def test_a_riddle_is_found(text: str) -> None:
    assert riddles(text)


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path.parent.name == "runbooks"], ids=lambda path: path.stem
)
def test_the_introduction_of_a_runbook_is_short(path: Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0].source
    assert len(first.split()) <= RUNBOOK_WORDS
