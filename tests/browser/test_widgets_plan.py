"""The card of a plan in JupyterLab: the question, the outcome of each change, light, dark and narrow, a restart."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Lab
from tests.browser.test_widgets_look import SHUT_DOWN, violations
from tests.browser.test_widgets_night import easy_for_everybody
from tests.browser.widgets import ask, saved, show

PLAN = """
from pathlib import Path
Path('plan.yaml').write_text('''version: 1
owned_by: {header: x-managed-by, value: git}
webhooks:
  - {id: fraud-feed, url: "http://127.0.0.1:9/in", event_types: [AccountOpened]}
  - {id: ledger-mirror, url: "http://127.0.0.1:9/ledger", event_types: [AccountOpened, FundsDeposited+2]}
''')
client.webhooks.register('ledger-mirror', 'http://127.0.0.1:9/ledger', lambda b: b.with_event_type('AccountOpened'))
plan = cn.DesiredState.read('plan.yaml').plan(client)
plan
"""


def test_a_plan_is_applied_from_its_card(lab: Lab, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 1800})
    show(lab, page, "plan-card", [PLAN])
    card = page.get_by_role("region", name="Plan of webhooks")
    expect(card.get_by_text("nothing was sent")).to_be_visible()
    easy_for_everybody(page)
    card.get_by_role("button", name="Apply 2 changes").press("Enter")
    question = card.get_by_role("alertdialog")
    expect(question.get_by_text("creates 1 webhook; updates 1 webhook")).to_be_visible()
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    card.get_by_role("button", name="Apply 2 changes").press("Enter")
    question.get_by_role("button", name="Apply").press("Enter")
    outcomes = card.get_by_role("table", name="Outcome of each change")
    expect(outcomes.get_by_role("row").filter(has_text="fraud-feed")).to_contain_text("created, seen after")
    expect(outcomes.get_by_role("row").filter(has_text="ledger-mirror")).to_contain_text(
        "updated: event_types, headers"
    )
    expect(card.locator(".cn-bar .cn-pill").filter(has_text="plan-card on 127.0.0.1")).to_be_visible()
    expect(card.get_by_text("What was registered before is in")).to_be_visible()
    seen = ask(page, "print(bool(plan.applied), sorted(client.webhooks.ids()))")
    assert seen == "True ['fraud-feed', 'ledger-mirror']\n"
    assert violations(page) == []
    saved(lab, page, "plan-card")
    card.get_by_role("button", name="Plan again").press("Enter")
    expect(card.get_by_role("button", name="Nothing to apply")).to_be_disabled()
    page.evaluate(SHUT_DOWN)
    expect(page.get_by_text("Not connected: Python does not answer.")).to_be_visible()
    expect(page.locator(".cn-root.cn-dimmed")).to_have_count(1)
