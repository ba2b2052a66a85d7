"""The explorer on call, in JupyterLab: what fails, why, and bringing it back."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Lab
from tests.browser.test_widgets_look import SHUT_DOWN, STICKING_OUT, violations
from tests.browser.widgets import THEME, ask, choose_action, row, saved, show
from tests.waiting import eventually

GIVEN_UP = """
@cn.event_type(id='AccountClosed')
@dataclass
class AccountClosed:
    why: str

sandbox = cn.Sandbox(settle_delay=0.02, time_scale=0.001).start()  # so that it has given up within a second
night = cn.connect(sandbox.connection_string, event_store='night', name='night')
night.ensure_event_store()
night.register_event_types()
endpoint = cn.Receiver().start()
endpoint.misbehave(status=410)
night.webhooks.register('bank', endpoint.url_for('bank'), lambda b: b.with_event_type('AccountOpened'))
night.webhooks.register('mail', endpoint.url_for('mail'), lambda b: b.with_event_type('FundsDeposited'))
night.webhooks.register('calm', endpoint.url_for('calm'), lambda b: b.with_event_type('AccountClosed'))
for number in range(25):
    night.event_log.append(f'account-{number}', AccountOpened('somebody'))
night.event_log.append('account-1', FundsDeposited(1.0))
while sum(each.given_up for each in night.failed_partitions()) < 26:
    pass
"""
EXPLORE = "explorer = night.webhooks.explore()\nexplorer"
HEIGHTS = """() => {
    const output = document.querySelector('.cn-split').closest('.jp-OutputArea-output');
    return [output.scrollHeight, output.clientHeight];
}"""
WIDTH = "cell => cell.getBoundingClientRect().width"


def ids(grid: Locator) -> list[str]:
    """The first cells with text of all rows but the header, from top to bottom."""
    rows: list[str] = grid.locator(".cn-grid-row").evaluate_all(
        "rows => rows.sort((a, b) => a.dataset.index - b.dataset.index).map(row => row.dataset.id)"
    )
    return rows


def one_scrollbar(page: Page) -> None:
    """The output is as high as what it shows: nothing of the widget can be scrolled away."""
    whole, seen = page.evaluate(HEIGHTS)
    assert whole == seen


def easy_for_everybody(page: Page) -> None:
    """Axe finds nothing serious in light and dark, and nothing sticks out on a wide page, at 200 %, and on a phone."""
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.evaluate(THEME, theme)
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str("Dark" not in theme).lower())
        for width in (640, 420, 1280):
            page.set_viewport_size({"width": width, "height": 1800})
            assert page.locator(".cn-root").evaluate(STICKING_OUT) == []
            assert violations(page) == []


def test_what_was_given_up_is_found_explained_and_brought_back(lab: Lab, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 1800})
    show(lab, page, "night", [GIVEN_UP, EXPLORE])
    explorer = page.get_by_role("region", name="Webhook explorer")
    grid = explorer.get_by_role("grid", name="Webhooks")
    failing = explorer.get_by_role("button", name="2 failing")
    expect(failing).to_be_visible()
    expect(explorer.get_by_text("3 of 3, worst first")).to_be_visible()
    assert ids(grid) == ["bank", "mail", "calm"]
    expect(row(page, "bank").get_by_text("25 given up")).to_be_visible()
    expect(row(page, "bank").get_by_role("gridcell", name="HTTP 410", exact=True)).to_be_visible()
    causes = explorer.get_by_role("table", name="Failures of all webhooks by cause")
    expect(causes.get_by_role("row", name="HTTP 410 2")).to_be_visible()
    one_scrollbar(page)

    row(page, "bank").click()
    pane = explorer.get_by_role("region", name="bank")
    expect(pane.get_by_text("The kernel has given up on 25 partitions.")).to_be_visible()
    expect(pane.get_by_role("table", name="Failures by cause").get_by_role("row", name="HTTP 410")).to_be_visible()
    one_scrollbar(page)
    pane.get_by_text("Show the first 20 of 25 partitions").click()
    expect(pane.get_by_text("account-0", exact=True)).to_be_visible()
    one_scrollbar(page)
    page.keyboard.press("Escape")

    failing.click()
    explorer.get_by_role("button", name="Clear the selection").click()
    expect(explorer.get_by_text("All 2 shown")).to_be_visible()
    easy_for_everybody(page)
    ask(page, "endpoint.misbehave(status=404, when=lambda delivery: delivery.partition == 'account-7')")
    explorer.get_by_role("button", name="Release and retry 26 partitions").click()
    expect(explorer.get_by_text("25 recovered, 1 failed again: HTTP 404.")).to_be_visible()
    expect(explorer.get_by_role("button", name="1 failing")).to_be_visible()
    expect(row(page, "mail")).to_have_count(0)
    ask(page, "endpoint.behave()")
    row(page, "bank").click()
    expect(pane.get_by_role("button", name="etry 1 partition")).to_be_visible()
    page.keyboard.press("r")
    expect(explorer.get_by_text("bank: 1 recovered.")).to_be_visible()
    expect(explorer.get_by_text("No webhook matches this filter.")).to_be_visible()
    explorer.get_by_role("button", name="Clear filter").click()
    expect(row(page, "bank").get_by_text("caught up")).to_be_visible()
    delivered = "{(each.path, each.partition) for each in endpoint.deliveries if each.status == 200}"
    assert ask(page, f"print(len({delivered}))") == "26\n"

    pause_and_resume(page, explorer)
    replay(page, explorer)
    keys_and_columns(page, explorer, grid)
    saved(lab, page, "night")
    ask(page, "explorer.close(); night.close(); endpoint.stop(); sandbox.stop()")


def pause_and_resume(page: Page, explorer: Locator) -> None:
    row(page, "mail").click()
    pane = explorer.get_by_role("region", name="mail")
    choose_action(pane, "Pause")
    pane.get_by_role("alertdialog").get_by_role("button", name="Pause").click()
    expect(row(page, "mail").get_by_text("paused").first).to_be_visible()
    expect(explorer.get_by_role("button", name="1 paused")).to_be_visible()
    expect(pane.get_by_text("Resume continues after the last delivered event.")).to_be_visible()
    assert ask(page, "print(night.webhooks.ids(), [each.id for each in night.webhooks.paused()])") == (
        "['bank', 'calm'] ['mail']\n"
    )
    ask(page, "night.event_log.append('account-2', FundsDeposited(2.0))")
    pane.get_by_role("button", name="Resume").click()
    expect(row(page, "mail").get_by_text("caught up")).to_be_visible()
    expect(explorer.get_by_role("button", name="paused")).to_have_count(0)
    mailed = (
        "len(endpoint.wait_for(2, timeout=60, where=lambda each: each.path.endswith('mail') and each.status == 200))"
    )
    assert ask(page, f"print({mailed})") == "2\n"  # that of the pause was delivered afterwards


def replay(page: Page, explorer: Locator) -> None:
    pane = explorer.get_by_role("region", name="mail")
    choose_action(pane, "Replay…")
    question = pane.get_by_role("alertdialog", name="Replay mail: send 2 events again?")
    expect(question.get_by_text("must expect events that it knows")).to_be_visible()
    expect(question.get_by_role("button", name="Do not replay")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    choose_action(pane, "Replay…")
    question.get_by_role("button", name="Replay", exact=True).click()
    expect(explorer.get_by_text("'mail' was replayed: 2 events in")).to_be_visible()
    again = "len([each for each in endpoint.deliveries if each.path.endswith('mail') and each.status == 200])"
    assert ask(page, f"print({again})") == "4\n"


def keys_and_columns(page: Page, explorer: Locator, grid: Locator) -> None:
    grid.focus()
    page.keyboard.press("Control+a")
    expect(explorer.get_by_text("3 selected")).to_be_visible()
    page.keyboard.press("/")
    expect(explorer.get_by_label("Filter by id, URL or event type")).to_be_focused()
    page.keyboard.type("ban")
    expect(explorer.get_by_text("1 of 3")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(grid).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(explorer.get_by_role("heading", name="bank")).to_be_focused()
    explorer.get_by_role("button", name="Clear filter").click()
    header = grid.get_by_role("columnheader", name="Id")
    box: Any = header.bounding_box()
    header.click(position={"x": box["width"] - 20, "y": box["height"] / 2})
    expect(header).to_have_attribute("aria-sort", "descending")
    before = header.evaluate(WIDTH)
    header.get_by_role("button").press("Shift+ArrowRight")
    eventually(lambda: header.evaluate(WIDTH) > before + 10)
    edge: Any = header.locator(".cn-edge").bounding_box()
    page.mouse.move(edge["x"] + 3, edge["y"] + 5)
    page.mouse.down()
    page.mouse.move(edge["x"] - 47, edge["y"] + 5)
    page.mouse.up()
    eventually(lambda: header.evaluate(WIDTH) < before)
    header.locator(".cn-edge").dblclick()
    eventually(lambda: abs(header.evaluate(WIDTH) - before) < 1)


HANGING = """
from chronicle_notebook.triage import _assess
_assess.STALLED_AFTER = 0.2
sandbox = cn.Sandbox(settle_delay=0.02, time_scale=100).start()  # a kernel that waits for an answer for 3,000 s
night = cn.connect(sandbox.connection_string, event_store='night', name='night')
night.ensure_event_store()
night.register_event_types()
endpoint = cn.Receiver().start()
endpoint.misbehave(delay=3600, when=lambda delivery: delivery.path.endswith('slow'))
night.webhooks.register('brisk', endpoint.url_for('brisk'), lambda b: b.with_event_type('FundsDeposited'))
night.webhooks.register('slow', endpoint.url_for('slow'), lambda b: b.with_event_type('AccountOpened'))
night.event_log.append('account-1', FundsDeposited(1.0))
seen = endpoint.wait_for(1)
"""


def test_a_hanging_target_turns_amber_and_a_saved_notebook_shows_it_first(lab: Lab, page: Page) -> None:
    show(lab, page, "hanging", [HANGING, EXPLORE])
    explorer = page.get_by_role("region", name="Webhook explorer")
    expect(row(page, "slow").get_by_text("caught up")).to_be_visible()
    ask(page, "night.event_log.append('account-1', AccountOpened('somebody'))")
    stalled = row(page, "slow").get_by_text("stalled")
    expect(stalled).to_be_visible()
    expect(stalled).to_have_class("cn-pill cn-warning")
    expect(explorer.get_by_role("button", name="1 stalled")).to_be_visible()
    # The other webhook has seen no event of its types that it has not handled: it is green, and nothing waits for it.
    expect(row(page, "brisk").get_by_text("caught up")).to_be_visible()
    expect(row(page, "brisk").get_by_role("gridcell", name="0", exact=True)).to_be_visible()
    row(page, "slow").click()
    expect(explorer.get_by_text("Events wait, and nothing is handled.")).to_be_visible()
    expect(page.locator(".chronicle-notebook td", has_text="stalled")).to_have_count(1)  # the static form follows
    saved(lab, page, "hanging")
    page.evaluate(SHUT_DOWN)
    lab.open(page, "hanging.ipynb")
    expect(page.get_by_text("A snapshot of")).to_be_visible()
    expect(page.locator(".chronicle-notebook [scope=row]")).to_have_text(["slow", "brisk"])
    expect(page.get_by_role("row", name="slow").get_by_text("nothing handled")).to_be_visible()
    above = page.evaluate(
        "() => document.querySelector('.chronicle-notebook caption').getBoundingClientRect().bottom <="
        " document.querySelector('.chronicle-notebook tbody').getBoundingClientRect().top"
    )
    assert above, "the time of the snapshot is above the table"
