"""The inspector of deliveries, in JupyterLab."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Lab
from tests.browser.widgets import CANARY, ask, saved, show, told

DRAWN = re.compile(r"Deliveries of the last \d+ minutes?: 1 2xx, 1 5xx")
TOKEN = f"cn.Secret({CANARY[:6]!r} + {CANARY[6:]!r})"
BUILDER = f"lambda b: b.with_event_type('AccountOpened').with_bearer_token({TOKEN})"
CELLS = [
    f"endpoint = cn.Receiver().start()\nclient.webhooks.register('orders', endpoint.url_for('orders'), {BUILDER})",
    "inspector = cn.widgets.DeliveryInspector(endpoint, client)\ninspector",
]


def test_a_delivery_appears_is_made_to_fail_and_recovers(lab: Lab, page: Page) -> None:
    show(lab, page, "deliveries", CELLS)
    inspector = page.get_by_role("region", name="Delivery inspector")
    expect(inspector.get_by_text("Chronicle itself keeps no log of deliveries.")).to_be_visible()
    expect(inspector.get_by_text("Nothing has come yet.")).to_be_visible()
    grid = inspector.get_by_role("grid", name="Deliveries")
    inspector.get_by_label("Event type of the test event").select_option("AccountOpened")
    inspector.get_by_role("button", name="Append a test event").click()
    expect(grid.get_by_role("gridcell", name="200", exact=True)).to_have_count(1)
    grid.get_by_role("gridcell", name="200", exact=True).click()
    tree = inspector.get_by_role("tabpanel")
    expect(tree.get_by_text('"test"').first).to_be_visible()
    expect(tree.get_by_text("#0")).to_be_visible()
    inspector.get_by_role("tab", name="Headers").click()
    expect(tree.get_by_text("Bearer ••••••")).to_be_visible()
    inspector.get_by_role("combobox", name="How the endpoint answers").select_option(label="Answer 503")
    inspector.get_by_role("combobox", name="How often").select_option(label="until told otherwise")
    inspector.get_by_role("button", name="Apply").click()
    expect(inspector.get_by_text("answers 503")).to_be_visible()
    inspector.get_by_label("Event source of the test event").fill("account-7")
    inspector.get_by_role("button", name="Append a test event").click()
    expect(grid.get_by_role("gridcell", name="503", exact=True).first).to_be_visible()
    expect(inspector.get_by_role("img")).to_have_accessible_name(DRAWN)
    inspector.get_by_role("combobox", name="How the endpoint answers").select_option(label="Answer properly")
    inspector.get_by_role("button", name="Apply").click()
    # The kernel tries again by itself: 2 s after the first failure.
    expect(grid.get_by_role("gridcell", name="200", exact=True)).to_have_count(2)
    told(page, "print(sorted({int(each) for each in inspector.frame.status}))", "[200, 503]\n")
    saved(lab, page, "deliveries")
    inspector.get_by_role("button", name="Forget the deliveries").click()
    expect(inspector.get_by_text("0 deliveries")).to_be_visible()
    assert ask(page, "print(len(endpoint.deliveries)); inspector.close(); endpoint.stop()") == "0\n"
