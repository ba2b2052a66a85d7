"""What a person does in JupyterLab: open a notebook from the file browser, use the menus, read what cells show."""

from __future__ import annotations

import re
import time
from importlib.resources import files
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Lab
from tests.waiting import LONG

PROMPT = ".jp-InputArea-prompt"
NUMBER = re.compile(r"\[\d+\]:")
RED = '[data-mime-type="application/vnd.jupyter.stderr"]'
"""A traceback, or what a cell wrote to its error stream: JupyterLab shows both alike."""

FAINT = """async (selector) => {
    document.body.style.minHeight = '100vh';
    const result = await window.axe.run(selector, {runOnly: ['color-contrast']});
    if (result.passes.length === 0) throw new Error('no text was found to look at');
    return result.violations.flatMap(each => each.nodes)
        .map(node => `${node.html.slice(0, 160)} ${node.failureSummary}`);
}"""
"""JupyterLab's body has no height of its own and hides what sticks out: without one, axe takes all for invisible."""


def open_from_browser(lab: Lab, page: Page, name: str) -> None:
    """Open JupyterLab, double click a notebook in the file browser, and wait until its kernel can take work."""
    page.goto(f"{lab.url}/lab?reset")
    page.get_by_role("listitem", name=name).dblclick()
    expect(page.get_by_role("tab", name=name, selected=True)).to_be_visible()
    lab.ready(page)


def choose(page: Page, menu: str, *items: str) -> None:
    """Click a menu of the menu bar, and then one item after the other."""
    page.get_by_role("menuitem", name=menu, exact=True).click()
    for depth, item in enumerate(items):
        # An entry that opens a further menu has no role of its own, so that it is found by its text.
        page.locator(".lm-Menu").nth(depth).get_by_text(item, exact=True).click()


def choose_theme(page: Page, name: str) -> None:
    """Settings > Theme, and wait until it is there and the splash, which lies over everything meanwhile, is gone."""
    choose(page, "Settings", "Theme", name)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", name)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)


def code_cells(page: Page) -> Locator:
    """The code cells of the notebook in front, from top to bottom."""
    return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell")


def run_all(page: Page) -> None:
    """Run > Run All Cells, and watch until every code cell has its number, and no one says anything in red."""
    choose(page, "Run", "Run All Cells")
    prompts = code_cells(page).locator(PROMPT)
    red = code_cells(page).locator(RED)
    expect(prompts.last.filter(has_text=NUMBER).or_(red).first).to_be_attached(timeout=2 * LONG * 1000)
    said = red.all_text_contents()
    assert not said, "\n".join(said)
    expect(prompts).to_have_text([f"[{number}]:" for number in range(1, prompts.count() + 1)])


def cell(page: Page, source: str) -> Locator:
    """The one code cell whose code holds this text."""
    found = code_cells(page).filter(has=page.locator(".jp-InputArea-editor", has_text=source))
    expect(found).to_have_count(1)
    return found


def seen(locator: Locator) -> None:
    """Scroll to something as a reader does, again when the notebook moved meanwhile, until it is in view."""
    end = time.monotonic() + LONG
    while True:
        locator.scroll_into_view_if_needed()
        try:
            expect(locator).to_be_in_viewport(timeout=2_000)
        except AssertionError:
            if time.monotonic() > end:
                raise
        else:
            return


def output(page: Page, source: str, text: str) -> Locator:
    """What the cell with this code shows, after it was seen to hold a text."""
    area = cell(page, source).locator(".jp-OutputArea")
    expect(area).to_contain_text(text)
    seen(area.get_by_text(text).first)
    return area


def faint(page: Page, selector: str) -> list[str]:
    """The texts whose colour is too near to what is behind them."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: list[Any] = page.evaluate(FAINT, selector)
    return [str(each) for each in found]
