"""A real JupyterLab, started as ``make lab`` starts it, and a real Chromium that may only talk to this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.ports import free_port
from tests.tracked import ROOT, tracked
from tests.waiting import LONG

expect.set_options(timeout=LONG * 1000)  # a machine that is busy with other tests is slow, not wrong

NOTEBOOKS = ROOT / "notebooks"

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = (
    "The tests in a browser need Chromium. Install it with 'apt-get install chromium' (on macOS: 'brew install "
    f"chromium'), or put one of {', '.join(BROWSERS)} on the PATH."
)

LOCAL = ("127.0.0.1", "localhost")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP * ~NOTFOUND, {', '.join(f'EXCLUDE {host}' for host in LOCAL)}",
]

IN_FRONT = "() => window.jupyterapp?.shell.currentWidget?.context"

READY = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}"""

RUN_ALL = """async () => {
    const app = window.jupyterapp, panel = app.shell.currentWidget;
    await app.commands.execute('notebook:run-all-cells');
    return panel.content.widgets.map(cell => cell.model.type === 'code' ? cell.model.outputs.toJSON() : []);
}"""


@dataclass
class Lab:
    """A running JupyterLab with a sandbox kernel beside it."""

    url: str
    root: Path
    """The folder that it shows."""
    connection_string: str
    process: subprocess.Popen[str]
    outside: list[str] = field(default_factory=list)
    """Requests that would have left this machine."""

    def write(self, name: str, cells: list[str]) -> str:
        """Put a notebook into the folder; returns its name. A name must not be used twice: it keeps its kernel."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.root / name)
        return name

    def open(self, page: Page, name: str) -> None:
        """Open a notebook in a page, in simple mode, and wait until it is in front."""
        page.goto(f"{self.url}/lab/tree/{name}?reset")
        page.wait_for_function(IN_FRONT)

    def ready(self, page: Page) -> None:
        """Wait until the kernel of the notebook in front has said what it is: a cell run earlier may wait for ever."""
        page.wait_for_function(IN_FRONT)
        page.evaluate(READY)

    def run(self, page: Page, name: str) -> list[list[dict[str, Any]]]:
        """Open a notebook and run all its cells; returns the outputs of each cell."""
        self.open(page, name)
        self.ready(page)
        outputs: list[list[dict[str, Any]]] = page.evaluate(RUN_ALL)
        return outputs


def _environment(home: Path) -> dict[str, str]:
    """Nothing of this machine's own Jupyter settings, and nothing left behind in them."""
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    config = home / "config"
    config.mkdir()
    (config / "jupyter_lab_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    folders = {
        "JUPYTER_CONFIG_DIR": config,
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
        "CHRONICLE_NOTEBOOK_PAUSED": home / "paused",
    }
    return {**os.environ, **{name: str(folder) for name, folder in folders.items()}}


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a copy of the notebooks, started by the command that ``make lab`` uses."""
    home, root = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("notebooks")
    for path in (path for path in tracked("notebooks/*.ipynb") if path.parent == NOTEBOOKS):
        shutil.copy(path, root)
    port = free_port()
    command = [sys.executable, "-m", "chronicle_notebook.cli", "lab", "--no-browser", "--no-token", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--notebooks", str(root)], env=_environment(home), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        assert lines[0].split()[-1] == f"http://127.0.0.1:{port}/lab/tree/01-first-steps.ipynb", lines
        yield Lab(f"http://127.0.0.1:{port}", root, lines[1].split()[-1], process)
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG) == 0


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless. Without it these tests are skipped, but never in CI."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(NO_BROWSER)
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """What the pages share: JupyterLab's scripts are read from the server once, and not for each test."""
    with chromium.new_context(viewport={"width": 1280, "height": 900}) as shared:
        shared.set_default_timeout(2 * LONG * 1000)
        yield shared


@pytest.fixture
def page(context: BrowserContext, lab: Lab) -> Iterator[Page]:
    """A fresh page. It cannot reach anything off this machine, and fails the test if it asks for it."""
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    yield page
    page.close()
    hosts = {urlsplit(url).hostname for url in asked}
    assert hosts <= {*LOCAL, None}, "nothing may be asked for off this machine"
