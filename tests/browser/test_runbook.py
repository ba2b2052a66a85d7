"""A runbook as a person runs it in JupyterLab: look at the plan, set apply, run it, and find it done."""

from __future__ import annotations

import shutil

from playwright.sync_api import Page, expect

import chronicle_notebook as cn
from tests.browser.conftest import NOTEBOOKS, RUN_ALL, Lab
from tests.browser.person import choose


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
