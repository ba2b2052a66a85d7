"""What the explorer of 10,000 webhooks costs in the browser, beside a bare anywidget table with the same rows.

The kernel is a process of its own. Both tables read the webhooks from it, in JupyterLab in Chromium, in turns; what
counts is the time from running the cell until the first row is painted, with everything imported before. A keystroke in
the filter counts from the key to the frame that shows its result.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import FLAGS, RUN_ALL, Lab, _environment
from tests.ports import free_port

COUNT = 10_000
ROUNDS = 7
SECONDS = 120
"""The time after which this benchmark has failed."""

LIMITS = {
    "explorer of 10,000 webhooks visible / bare anywidget table with the same rows": 1.5,
    "slowest filter keystroke among 10,000 webhooks painted, ms": 100.0,
}
"""What a figure must not be over."""

BARE = '''
import anywidget, traitlets
class Bare(anywidget.AnyWidget):
    rows = traitlets.List().tag(sync=True)
    _esm = """
    export default { render({ model, el }) {
        const rows = model.get("rows"), box = document.createElement("div"), all = document.createElement("div");
        box.style.cssText = "height:380px;overflow:auto"; all.style.position = "relative";
        all.style.height = rows.length * 29 + "px";
        const paint = () => {
            const first = Math.floor(box.scrollTop / 29), shown = rows.slice(first, first + 20);
            all.replaceChildren(...shown.map((row, at) => {
                const line = document.createElement("div");
                line.style.cssText = `position:absolute;top:${(first + at) * 29}px;display:flex;gap:16px`;
                line.setAttribute("role", "row");
                for (const value of row) {
                    const cell = document.createElement("span");
                    cell.textContent = String(value);
                    line.append(cell);
                }
                return line;
            }));
        };
        box.addEventListener("scroll", paint);
        box.append(all); el.append(box); paint();
    } };
    """
'''

SETUP = """
import chronicle_notebook as cn, ipywidgets
client = cn.connect({connection!r}, event_store="banking")
cn.widgets.WebhookExplorer, len(client.webhooks.all())
"""

CELLS = {
    "bare": (
        "bare = Bare(rows=[[hook.id, hook.target_url, [str(kind) for kind in hook.event_types], "
        "hook.authorization.kind.value, list(hook.headers), hook.event_sequence_id, hook.active, hook.replayable] "
        "for hook in client.webhooks.all()])\nbare"
    ),
    "explorer": "explorer = client.webhooks.explore()\nexplorer",
}

RUN = """async ([index, close]) => {
    const app = window.jupyterapp, panel = app.shell.currentWidget, notebook = panel.content;
    await panel.sessionContext.session.kernel.requestExecute({code: close}).done;
    const cell = notebook.widgets[index];
    cell.model.outputs.clear();
    notebook.activeCellIndex = index;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const started = performance.now();
    app.commands.execute('notebook:run-cell');
    while (![...cell.node.querySelectorAll('[role=row]')].some(row => row.textContent.includes('hook-00000'))) {
        if (performance.now() - started > 30000) throw new Error('no row after 30 seconds');
        await new Promise(requestAnimationFrame);
    }
    await new Promise(requestAnimationFrame);
    return performance.now() - started;
}"""

WATCH = """() => {
    const search = document.querySelector('.cn-search'), rows = document.querySelector('.cn-grid-rows');
    window.strokes = [];
    search.addEventListener('keydown', () => {
        const started = performance.now();
        const seen = new MutationObserver(() => {
            seen.disconnect();
            requestAnimationFrame(() => setTimeout(() => window.strokes.push(performance.now() - started)));
        });
        seen.observe(rows, {childList: true, subtree: true, attributes: true, characterData: true});
    }, {capture: true});
}"""


def measure() -> dict[str, float]:
    """Figures for 10,000 webhooks."""
    with _kernel() as connection, _lab() as lab, _page() as page:
        name = lab.write("bench.ipynb", [SETUP.format(connection=connection), BARE + "\n", *CELLS.values()])
        lab.open(page, name)
        lab.ready(page)
        page.evaluate(RUN_ALL)
        times: dict[str, list[float]] = {each: [] for each in CELLS}
        for _ in range(ROUNDS):
            for index, each in enumerate(CELLS, start=2):
                close = f"{each}.close()" if each in {"bare", "explorer"} else ""
                times[each].append(page.evaluate(RUN, [index, close]))
        strokes = _strokes(page)
    bare, explorer = statistics.median(times["bare"]), statistics.median(times["explorer"])
    return {
        "bare anywidget table of 10,000 webhooks visible, ms": bare,
        "explorer of 10,000 webhooks visible, ms": explorer,
        "explorer of 10,000 webhooks visible / bare anywidget table with the same rows": explorer / bare,
        "slowest filter keystroke among 10,000 webhooks painted, ms": max(strokes),
    }


def _strokes(page: Page) -> list[float]:
    """Milliseconds from each key to the frame that shows what it came to."""
    page.evaluate(WATCH)
    page.locator(".cn-search").focus()
    keys = [*"hook-042", *["Backspace"] * 8, *"host-77"]
    for count, key in enumerate(keys, start=1):
        page.keyboard.press(key)
        page.wait_for_function("count => window.strokes.length >= count", arg=count)
    strokes: list[float] = page.evaluate("window.strokes")
    return strokes


@contextmanager
def _kernel() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.many", str(COUNT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@contextmanager
def _lab() -> Iterator[Lab]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "notebooks")
        root.mkdir()
        port = free_port()
        command = [
            sys.executable,
            "-m",
            "chronicle_notebook.cli",
            "lab",
            "--no-browser",
            "--no-token",
            "--port",
            str(port),
        ]
        environment = _environment(Path(folder, "home"))
        options: dict[str, Any] = {
            "env": environment,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.DEVNULL,
            "text": True,
        }
        with subprocess.Popen([*command, "--notebooks", str(root)], **options) as process:
            try:
                assert process.stdout is not None
                lines = [process.stdout.readline() for _ in range(3)]
                yield Lab(f"http://127.0.0.1:{port}", root, lines[1].split()[-1], process)
            finally:
                process.terminate()
                process.wait(20)


@contextmanager
def _page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            yield browser.new_page(viewport={"width": 1280, "height": 900})
        finally:
            browser.close()
