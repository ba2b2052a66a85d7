"""The explorer, in JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import chronicle_notebook as cn
from tests.browser.conftest import Lab
from tests.browser.test_widgets_look import violations
from tests.browser.widgets import CANARY, ask, choose_action, row, saved, show, told
from tests.many import many_webhooks
from tests.scripted import ScriptedKernel, scripted
from tests.waiting import eventually

EXPLORE = "explorer = client.webhooks.explore()\nexplorer"
REGISTER = "client.webhooks.register({0!r}, 'http://127.0.0.1:9/in', lambda b: b.with_event_type('AccountOpened'){1})"


def test_a_webhook_registered_elsewhere_appears_and_can_be_removed_and_brought_back(lab: Lab, page: Page) -> None:
    show(lab, page, "explore", [EXPLORE])
    explorer = page.get_by_role("region", name="Webhook explorer")
    expect(explorer.get_by_text("No webhook is registered here yet.")).to_be_visible()
    with cn.connect(lab.connection_string, event_store="explore", name="elsewhere") as elsewhere:
        elsewhere.webhooks.register(
            "audit-feed",
            "http://127.0.0.1:9/in",
            lambda b: b.with_event_type("AccountOpened").with_headers({"x-team": CANARY, "x-managed-by": "git"}),
        )
        expect(row(page, "audit-feed")).to_be_visible()
        row(page, "audit-feed").click()
        details = explorer.get_by_role("region", name="audit-feed")
        expect(details.get_by_role("row", name="Default")).to_be_visible()
        expect(details.get_by_text("x-team: ••••••")).to_be_visible()
        expect(details.get_by_role("heading", name="Owner (x-managed-by)")).to_be_visible()
        expect(details.get_by_text("git", exact=True)).to_be_visible()
        told(page, "print(explorer.selected[0].id)", "audit-feed\n")
        choose_action(details, "Remove")
        expect(details.get_by_role("button", name="Keep it")).to_be_focused()
        page.keyboard.press("Escape")
        expect(details.get_by_role("alertdialog")).to_have_count(0)
        choose_action(details, "Remove")
        details.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
        expect(row(page, "audit-feed")).to_have_count(0)
        assert elsewhere.webhooks.all().find("audit-feed") is None
        explorer.get_by_role("button", name="Undo").click()
        expect(row(page, "audit-feed")).to_be_visible()
        assert elsewhere.webhooks.get("audit-feed").headers["x-team"] == CANARY
        saved(lab, page, "explore")


def test_an_edit_of_an_ignored_field_warns_and_takes_effect_as_one_guarded_step(lab: Lab, page: Page) -> None:
    bearer = f".with_bearer_token(cn.Secret({CANARY[:6]!r} + {CANARY[6:]!r}))"
    show(lab, page, "edit", [REGISTER.format("plain", ""), REGISTER.format("secured", bearer), EXPLORE])
    explorer = page.get_by_role("region", name="Webhook explorer")
    row(page, "plain").click()
    explorer.get_by_role("button", name="Edit").click()
    explorer.get_by_label("Replayable").uncheck()
    expect(explorer.get_by_text("ignored by the kernel")).to_be_visible()
    explorer.get_by_role("button", name="Register the change").click()
    expect(explorer.get_by_text("These fields did not take effect: replayable")).to_be_visible()
    explorer.get_by_role("button", name="Remove and register again").click()
    expect(explorer.get_by_text("It was removed and registered again.")).to_be_visible()
    told(page, "print(client.webhooks.get('plain').replayable)", "False\n")
    explorer.get_by_role("button", name="Back to the list").click()
    row(page, "secured").click()
    choose_action(explorer.get_by_role("region", name="secured"), "Remove")
    explorer.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    explorer.get_by_role("button", name="Undo").click()
    expect(explorer.get_by_text("The kernel does not give credentials back.")).to_be_visible()
    expect(explorer.get_by_label("Id", exact=True)).to_have_value("secured")
    ask(page, f"import os; os.environ['SECURED_TOKEN'] = {CANARY[:6]!r} + {CANARY[6:]!r}")
    explorer.get_by_label("Environment variable").fill("SECURED_TOKEN")
    expect(explorer.get_by_text("Set in this Python kernel ✓").locator("visible=true")).to_be_visible()
    explorer.get_by_role("button", name="Register", exact=True).click()
    expect(explorer.get_by_text("'secured' was created")).to_be_visible()
    saved(lab, page, "edit")


@pytest.fixture(scope="module")
def crowded() -> Iterator[ScriptedKernel]:
    with scripted() as kernel:
        many_webhooks(kernel, 10_000)
        yield kernel


def test_ten_thousand_are_filtered_and_selected_by_keyboard(lab: Lab, page: Page, crowded: ScriptedKernel) -> None:
    source = (
        f"crowd = cn.connect({crowded.connection_string!r}, event_store='banking', name='crowd')\n"
        "explorer = crowd.webhooks.explore()\nexplorer"
    )
    show(lab, page, "crowd", [source])
    explorer = page.get_by_role("region", name="Webhook explorer")
    grid = explorer.get_by_role("grid", name="Webhooks")
    expect(explorer.get_by_text("10,000 of 10,000")).to_be_visible()
    expect(grid).to_have_attribute("aria-rowcount", "10001")
    assert grid.get_by_role("row").count() < 60
    assert violations(page) == []  # with more rows than are seen at a time
    grid.focus()
    page.keyboard.press("End")
    expect(row(page, "hook-09999")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowDown")
    told(page, "print(explorer.selected_ids)", "['hook-00000', 'hook-00001']\n")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    told(page, "print(explorer.selected_ids)", "[]\n")
    explorer.get_by_role("button", name="Id").click()
    expect(grid.get_by_role("columnheader", name="Id")).to_have_attribute("aria-sort", "descending")
    expect(row(page, "hook-09999")).to_be_visible()
    explorer.get_by_label("Filter by id, URL or event type").fill("hook-0423")
    expect(explorer.get_by_text("10 of 10,000")).to_be_visible()
    explorer.get_by_label("Filter by authorization").select_option("bearer")
    shown = explorer.get_by_text(" of 10,000")
    eventually(lambda: ask(page, "print(len(explorer.frame), 'of 10,000')") == f"{shown.text_content()}\n")
    row(page, "hook-04238").click()
    told(page, "print([each.target_url for each in explorer.selected])", "['https://host-38.example.com/in/4238']\n")
    ask(page, "explorer.filter = {'text': 'hook-00007'}")
    expect(row(page, "hook-00007")).to_be_visible()
    ask(page, "explorer.selected_ids = ['hook-00007']")
    expect(row(page, "hook-00007")).to_have_attribute("aria-selected", "true")
    saved(lab, page, "crowd")


def test_the_kernel_dies_and_comes_back_while_the_explorer_is_open(lab: Lab, page: Page, tmp_path: Path) -> None:
    with cn.Sandbox(data=tmp_path, settle_delay=0.02) as kernel:
        port = kernel.port
        source = (
            f"other = cn.connect({kernel.connection_string!r}, event_store='bank', name='other')\n"
            "other.ensure_event_store()\nother.register_event_types()\n"
            "other.webhooks.register('audit', 'http://127.0.0.1:9/in', lambda b: b.with_event_type('AccountOpened')"
            f".with_bearer_token(cn.Secret({CANARY[:6]!r} + {CANARY[6:]!r})))\n"
            "explorer = other.webhooks.explore()\nexplorer"
        )
        show(lab, page, "comes-back", [source])
        explorer = page.get_by_role("region", name="Webhook explorer")
        expect(explorer.get_by_text("live", exact=True)).to_be_visible()
        expect(row(page, "audit")).to_be_visible()
    expect(explorer.get_by_text("reconnecting: as of")).to_be_visible()
    expect(row(page, "audit")).to_be_visible()
    with cn.Sandbox(data=tmp_path, settle_delay=0.02, port=port) as kernel:
        expect(explorer.get_by_text("live", exact=True)).to_be_visible()
        with cn.connect(kernel.connection_string, event_store="bank", name="again") as client:
            client.webhooks.register("later", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
        expect(row(page, "later")).to_be_visible()
        saved(lab, page, "comes-back")
        ask(page, "explorer.close()")


COUNT = """
ours = sorted(each.name for each in threading.enumerate() if each.name.startswith(("explorer", "observe", "job")))
print(len(comm.get_comm_manager().comms), ours, len(client._channel._streams))
"""


def test_opening_and_closing_fifty_explorers_leaves_no_thread_channel_or_comm(lab: Lab, page: Page) -> None:
    show(lab, page, "fifty", ["from IPython.display import display\nimport threading, comm"])
    ask(page, "explorer = client.webhooks.explore(); display(explorer); explorer.close()")
    before = ask(page, COUNT)
    ask(
        page,
        "for _ in range(50):\n    explorer = client.webhooks.explore()\n    display(explorer)\n    explorer.close()",
    )
    told(page, COUNT, before)
    assert before.endswith(" [] 0\n")


def test_failed_partitions_are_tried_again_from_the_pane_by_keyboard(lab: Lab, page: Page) -> None:
    scene = """
sandbox = cn.Sandbox(settle_delay=0.02, time_scale=20).start()  # by itself it would try again after 40 s
slow = cn.connect(sandbox.connection_string, event_store='retry', name='slow')
slow.ensure_event_store()
slow.register_event_types()
endpoint = cn.Receiver().start()
endpoint.misbehave(status=404)  # which is not tried again at once
slow.webhooks.register('orders', endpoint.url_for('orders'), lambda b: b.with_event_type('AccountOpened'))
slow.event_log.append('account-1', AccountOpened('customer-17'))
"""
    show(lab, page, "retry", [scene, "explorer = slow.webhooks.explore()\nexplorer"])
    explorer = page.get_by_role("region", name="Webhook explorer")
    row(page, "orders").click()
    pane = explorer.get_by_role("region", name="orders")
    retry = pane.get_by_role("button", name="Retry 1 partition")
    expect(pane.get_by_text("1 partition fails.")).to_be_visible()
    expect(retry).to_have_accessible_description("orders")
    retry.press("Enter")
    expect(explorer.get_by_text("orders: 1 failed again: HTTP 404.")).to_be_visible()
    told(page, "print([each.status for each in endpoint.deliveries])", "[404, 404]\n")
    expect(retry).to_be_focused()  # although what stands below it was painted anew
    pane.get_by_text("Show 1 partition").click()
    expect(pane.get_by_text("account-1")).to_have_count(1)
    ask(page, "endpoint.behave()")
    retry.press("Enter")
    expect(explorer.get_by_text("orders: 1 recovered.")).to_be_visible()
    expect(pane.get_by_text("1 partition fails.")).to_have_count(0)
    expect(retry).to_be_hidden()
    expect(pane.get_by_role("heading", name="orders")).to_be_focused()
    expect(row(page, "orders").get_by_text("caught up")).to_be_visible()
    told(page, "print([each.status for each in endpoint.deliveries])", "[404, 404, 200]\n")
    ask(page, "explorer.close(); slow.close(); endpoint.stop(); sandbox.stop()")


RUNNING = """
ours = [each.name for each in threading.enumerate() if each.name.startswith(("explorer", "observe", "inspector"))]
print(sorted(ours), len(client._channel._streams))
"""
LEAVE = """
import pathlib, time
from chronicle_notebook.widgets import _visibility

def wait():
    while not explorer.resting:
        time.sleep(0.02)
    _visibility.LEASE = 150.0
    pathlib.Path('rested').touch()

_visibility.LEASE = 1.0
explorer._wake()
threading.Thread(target=wait, daemon=True).start()
"""
RUN_AGAIN = "async () => window.jupyterapp.commands.execute('notebook:run-cell')"


def test_of_five_runs_of_a_cell_only_the_last_goes_on(lab: Lab, page: Page) -> None:
    scene = f"import threading\nruns = []\n{REGISTER.format('orders', '')}"
    show(lab, page, "again", [scene, "explorer = client.webhooks.explore()\nruns.append(explorer)\nexplorer"])
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2; }")
    for count in range(2, 6):
        page.evaluate(RUN_AGAIN)
        told(page, "print(len(runs))", f"{count}\n")
    expect(row(page, "orders")).to_have_count(1)
    row(page, "orders").click()
    told(page, RUNNING, "['explorer-observers', 'observe-webhooks-again'] 1\n")
    told(page, "print([each.resting for each in runs])", "[True, True, True, True, False]\n")
    with cn.connect(lab.connection_string, event_store="again", name="aside") as aside:
        aside.webhooks.register("later", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    expect(row(page, "later")).to_be_visible()
    told(page, "print(list(runs[0].frame.index))", "['orders', 'later']\n")
    ask(page, "runs[0].close()")
    expect(row(page, "orders")).to_have_attribute("aria-selected", "true")
    # A page that is closed says nothing: the lease runs out, and whoever opens the notebook again finds it as it was.
    page.evaluate("async () => window.jupyterapp.commands.execute('docmanager:save')")
    ask(page, LEAVE)
    page.goto("about:blank")
    eventually((lab.root / "rested").exists)
    lab.open(page, "again.ipynb")
    lab.ready(page)
    expect(page.get_by_role("region", name="Webhook explorer")).to_be_visible()
    expect(row(page, "orders")).to_have_attribute("aria-selected", "true")
    told(page, "print(explorer.selected_ids, explorer.model.link)", "['orders'] live\n")
    ask(page, "for each in runs: each.close()")
    told(page, RUNNING, "[] 0\n")
