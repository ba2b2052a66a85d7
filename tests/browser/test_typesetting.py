"""JupyterLab typesets ``$...$`` in what a cell shows; names and URLs that others chose must stay what they are."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Lab

SETUP = r"""
from chronicle_notebook.display._table_and_card import Card, Table
url = "http://127.0.0.1:9/$\\color{white}hidden$"
"""
SHOWN = {
    "table": r'Table("$c$", ("Id", "Target"), [["table-$a$", url]])',
    "card": r'Card("card-$a$", [("target", url)])',
}
HTML = r"""
from IPython.display import HTML, display
display(HTML({shown}.html()))
display(HTML("<p>typeset: $b$</p>"))
"""


def test_names_and_urls_are_not_typeset_and_other_mathematics_still_is(lab: Lab, page: Page) -> None:
    cells = [SETUP, *(HTML.format(shown=shown) for shown in SHOWN.values())]
    lab.run(page, lab.write("typesetting.ipynb", cells))
    # What says that the typesetter has been here.
    expect(page.locator("mjx-container")).to_have_count(len(SHOWN))
    expect(page.locator(".chronicle-notebook mjx-container")).to_have_count(0)
    shown = page.locator(".chronicle-notebook")
    for kind in SHOWN:
        expect(shown.get_by_text(f"{kind}-$a$")).to_be_visible()
    expect(shown.get_by_text(r"http://127.0.0.1:9/$\color{white}hidden$")).to_have_count(len(SHOWN))
