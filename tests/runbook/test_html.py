"""An executed notebook as a page: what is in it, and what is not."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from chronicle_notebook import ChronicleError
from chronicle_notebook.cli._html import cleaned, export, page
from chronicle_notebook.display._table_and_card import Card, Table, Tone
from tests.runbook.books import CANARY

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect width="9"/></svg>'
REL = 'rel="noopener noreferrer"'
TABLE = Table("Webhooks", ("id", "lag"), [("loan-desk", "3"), ("a <b>", "12")], foot="now", banner="PRODUCTION")
CARD = Card(
    "loan-desk", [("target", "https://example.com/x"), ("status", "200")], ("A note.",), Tone.GOOD, "PRODUCTION"
)


class Elements(HTMLParser):
    """The elements of a piece of HTML with their attributes; styles without spaces."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = [(name, value or "") for name, value in attrs]
        plain = [(name, re.sub(r"\s+", "", value).strip(";") if name == "style" else value) for name, value in told]
        self.found.append((tag, plain))


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
    assert "<table><caption>Plan</caption><tbody><tr><td>a &amp; b</td></tr></tbody></table>" in text
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
        ("<svg><foreignObject><p>x</p></foreignObject></svg>y", "y"),
        ('<a href="javascript:x()">y</a>', f"<a {REL}>y</a>"),
        ('<a href="https://example.com">y</a>', f'<a href="https://example.com" {REL}>y</a>'),
        ('<a href="#cell-2">y</a>', f'<a href="#cell-2" {REL}>y</a>'),
        ("<br/>&copy;&#65;", "<br>©A"),
        ('<p title="&quot;>">x</p>', '<p title="&quot;&gt;">x</p>'),
        ("<iframe><p>x</p></iframe>z", "z"),
        ('<input type="checkbox" checked> done', '<input checked="" type="checkbox"> done'),
        ("<!-- x -->y", "y"),
        ("<style>td > a{color:red}</style>x", "x"),
        ("a < b", "a &lt; b"),
        ("<unknown>x</unknown>", "x"),
        ("<details open><summary>a</summary>b</details>", '<details open=""><summary>a</summary>b</details>'),
        ('<div class="jp-Cell mathjax_ignore">x</div>', '<div class="jp-Cell mathjax_ignore">x</div>'),
        ('<p style="color:red;position:fixed;background:url(x)">x</p>', '<p style="color:red">x</p>'),
        (
            f'<img alt="a plot" src="data:image/png;base64,{DOT}">',
            f'<img alt="a plot" src="data:image/png;base64,{DOT}">',
        ),
    ],
)
def test_what_is_left_of_markup(markup: str, kept: str) -> None:
    assert cleaned(markup) == kept


@pytest.mark.parametrize("shown", [TABLE.html(), CARD.html()], ids=["a table", "a card"])
def test_our_own_tables_and_cards_keep_their_form(shown: str) -> None:
    before, after = Elements(), Elements()
    before.feed(shown)
    after.feed(cleaned(shown))
    assert after.found == before.found
    assert len(after.found) > 8


HOSTILE = [
    r'<div style="background:\75 rl(https://evil.example/x)">a</div>',
    """<div style="background:image-set('https://evil.example/x' 1x)">a</div>""",
    '<p style="background:u/**/rl(//evil.example/x)">',
    '<p style="color:red /*;*/ url(//evil.example/x)">',
    """<p style="background:url(';//evil.example/x');color:red">""",
    '<p style="--x:url(//evil.example/x);background:var(--x)">',
    '<svg><animate attributeName="href" values="javascript:alert(1)"/></svg>',
    '<svg><set attributeName="onmouseover" to="alert(1)"/></svg>',
    '<svg><use xlink:href="https://evil.example/x.svg#a"/></svg>',
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<math href="javascript:alert(1)">x</math>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<style>@import "https://evil.example/x.css"; a{}</style>',
    '<form action="javascript:1"><button formaction="javascript:2">x</button></form>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="https://example.com" ping="https://evil.example/x" target="_top">x</a>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/x">',
    '<base href="https://evil.example/x">',
    '<input type="image" src="https://evil.example/x.png">',
    '<body background="https://evil.example/x.png" onload="alert(1)">',
    '<table background="https://evil.example/x.png"><td background="//evil.example/x"></table>',
    '<img srcset="https://evil.example/x 1x">',
    '<img src=" https://evil.example/x">',
    '<img src="data:text/html,<script>alert(1)</script>">',
    '<video poster="https://evil.example/x"><source src="//evil.example/x"></video>',
    '<object data="//evil.example/x"><embed src="//evil.example/x"></object>',
    '<link rel=dns-prefetch href="//evil.example/x">',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<p onclick ="alert(1)">',
    "<p/onclick=alert(1)>",
    "<p>x</p><img src=x onerror=alert(1) ",
    "<noframes><style></noframes><img src=x onerror=alert(1)></style></noframes>",
    "<title><style></title><meta http-equiv=refresh content='0;url=https://evil.example/x'></style></title>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "<template><script>alert(1)</script></template>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
]


@pytest.mark.parametrize("markup", HOSTILE)
def test_hostile_markup_neither_runs_nor_loads(markup: str) -> None:
    left = Elements()
    left.feed(f"before {cleaned(markup)}")
    for tag, attributes in left.found:
        assert tag in {"a", "b", "div", "img", "input", "p", "table", "tbody", "td", "tr"}
        for name, value in attributes:
            assert name in {"class", "href", "rel", "style", "title", "type"}, (tag, name)
            assert name != "href" or value == "https://example.com"
            assert name != "style" or value in {"", "color:red", "background:var(--x)"}
    assert cleaned(cleaned(markup)) == cleaned(markup)


def test_an_element_that_an_output_leaves_open_does_not_hide_the_next_one() -> None:
    for tag in ("svg", "textarea", "form", "title", "div"):
        text = page(notebook({"text/html": f"<{tag}>"}, {"text/html": "<p>the next</p>"}), title="A run")
        assert "<p>the next</p>" in text, tag


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
