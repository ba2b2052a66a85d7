"""A runbook as a person runs it in JupyterLab: look at the plan, set apply, run it, and find it done.

And the pages that are exported from runbooks.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from nbformat import v4
from playwright.sync_api import Browser, Page, expect

import chronicle_notebook as cn
from chronicle_notebook.cli._html import page as exported
from chronicle_notebook.runbook import audit, incident
from tests.browser.conftest import NOTEBOOKS, RUN_ALL, Lab
from tests.browser.person import choose
from tests.browser.test_widgets_look import violations
from tests.waiting import eventually

WIDTHS = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
OPEN = "() => document.querySelectorAll('details').forEach(each => each.open = true)"


def test_a_person_reads_the_plan_and_then_applies_it(lab: Lab, page: Page) -> None:
    shutil.copy(NOTEBOOKS / "runbooks" / "onboard-consumer.ipynb", lab.root)
    with cn.Receiver() as endpoint, cn.connect(lab.connection_string, event_store="banking", name="lab") as client:
        outputs = lab.run(page, "onboard-consumer.ipynb")
        assert [output for cell in outputs for output in cell if output["output_type"] == "error"] == []
        plan = page.get_by_role("table", name="Plan of onboard-consumer")
        expect(plan.get_by_role("cell", name="to do")).to_have_count(2)
        expect(page.get_by_text("onboard-consumer: planned.")).to_be_visible()
        assert client.webhooks.all().find("loan-desk") is None

        cell = page.locator(".jp-CodeCell .cm-content").first
        cell.click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(
            f'webhook = "loan-desk"\nurl = "{endpoint.url}"\nevent_types = ["AccountOpened"]\ntoken = None\n'
            "username = None\npassword = None\ntest_target = True\napply = True\n"
        )
        choose(page, "Run", "Run All Cells")
        expect(page.get_by_text("onboard-consumer: done.")).to_be_visible()
        assert client.webhooks.get("loan-desk").target_url == endpoint.url
        assert str(page.evaluate(RUN_ALL)).count("already so") > 0, "a second time there is nothing left to do"
        client.webhooks.remove("loan-desk")


def test_pages_of_a_night_are_read_by_everybody_wide_at_200_percent_and_on_a_phone(
    chromium: Browser, tmp_path: Path
) -> None:
    with (
        cn.Sandbox(seed="incident", time_scale=0.002) as kernel,
        cn.connect(kernel.connection_string, event_store="shop", name="pages") as client,
    ):
        eventually(lambda: len(client.triage().failing) >= 4)
        shown = [each._repr_html_() for each in (incident(client).report(), audit(client), client.triage())]
    cells = []
    for each in shown:
        output = v4.new_output("display_data", data={"text/html": each})
        cells.append(v4.new_code_cell(f"{'client.triage(),' * 20}", outputs=[output], metadata={"tags": ["summary"]}))
    file = tmp_path / "night.html"
    file.write_text(exported(v4.new_notebook(cells=cells), title="A night"), encoding="utf-8")
    with chromium.new_context(bypass_csp=True) as context:  # axe is a script, and the page allows none
        page = context.new_page()
        page.goto(file.as_uri())
        page.evaluate(OPEN)
        schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            for width in (1280, 640, 420):
                page.set_viewport_size({"width": width, "height": 900})
                assert violations(page, None) == []
                whole, seen = page.evaluate(WIDTHS)
                assert whole <= seen
