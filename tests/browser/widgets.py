"""What the browser tests of widgets share: notebooks that set the scene, questions to their kernel, saving."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser.conftest import Lab
from tests.waiting import eventually

CANARY = "canary-value-4711"

SCENE = """
import chronicle_notebook as cn
from dataclasses import dataclass

@cn.event_type(id="AccountOpened")
@dataclass
class AccountOpened:
    owner: str

@cn.event_type(id="FundsDeposited", generation=2)
@dataclass
class FundsDeposited:
    amount: float

client = cn.connect(event_store={store!r})
client.ensure_event_store()
client.register_event_types()
"""

ASK = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code, store_history: false});
    let text = '', error = '';
    future.onIOPub = message => {
        const content = message.content;
        if (message.header.msg_type === 'stream') text += content.text;
        if (message.header.msg_type === 'execute_result') text += content.data['text/plain'];
        if (message.header.msg_type === 'error') error = content.ename + ': ' + content.evalue;
    };
    await future.done;
    return [text, error];
}"""

SAVE = """async () => {
    const app = window.jupyterapp;
    const id = '@jupyter-widgets/jupyterlab-manager:saveWidgetState';
    if (!app.commands.isToggled(id)) await app.commands.execute(id);
    await app.commands.execute('docmanager:save');
}"""

THEME = "async (theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"


def show(lab: Lab, page: Page, name: str, cells: list[str]) -> None:
    """Open a notebook that connects to an event store of its own, and run it."""
    scene = SCENE.format(store=name)
    outputs = lab.run(page, lab.write(f"{name}.ipynb", [scene, *cells]))
    errors = [output for cell in outputs for output in cell if output["output_type"] == "error"]
    assert [f"{error['ename']}: {error['evalue']}" for error in errors] == []
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")


def ask(page: Page, code: str) -> str:
    """Run code in the notebook's kernel, which must not fail, and give what it says."""
    text, error = page.evaluate(ASK, code)
    assert not error, error
    return str(text)


def told(page: Page, code: str, answer: str) -> None:
    """Ask until the kernel gives this answer."""
    eventually(lambda: "".join(page.evaluate(ASK, code)) == answer)


def row(page: Page, text: str) -> Locator:
    """The row of a grid that begins with a text."""
    return page.get_by_role("row").filter(has=page.get_by_role("gridcell", name=text, exact=True))


def choose_action(pane: Locator, name: str) -> None:
    """Choose from the menu of a webhook's pane."""
    pane.get_by_role("button", name="More actions").click()
    pane.get_by_role("menuitem", name=name, exact=True).click()


def saved(lab: Lab, page: Page, name: str) -> dict[str, Any]:
    """Save the notebook with the state of its widgets, and read the file: the canary is not in it."""
    page.evaluate(SAVE)
    path = lab.root / f"{name}.ipynb"
    text = path.read_text()
    assert CANARY not in text
    notebook: dict[str, Any] = json.loads(text)
    state = notebook["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert state, "the state of widgets was saved"
    for copy in (lab.root / ".ipynb_checkpoints").glob("*.ipynb"):
        assert CANARY not in copy.read_text()
    return notebook
