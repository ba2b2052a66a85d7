"""Widgets inside other widgets, and widgets whose Python has ended."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Lab
from tests.browser.widgets import ask, row, show
from tests.waiting import eventually

REGISTER = (
    "client.webhooks.register('audit-feed', 'http://127.0.0.1:9/in', lambda b: b.with_event_type('AccountOpened'))"
)
INSIDE = """import ipywidgets as w
out = w.Output()
with out:
    display(client.webhooks.explore())
w.VBox([w.Button(description="refresh"), out])"""
LATER = """tab = w.Output()
def made(_):
    with tab:
        tab.clear_output()
        display(cn.widgets.WebhookForm(client))
button = w.Button(description="make it")
button.on_click(made)
w.Tab([w.VBox([button, tab])], titles=["first"])"""
CHOICE = """made = {"explorer": client.webhooks.explore, "form": lambda: cn.widgets.WebhookForm(client)}
_ = w.interact(lambda what: display(made[what]()), what=list(made))"""
EXPLORER = "explorer = client.webhooks.explore()\nexplorer"
NOT_CONNECTED = "Not connected: Python does not answer."
RESTART = """async () => {
    const context = window.jupyterapp.shell.currentWidget.sessionContext;
    await context.restartKernel();
    await context.session.kernel.info;
}"""
SHUT_DOWN = "async () => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
RUN_AGAIN = "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
NEW_VIEW = """async () => {
    const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
    app.shell.mode = 'multiple-document';
    notebook.activeCellIndex = notebook.widgets.length - 1;
    await app.commands.execute('notebook:create-output-view');
}"""
OUTSIDE = """root => [...root.querySelectorAll('.cn-unseen')].filter(each => each.checkVisibility())
    .filter(each => !root.contains(each.offsetParent)).length"""


def cell(page: Page, number: int) -> Locator:
    return page.locator(".jp-NotebookPanel .jp-CodeCell").nth(number)


def test_a_widget_inside_an_output_is_visible_and_so_is_what_stands_beside_it_or_takes_its_place(
    lab: Lab, page: Page
) -> None:
    page.set_viewport_size({"width": 1280, "height": 2200})
    show(lab, page, "inside", [REGISTER, INSIDE, LATER, CHOICE])
    explorer = cell(page, 2)
    expect(explorer.get_by_role("button", name="refresh")).to_be_visible()
    expect(explorer.get_by_role("region", name="Webhook explorer")).to_be_visible()
    expect(explorer.get_by_text("A snapshot of")).to_be_hidden()
    later = cell(page, 3)
    later.get_by_role("button", name="make it").click()
    expect(later.get_by_role("region", name="Webhook form")).to_be_visible()
    expect(later.get_by_role("button", name="make it")).to_be_visible()
    choice = cell(page, 4)
    explorer = choice.get_by_role("region", name="Webhook explorer")
    expect(explorer.get_by_text("audit-feed").first).to_be_visible()
    choice.get_by_role("combobox").first.select_option("form")
    expect(choice.get_by_role("region", name="Webhook form")).to_be_visible()
    expect(explorer).to_have_count(0)
    expect(choice.get_by_text("A snapshot of")).to_be_hidden()


def test_texts_for_screen_readers_stay_inside_their_widget(lab: Lab, page: Page) -> None:
    """An absolute text whose widget has no position of its own makes the page longer, with a second scrollbar."""
    show(lab, page, "positioned", [REGISTER, EXPLORER])
    expect(row(page, "audit-feed")).to_be_visible()
    assert page.get_by_role("region", name="Webhook explorer").evaluate(OUTSIDE) == 0


@pytest.mark.parametrize("end", ["restart", "crash", "shutdown"])
def test_a_widget_says_that_its_python_is_gone_until_its_cell_runs_again(end: str, lab: Lab, page: Page) -> None:
    show(lab, page, f"gone-{end}", [REGISTER, EXPLORER])
    expect(row(page, "audit-feed")).to_be_visible()
    explorer = page.get_by_role("region", name="Webhook explorer")
    told = page.get_by_text(NOT_CONNECTED)
    expect(told).to_be_hidden()
    if end == "crash":
        os.kill(int(ask(page, "import os; print(os.getpid())")), signal.SIGKILL)
    else:
        page.evaluate(RESTART if end == "restart" else SHUT_DOWN)
    expect(told).to_be_visible()
    eventually(lambda: explorer.evaluate("root => root.inert && root.classList.contains('cn-dimmed')"))
    if end == "restart":
        page.evaluate(RUN_AGAIN)
        expect(told).to_have_count(1)
        expect(told).to_be_hidden()
        expect(row(page, "audit-feed")).to_be_visible()


def test_a_new_view_of_an_output_stays_in_step(lab: Lab, page: Page) -> None:
    show(lab, page, "new-view", [REGISTER, "form = cn.widgets.WebhookForm(client)\nform"])
    page.evaluate(NEW_VIEW)
    forms = page.get_by_role("region", name="Webhook form")
    expect(forms).to_have_count(2)
    first, second = forms.first, forms.last
    first.get_by_label("Id", exact=True).fill("pay-in")
    expect(second.get_by_label("Id", exact=True)).to_have_value("pay-in")
    second.get_by_label("Target URL").fill("http://127.0.0.1:9/in")
    expect(first.get_by_label("Target URL")).to_have_value("http://127.0.0.1:9/in")
    second.get_by_role("button", name="Add a header").click()
    second.get_by_label("Name of the header").fill("x-source")
    expect(first.get_by_label("Name of the header")).to_have_value("x-source")
    first.get_by_label("Value of the header").fill("bank")
    expect(second.get_by_label("Value of the header")).to_have_value("bank")
    first.get_by_role("button", name="Remove the header x-source").click()
    expect(second.get_by_label("Name of the header")).to_have_count(0)
    expect(page.get_by_text("As it was").locator("visible=true")).to_have_count(0)
