"""A new user's first quarter of an hour with the magics, in a real JupyterLab."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Lab
from tests.waiting import LONG

CELLS = [
    "%load_ext chronicle_notebook",
    "%chronicle connect --store banking",
    "%webhooks",
    "%webhook show ledger-mirror",
    "import chronicle_notebook as cn\nendpoint = cn.Receiver().start()\ntarget = endpoint.url_for('first')",
    "%%webhook first-hook var:target --dry-run\nevent_types: [AccountOpened]\n",
    "%%webhook first-hook var:target\nevent_types: [AccountOpened]\n",
    "%webhook test first-hook",
    "%webhook remove first-hook --yes",
    "%chronicle doctor",
    "%webhook show first-hok",
]

CELL_BY_CELL = """async () => {
    const app = window.jupyterapp, panel = app.shell.currentWidget;
    for (let index = 0; index < panel.content.widgets.length; index++) {
        panel.content.activeCellIndex = index;
        panel.content.deselectAll();
        await app.commands.execute('notebook:run-cell');
    }
    return panel.content.widgets.map(cell => cell.model.outputs.toJSON());
}"""


def test_connect_list_show_dry_run_register_test_remove(lab: Lab, page: Page) -> None:
    page.set_viewport_size({"width": 1200, "height": 3000})
    lab.open(page, lab.write("magics.ipynb", CELLS))
    lab.ready(page)
    outputs = page.evaluate(CELL_BY_CELL)
    assert outputs[0] == []
    text = [str(cell) for cell in outputs]
    for index, part in enumerate(
        [
            "",
            "Chronicle kernel",
            "fraud-watch",
            "Webhook 'ledger-mirror' of event store 'banking'",
            "",
            "would be created",
            "'first-hook' was created",
            "first-hook: an event arrived",
            "'first-hook' was removed",
            "passed.",
            "Next step: ",
        ]
    ):
        assert part in text[index].replace('\\"', '"').replace("\\'", "'").replace("&#x27;", "'"), index
    assert len(outputs[-1][0]["traceback"]) == 2
    expect(page.get_by_text("Dry run: 'first-hook' would be created.")).to_be_visible()
    expect(page.get_by_role("table", name="passed.")).to_be_visible()


def test_the_tab_key_completes_an_id(lab: Lab, page: Page) -> None:
    cells = ["%load_ext chronicle_notebook", "%chronicle connect --store banking", "%webhook show ledger-mirror", ""]
    lab.open(page, lab.write("completion.ipynb", cells))
    lab.ready(page)
    page.evaluate(CELL_BY_CELL)
    editor = page.locator(".jp-CodeCell .cm-content").last
    offered(page, editor, "%webhook show led", "ledger-mirror")
    page.keyboard.press("Enter")
    expect(editor).to_have_text(re.compile("%webhook show ledger-mirror"))


def offered(page: Page, editor: Locator, typed: str, name: str) -> None:
    """Type a text and press Tab, again and again until the completer offers a name.

    JupyterLab drops what the kernel answers after a second, so one Tab on a busy machine may show nothing.
    """
    end = time.monotonic() + 3 * LONG
    while True:
        page.keyboard.press("Escape")
        editor.click()
        page.keyboard.press("ControlOrMeta+a")  # what is typed takes the place of what the last try left
        page.keyboard.type(typed)
        expect(editor).to_have_text(typed)
        page.keyboard.press("Tab")
        try:
            expect(page.locator(".jp-Completer:not(.lm-mod-hidden)")).to_contain_text(name, timeout=5_000)
        except AssertionError:
            if time.monotonic() > end:
                raise
        else:
            return
