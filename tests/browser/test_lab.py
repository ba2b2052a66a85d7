"""``make lab``: JupyterLab answers, the first notebook runs in it from top to bottom, and Ctrl-C ends everything."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import chronicle_notebook as cn
from tests.browser.conftest import Lab, _environment
from tests.browser.person import (
    PROMPT,
    RED,
    cell,
    choose_theme,
    code_cells,
    faint,
    open_from_browser,
    output,
    run_all,
    seen,
)
from tests.ports import free_port
from tests.waiting import LONG

CONNECT = "cn.tutorial("
LIST = "client.webhooks.all()"
TABLE = "webhooks of event store 'banking'"
DELIVERIES = "1 delivery"


def test_the_lab_answers_at_the_address_that_it_prints(lab: Lab) -> None:
    with urllib.request.urlopen(f"{lab.url}/lab") as response:
        assert response.status == 200
    with cn.connect(lab.connection_string, event_store="banking", name="lab") as client:
        assert len(client.webhooks.all()) >= 4


def test_a_person_clicks_through_the_first_notebook(lab: Lab, page: Page) -> None:
    open_from_browser(lab, page, "01-first-steps.ipynb")
    run_all(page)
    _reads_what_the_cells_say(page)
    with cn.connect(lab.connection_string, event_store="banking", name="lab") as client:
        assert client.webhooks.all().find("loan-desk") is None
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        choose_theme(page, theme)
        for text in (TABLE, DELIVERIES):
            seen(page.get_by_role("table", name=text))
        assert faint(page, ".jp-NotebookPanel .chronicle-notebook") == []
    _mistypes_the_store_and_mends_it(page)


def _reads_what_the_cells_say(page: Page) -> None:
    output(page, CONNECT, "Chronicle kernel")
    webhooks = output(page, LIST, TABLE).get_by_role("table", name=TABLE)
    row = webhooks.get_by_role("row").filter(has=page.get_by_role("rowheader", name="ledger-mirror", exact=True))
    expect(row.get_by_role("cell", name="http://127.0.0.1:9/ledger", exact=True)).to_be_visible()
    output(page, "endpoint.expect(", "expects Bearer authorization")
    output(page, "client.webhooks.register(LoanDesk)", "'loan-desk' was created in event store 'banking'")
    delivery = output(page, "endpoint.wait_for(1", DELIVERIES).get_by_role("table", name=DELIVERIES)
    expect(delivery.get_by_role("cell", name="1 event (LoanGranted)", exact=True)).to_be_visible()
    expect(delivery.get_by_role("cell", name="200 OK", exact=True)).to_be_visible()
    output(page, "endpoint.events[-1]", "{'amount': 1200, 'purpose': 'bicycle'}")
    output(page, "client.observers(", "loan-desk")
    output(page, ".not_active()", "not in effect: active")
    output(page, "client.webhooks.remove(", "'loan-desk' was removed from event store 'banking'")


def _mistypes_the_store_and_mends_it(page: Page) -> None:
    """Another name in the first cell, and Shift+Enter down to the table: what is wrong is told, and then put right."""
    count = code_cells(page).count()
    _connects_to(page, "bankin")
    expect(cell(page, LIST).locator(PROMPT)).to_have_text(f"[{count + 2}]:")
    told = output(page, LIST, "has no event store 'bankin'.")
    expect(told).to_contain_text("Did you mean 'banking'?")
    expect(cell(page, LIST).get_by_role("table")).to_have_count(0)

    _connects_to(page, "banking")
    expect(cell(page, LIST).locator(PROMPT)).to_have_text(f"[{count + 4}]:")
    output(page, LIST, TABLE)
    expect(cell(page, LIST).locator(RED)).to_have_count(0)


def _connects_to(page: Page, store: str) -> None:
    """Type the first cell anew, with the name of an event store; run it, the text below it, and the table."""
    editor = cell(page, CONNECT).get_by_role("textbox")
    seen(editor)
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(f'import chronicle_notebook as cn\n\nclient = cn.tutorial(event_store="{store}")\nclient')
    expect(editor).to_contain_text(f'cn.tutorial(event_store="{store}")')
    for _ in range(3):
        page.keyboard.press("Shift+Enter")


def test_ctrl_c_ends_the_lab_its_kernels_and_the_sandbox(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "chronicle_notebook.cli", "lab", "--no-browser", "--token", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--notebooks", str(tmp_path)], env=_environment(tmp_path / "home"), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        connection_string = process.stdout.readline().split()[-1]
        assert "?token=" in address
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    with pytest.raises(cn.KernelUnreachableError):
        cn.connect(connection_string, name="gone")


def test_a_port_that_is_in_use_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "chronicle_notebook.cli", "lab", "--no-browser", "--port", str(port)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert f"Port {port} is in use." in result.stderr
    assert "PORT=" in result.stderr
