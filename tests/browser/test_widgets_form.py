"""The form, in JupyterLab, by keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Lab
from tests.browser.widgets import CANARY, ask, saved, show, told

BUSY = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code, store_history: false});
    await new Promise(begun => { future.onIOPub = message => message.header.msg_type === 'execute_input' && begun(); });
}"""
KEYS_TOLD = "{'x-api-key': Secret.env('PAY_IN_KEY')} reader\n"


def tab_to(page: Page, control: Locator) -> None:
    """Press Tab until a control has the focus."""
    for _ in range(40):
        if control.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the control cannot be reached with Tab")


def test_a_webhook_is_built_and_registered_by_keyboard_alone(lab: Lab, page: Page) -> None:
    show(lab, page, "form-by-keyboard", ["form = cn.widgets.WebhookForm(client)\nform"])
    form = page.get_by_role("region", name="Webhook form")
    register = form.get_by_role("button", name="Register")
    expect(register).to_have_attribute("aria-disabled", "true")
    keyboard = page.keyboard
    form.get_by_role("button", name="Fill in id, URL and event types.").click()
    expect(form.get_by_label("Id", exact=True)).to_be_focused()
    expect(form.locator("[aria-invalid=true]")).to_have_count(0)
    keyboard.type("account-events")
    keyboard.press("Tab")
    keyboard.type("htps://example.com")
    url = form.get_by_label("Target URL")
    expect(url).to_have_attribute("aria-invalid", "true")
    expect(url).to_have_accessible_description(re.compile("not an absolute http or https URL"))
    keyboard.press("ControlOrMeta+a")
    keyboard.type("http://127.0.0.1:9/in")
    expect(url).to_have_attribute("aria-invalid", "false")
    keyboard.press("Tab")
    keyboard.type("opened")
    expect(form.get_by_role("option", name="AccountOpened")).to_be_visible()
    keyboard.press("Enter")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    keyboard.press("Escape")
    expect(form.get_by_role("button", name="Remove FundsDeposited+2")).to_be_visible()
    tab_to(page, form.get_by_role("radio", name="None"))
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    expect(form.get_by_role("radio", name="Bearer")).to_be_checked()
    tab_to(page, form.get_by_label("Where the secret comes from").or_(form.get_by_label("Token", exact=True)).first)
    keyboard.press("ArrowDown")
    secret = form.get_by_label("Token, to type")
    tab_to(page, secret)
    keyboard.type(CANARY)
    keyboard.press("Tab")
    expect(form.get_by_text("Kept only in this Python kernel").locator("visible=true")).to_be_visible()
    expect(form.locator("input[type=password]").first).to_have_value("")
    saved(lab, page, "form-by-keyboard")
    tab_to(page, form.get_by_role("button", name="Add a header"))
    keyboard.press("Enter")
    keyboard.type("x-source")  # at once, without waiting for Python
    keyboard.press("Tab")
    keyboard.type("my-app")
    expect(form.get_by_label("Name of the header")).to_have_value("x-source")
    tab_to(page, form.get_by_role("tab", name="Python"))
    keyboard.press("ArrowRight")
    expect(form.get_by_role("tabpanel")).to_contain_text("%%webhook account-events http://127.0.0.1:9/in")
    keyboard.press("ArrowRight")
    expect(form.get_by_role("tabpanel")).to_contain_text("x-source: my-app")
    expect(form.get_by_role("tabpanel")).not_to_contain_text(CANARY)
    tab_to(page, register)
    expect(register).to_have_attribute("aria-disabled", "false")
    keyboard.press("Enter")
    expect(form.get_by_text("'account-events' was created")).to_be_visible()
    assert ask(page, "print(form.outcome.action, client.webhooks.get('account-events').authorization.kind)") == (
        "created bearer\n"
    )
    assert ask(page, f"print(form.definition.authorization.token == cn.Secret({CANARY!r}))") == "True\n"
    saved(lab, page, "form-by-keyboard")


def test_a_target_is_tested_before_anything_is_registered(lab: Lab, page: Page) -> None:
    cells = [
        "endpoint = cn.Receiver().start()",
        "built = cn.DefinitionBuilder().with_event_type('AccountOpened').build('tested', endpoint.url)",
        "form = cn.widgets.WebhookForm(client, built)\nform",
    ]
    show(lab, page, "form-test", cells)
    form = page.get_by_role("region", name="Webhook form")
    form.get_by_role("button", name="Test target").click()
    expect(form.get_by_text("tested: answered 2xx: 200 OK")).to_be_visible()
    ask(page, "endpoint.misbehave(delay=3600)")
    form.get_by_role("button", name="Test target").click()
    running = form.get_by_role("status").filter(has_text="Testing 'tested'")
    expect(running).to_be_visible()
    form.get_by_label("Id", exact=True).fill("still-alive")
    expect(form.get_by_role("tabpanel")).to_contain_text("still-alive")
    running.get_by_role("button", name="Cancel").click()
    saved(lab, page, "form-test")
    ask(page, "endpoint.stop()")
    expect(running).to_be_hidden()
    expect(form.get_by_text("You cancelled this.")).to_be_visible()


def test_what_stands_half_typed_among_the_event_types_is_not_lost(lab: Lab, page: Page) -> None:
    show(lab, page, "half-typed", ["form = cn.widgets.WebhookForm(client)\nform"])
    form = page.get_by_role("region", name="Webhook form")
    types = form.get_by_role("combobox", name="Event types")
    register = form.get_by_role("button", name="Register")
    form.get_by_label("Id", exact=True).fill("half-typed")
    form.get_by_label("Target URL").fill("http://127.0.0.1:9/in")
    types.focus()
    page.keyboard.type("accountopened")
    page.keyboard.press("Tab")
    expect(form.get_by_role("button", name="Remove AccountOpened")).to_be_visible()
    expect(types).to_have_value("")
    expect(register).to_have_attribute("aria-disabled", "false")
    types.focus()
    page.keyboard.type("FundsDepo")
    page.keyboard.press("Tab")
    expect(types).to_have_value("FundsDepo")
    expect(types).to_have_attribute("aria-invalid", "true")
    expect(types).to_have_accessible_description(re.compile("The typed text is not an event type"))
    expect(register).to_have_attribute("aria-disabled", "true")
    types.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    expect(register).to_have_attribute("aria-disabled", "false")
    page.keyboard.type("Nope")
    page.keyboard.press("Enter")
    expect(types).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("funds")
    page.keyboard.press("Enter")
    expect(form.get_by_role("button", name="Remove FundsDeposited+2")).to_be_visible()
    expect(register).to_have_attribute("aria-disabled", "false")


def test_the_focus_stays_on_a_button_that_was_pressed_and_the_code_names_the_offered_variable(
    lab: Lab, page: Page
) -> None:
    show(lab, page, "focus", ["form = cn.widgets.WebhookForm(client)\nform"])
    form = page.get_by_role("region", name="Webhook form")
    form.get_by_label("Id", exact=True).fill("kb-hook")
    form.get_by_label("Target URL").fill("http://127.0.0.1:9/in")
    form.get_by_role("radio", name="Bearer").check()
    variable = form.get_by_label("Environment variable")
    expect(variable).to_have_value("KB_HOOK_TOKEN")
    not_set = form.get_by_text("KB_HOOK_TOKEN is not set in this Python kernel")
    expect(not_set.locator("visible=true")).to_be_visible()
    expect(form.get_by_role("tabpanel", name="The same as Python")).to_contain_text('cn.Secret.env("KB_HOOK_TOKEN")')
    variable.fill("NOT_SET_ANYWHERE")
    test = form.get_by_role("button", name="Test target")
    test.press("Enter")
    expect(form.get_by_text("The environment variable 'NOT_SET_ANYWHERE' is not set.")).to_be_visible()
    expect(test).to_be_focused()
    expect(test).to_have_attribute("aria-disabled", "false")


def test_no_key_waits_for_python(lab: Lab, page: Page) -> None:
    show(lab, page, "keys", ["form = cn.widgets.WebhookForm(client)\nform"])
    form = page.get_by_role("region", name="Webhook form")
    form.get_by_label("Id", exact=True).fill("pay-in")
    expect(form.get_by_role("tabpanel")).to_contain_text("pay-in")
    free = lab.root / "python-is-free"
    page.evaluate(BUSY, f"import pathlib, time\nwhile not pathlib.Path({str(free)!r}).exists():\n    time.sleep(0.02)")
    keyboard = page.keyboard
    form.get_by_role("button", name="Add a header").press("Enter")
    keyboard.type("x-api-key")
    keyboard.press("Tab")
    keyboard.type("env:PAY_IN_KEY")
    form.get_by_role("button", name="Add a header").press("Enter")
    keyboard.type("x-dropped")
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    form.get_by_role("radio", name="None").press("ArrowRight")
    keyboard.press("Tab")
    keyboard.type("reader")
    free.touch()
    expect(form.get_by_label("Environment variable")).to_have_value("PAY_IN_PASSWORD")
    expect(form.get_by_label("User name")).to_have_value("reader")
    expect(form.get_by_label("Name of the header")).to_have_value("x-api-key")
    expect(form.get_by_label("Value of the header")).to_have_value("env:PAY_IN_KEY")
    told(page, "print(dict(form.definition.headers), form.definition.authorization.username)", KEYS_TOLD)
