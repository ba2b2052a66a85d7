"""How the widgets look and read: accessible in light and dark, whole in narrow and wide, and standing still as HTML."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Lab
from tests.browser.widgets import THEME, ask, choose_action, row, saved, show

AXE = """async (part) => {
    const result = await window.axe.run(part ?? document, {resultTypes: ['violations']});
    return result.violations.map(each => ({
        id: each.id, impact: each.impact,
        nodes: each.nodes.map(node => node.html.slice(0, 160) + ' ' + node.failureSummary),
    }));
}"""
STICKING_OUT = """root => [...root.querySelectorAll('*')]
    .filter(each => each.checkVisibility() && !each.closest('.cn-unseen'))
    .filter(each => each.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
    .map(each => each.outerHTML.slice(0, 120))"""
SERIOUS = {"serious", "critical"}

REGISTER = (
    "for name in ('audit-feed', 'crm-sync'):\n"
    "    client.webhooks.register(name, 'http://127.0.0.1:9/in', lambda b: b.with_event_type('AccountOpened')"
    ".with_header('x-team', 'customers'))\n"
    "client.event_log.append('account-1', AccountOpened('customer-17'))\n"
    "endpoint = cn.Receiver().start()\n"
    "client.webhooks.register('orders', endpoint.url_for('orders'), lambda b: b.with_event_type('AccountOpened'))\n"
    "endpoint.wait_for(1)"
)
EXPLORER = "explorer = client.webhooks.explore()\nexplorer"
FORM = "form = cn.widgets.WebhookForm(client)\nform"
INSPECTOR = "inspector = cn.widgets.DeliveryInspector(endpoint, client)\ninspector"


def violations(page: Page, part: str | None = ".cn-root") -> list[dict[str, Any]]:
    """What seriously hinders somebody in a part of the page, or in the whole page."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(AXE, part)
    return [each for each in found if each["impact"] in SERIOUS]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_nothing_seriously_hinders_anybody(lab: Lab, page: Page, theme: str) -> None:
    name = f"look-{theme.rpartition(' ')[2].lower()}"
    page.set_viewport_size({"width": 1280, "height": 2600})
    show(lab, page, name, [REGISTER, EXPLORER, FORM, INSPECTOR])
    page.evaluate(THEME, theme)
    dark = "false" if "Dark" in theme else "true"
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", dark)
    explorer = page.get_by_role("region", name="Webhook explorer")
    form = page.get_by_role("region", name="Webhook form")
    inspector = page.get_by_role("region", name="Delivery inspector")
    row(page, "audit-feed").click()
    expect(explorer.get_by_text("1 partition fails.")).to_be_visible()
    inspector.get_by_role("gridcell", name="200", exact=True).first.click()
    expect(inspector.get_by_text("#0")).to_be_visible()
    form.get_by_label("Target URL").fill("nowhere")
    form.get_by_role("radio", name="OAuth").check()
    form.get_by_role("button", name="Add a header").click()
    form.get_by_label("Name of the header").fill("x-api-key")
    form.get_by_role("combobox", name="Event types").click()
    expect(form.get_by_text("not an absolute http")).to_be_visible()
    expect(form.get_by_role("option").first).to_be_visible()
    assert violations(page) == []
    choose_action(explorer, "Remove")
    expect(explorer.get_by_role("alertdialog")).to_be_visible()
    inspector.get_by_role("tab", name="Headers").click()
    form.get_by_role("button", name="Register").press("Enter")
    expect(form.get_by_role("status").filter(has_text="need attention").first).to_be_visible()
    assert violations(page) == []
    explorer.get_by_role("button", name="Keep it").click()
    explorer.get_by_role("button", name="Edit").click()
    explorer.get_by_label("Replayable").uncheck()
    expect(explorer.get_by_text("ignored by the kernel")).to_be_visible()
    assert violations(page) == []


def test_a_narrow_page_cuts_nothing_off(lab: Lab, page: Page) -> None:
    page.set_viewport_size({"width": 620, "height": 1800})
    show(lab, page, "narrow", [REGISTER, EXPLORER, FORM, INSPECTOR])
    row(page, "audit-feed").click()
    expect(page.get_by_role("region", name="audit-feed")).to_be_visible()
    for root in page.locator(".cn-root").all():
        assert root.evaluate(STICKING_OUT) == []


SHUT_DOWN = "async () => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"


def test_a_notebook_that_is_reopened_or_not_trusted_shows_a_snapshot(lab: Lab, page: Page) -> None:
    show(lab, page, "snapshot", [REGISTER, EXPLORER])
    expect(row(page, "audit-feed")).to_be_visible()
    snapshot = page.get_by_text("A snapshot of")
    expect(snapshot).to_be_hidden()
    page.evaluate("async () => window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate(SHUT_DOWN)
    lab.open(page, "snapshot.ipynb")
    expect(snapshot).to_be_visible()
    expect(page.get_by_role("rowheader", name="audit-feed")).to_be_visible()
    path = lab.root / "snapshot.ipynb"
    path.write_text(path.read_text().replace("audit-feed", "changed-by-others"))
    lab.open(page, "snapshot.ipynb")
    expect(page.get_by_role("rowheader", name="changed-by-others")).to_be_visible()


def test_a_notebook_with_saved_widgets_shows_a_snapshot_when_no_kernel_answers(lab: Lab, page: Page) -> None:
    show(lab, page, "silent", [REGISTER, EXPLORER])
    expect(row(page, "audit-feed")).to_be_visible()
    saved(lab, page, "silent")
    page.evaluate(SHUT_DOWN)
    lab.open(page, "silent.ipynb")
    expect(page.get_by_text("A snapshot of")).to_be_visible()
    expect(page.get_by_role("region", name="Webhook explorer")).to_be_hidden()


def test_a_protected_store_is_marked_on_every_widget_and_unlocked_by_its_name(lab: Lab, page: Page) -> None:
    cells = [
        "guarded = cn.connect(event_store='banking', name='guarded', protected=True)",
        "explorer = guarded.webhooks.explore()\nexplorer",
        "form = cn.widgets.WebhookForm(guarded)\nform",
    ]
    show(lab, page, "guarded", cells)
    explorer = page.get_by_role("region", name="Webhook explorer")
    form = page.get_by_role("region", name="Webhook form")
    for region in (explorer, form):
        expect(region.get_by_text("PROTECTED").first).to_be_visible()
        expect(region.get_by_label("Type banking to write:")).to_be_visible()
    assert violations(page) == []
    form.get_by_label("Id", exact=True).fill("guarded-feed")
    form.get_by_label("Target URL").fill("http://127.0.0.1:9/in")
    form.get_by_label("event types that are known").check()
    form.get_by_label("Active").uncheck()
    form.get_by_role("button", name="Register").click()
    expect(form.get_by_text("in the red bar, and try again")).to_be_visible()
    form.get_by_label("Type banking to write:").fill("bank")
    form.get_by_label("Type banking to write:").press("Enter")
    expect(form.get_by_text("The typed text is not the name")).to_be_visible()
    form.get_by_label("Type banking to write:").fill("banking")
    form.get_by_role("button", name="Unlock").click()
    expect(form.get_by_text("Writing to banking is unlocked")).to_be_visible()
    expect(form.get_by_label("Type banking to write:")).to_be_hidden()
    assert violations(page) == []
    form.get_by_role("button", name="Register").click()
    expect(row(page, "guarded-feed")).to_be_visible()
    ask(page, "explorer.close(); form.close(); guarded.close()")
