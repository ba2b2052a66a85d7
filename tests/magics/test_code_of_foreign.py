"""Secrets in a webhook of another client: what a notebook prints of it, and how it comes back all the same."""

from __future__ import annotations

import re

import pytest

from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.session._client import Client
from tests.magics.conftest import Shell
from tests.waiting import eventually

KEY, PARTNER, CODE = "qx9key7canary", "qx9partner7canary", "qx9code7canary"
URL = f"http://127.0.0.1:9/api?code={CODE}"
FOREIGN = WebhookDefinition(
    "azure", URL, (EventType("AccountOpened"),), headers={"X-Functions-Key": KEY, "x-partner": PARTNER}
)
ENVIRONMENT = {"AZURE_X_FUNCTIONS_KEY": KEY, "AZURE_X_PARTNER": PARTNER, "AZURE_TARGET_URL": URL}


@pytest.fixture(autouse=True)
def foreign(connected: Shell, client: Client) -> None:
    client._kernel.add_webhooks(client.event_store, [FOREIGN])
    eventually(client.webhooks.ids)


def nothing_secret(text: str) -> bool:
    return not any(each in text for each in (KEY, PARTNER, CODE))


@pytest.mark.filterwarnings("ignore::chronicle_notebook.ChronicleWarning")
def test_a_removal_prints_no_secret_and_what_brings_everything_back(
    connected: Shell, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = connected.run("outcome = %webhook remove azure --yes")
    assert ran.error is None
    assert nothing_secret(ran.said)
    assert "or, as long as this kernel runs: client.webhooks.register(outcome.removed)" in ran.said
    cell = "%%webhook" + ran.said.partition("%%webhook")[2].partition("\n\n")[0]
    assert set(re.findall(r"AZURE_\w+", cell)) == set(ENVIRONMENT)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    connected.value(cell)
    assert client.webhooks.get("azure") == FOREIGN


@pytest.mark.filterwarnings("ignore::chronicle_notebook.ChronicleWarning")
def test_the_outcome_of_a_removal_still_has_it_and_shows_nothing_of_it(connected: Shell, client: Client) -> None:
    connected.run("outcome = %webhook remove azure --yes")
    ran = connected.run("outcome.removed")
    assert nothing_secret(ran.said)
    assert client.webhooks.ids() == []
    connected.ip.push({"client": client})
    assert connected.value("bool(client.webhooks.register(outcome.removed))")
    assert client.webhooks.get("azure") == FOREIGN


@pytest.mark.parametrize("style", ["python", "cell", "yaml"])
def test_code_prints_no_secret_in_any_style(connected: Shell, style: str) -> None:
    ran = connected.run(f"%webhook code azure --as {style}")
    assert ran.error is None
    assert nothing_secret(ran.said + str(ran.value))
    assert set(re.findall(r"AZURE_\w+", str(ran.value))) == set(ENVIRONMENT)


def test_a_form_holds_the_headers_back(client: Client) -> None:
    from chronicle_notebook.widgets._form_port import FormPort

    port = FormPort(client, lambda _message: None, client.webhooks.get("azure"))
    try:
        state = port.state()
        rows = {(row["name"], row["value"], row["masked"]) for row in state["headers"]}
        assert rows == {("X-Functions-Key", "", True), ("x-partner", "", True)}
        assert nothing_secret(str(state["previews"]) + str(state["headers"]))
        assert port.model.definition == FOREIGN.changed(headers=port.model.definition.headers)
        assert {name: value.reveal() for name, value in port.model.definition.headers.items()} == FOREIGN.headers  # type: ignore[union-attr]
    finally:
        port.close()


@pytest.mark.parametrize("style", ["python", "cell"])
def test_an_id_that_turns_the_direction_of_writing_around_is_shown_as_it_is_and_comes_back(
    connected: Shell, client: Client, style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = WebhookDefinition("orders\u202e-ue\u200b", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))
    client._kernel.add_webhooks(client.event_store, [hidden])
    eventually(lambda: hidden.id in client.webhooks.ids())
    code = str(client.webhooks.code(hidden.id, style))  # type: ignore[arg-type]
    assert all(line.isprintable() for line in code.split("\n"))
    client.webhooks.remove(hidden.id)
    for name in re.findall(r"env:(\w+_ID)", code):
        monkeypatch.setenv(name, hidden.id)
    connected.value(code if style == "cell" else code.replace("cn.client()", f"cn.client({client.name!r})"))
    assert client.webhooks.get(hidden.id) == hidden
