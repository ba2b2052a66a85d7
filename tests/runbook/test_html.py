"""An executed notebook as a page: what is in it, and what is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from chronicle_notebook import ChronicleError
from chronicle_notebook.cli._html import cleaned, export, page
from tests.runbook.books import CANARY

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect width="9"/></svg>'


def notebook(*outputs: dict[str, Any]) -> nbformat.NotebookNode:
    shown = [v4.new_output("display_data", data=data) for data in outputs]
    cell = v4.new_code_cell("show()", outputs=shown)
    return v4.new_notebook(cells=[v4.new_markdown_cell("# A <b>title</b>\n<script>x()</script>"), cell])


def test_tables_and_plots_are_in_it() -> None:
    text = page(
        notebook(
            {"text/html": "<table><caption>Plan</caption><tr><td>a &amp; b</td></tr></table>", "text/plain": "plan"},
            {"image/png": DOT},
            {"image/svg+xml": SVG},
            {"text/plain": "just <text>"},
        ),
        title="A run",
    )
    assert "<table><caption>Plan</caption><tr><td>a &amp; b</td></tr></table>" in text
    assert f"data:image/png;base64,{DOT}" in text
    assert "data:image/svg+xml;base64," in text
    assert "just &lt;text&gt;" in text


def test_nothing_in_it_runs_or_loads() -> None:
    text = page(
        notebook(
            {"text/html": '<div onclick="x()">a<script src="https://cdn.example.com/x.js">y</script></div>'},
            {"text/html": '<img src="https://x.example.com/p.png"><iframe src="https://x"></iframe><p>b</p>'},
            {"text/html": '<p style="background:url(https://x.example.com)">c</p><link rel=stylesheet href=//x>'},
            {"application/javascript": "alert(1)", "text/plain": "d"},
            {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "a widget"},
            {"image/svg+xml": SVG},
        ),
        title="A run",
    )
    body = text.partition("<body>")[2]
    assert not re.search(r"<(script|iframe|link|object|embed|meta|base)\b", body, re.IGNORECASE)
    assert not re.search(r"\son\w+=", body)
    assert not re.search(r'\b(src|srcset|poster|data)="(?!data:image/)', body)
    assert "url(" not in body
    assert "cdn" not in text
    assert "alert(1)" not in text
    assert "default-src 'none'" in text
    for kept in ("a<", "<p>b</p>", "c</p>", "d", "a widget"):
        assert kept in body


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ("<SCRIPT>x</SCRIPT>y", "y"),
        ("<svg><foreignObject><p>x</p></foreignObject></svg>", "<svg></svg>"),
        ('<a href="javascript:x()">y</a>', "<a>y</a>"),
        ('<a href="https://example.com">y</a>', '<a href="https://example.com">y</a>'),
        ("<br/>&copy;&#65;", "<br>&copy;&#65;"),
        ('<p title="&quot;>">x</p>', '<p title="&quot;&gt;">x</p>'),
        ("<iframe><p>x</p></iframe>z", "z"),
        ("<input disabled>", "<input disabled>"),
        ("<!-- x -->y", "y"),
        ("<style>td > a{color:red}</style>", "<style>td > a{color:red}</style>"),
        ("a < b", "a &lt; b"),
        ("<p>x</p><img src=x onerror=alert(1) ", "<p>x</p>&lt;img src=x onerror=alert(1) "),
        (
            "<noframes><style></noframes><img src=x onerror=x()></style></noframes>",
            "<noframes><style>&lt;/noframes>&lt;img src=x onerror=x()></style></noframes>",
        ),
        (
            "<title><style></title><meta http-equiv=refresh content='0;url=https://x'></style></title>",
            "<title><style>&lt;/title>&lt;meta http-equiv=refresh content='0;url=https://x'></style></title>",
        ),
    ],
)
def test_what_is_left_of_markup(markup: str, kept: str) -> None:
    assert cleaned(markup) == kept


def test_no_page_is_written_of_a_notebook_with_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW_TOKEN", CANARY)
    leaking = notebook({"text/plain": f"env:NEW_TOKEN is {CANARY}"})
    with pytest.raises(ChronicleError) as caught:
        export(leaking, tmp_path / "page.html", title="A run")
    assert "cell 2" in str(caught.value)
    assert CANARY not in str(caught.value)
    assert not (tmp_path / "page.html").exists()


def test_a_secret_is_found_beside_quotes_of_both_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW_TOKEN", CANARY)
    leaking = notebook({"text/plain": CANARY})
    leaking.cells[1].source = """kind = "x"\nprint(os.environ['NEW_TOKEN'])"""
    with pytest.raises(ChronicleError, match="cell 2"):
        export(leaking, tmp_path / "page.html", title="A run")
    assert not (tmp_path / "page.html").exists()
