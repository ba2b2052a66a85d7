"""A form that writes into a file of webhooks as code, as well as to the kernel; and the owner in the explorer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.widgets._details import details
from chronicle_notebook.widgets._explorer_model import ExplorerModel
from chronicle_notebook.widgets._form_file import StateFile
from tests.waiting import eventually

CANARY = "canary-value-4711"
FILE = """\
version: 1
# Reviewed by the platform team.
owned_by: {header: x-managed-by, value: git}
webhooks:
  - {id: other, url: "https://other.example.com/in", event_types: [AccountOpened]}  # stays
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "webhooks.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture
def form(client: cn.Client, path: Path) -> Iterator[cn.widgets.WebhookForm]:
    made = cn.widgets.WebhookForm(client, file=path)
    eventually(lambda: made.model.choices)
    yield made
    made.close()


def registered(form: cn.widgets.WebhookForm) -> str:
    """Fill the form in and register. Returns what it says."""
    model = form.model
    for field, value in (
        ("id", "ledger"),
        ("target_url", "http://127.0.0.1:9/in"),
        ("event_types", ["AccountOpened"]),
        ("kind", "bearer"),
    ):
        model.set(field, value)
    model.give_secret(CANARY)
    model.register()
    eventually(lambda: model.told)
    assert model.told is not None
    return " ".join([model.told.title, *model.told.lines])


def test_the_webhook_is_in_the_file_and_at_the_kernel_and_the_secret_is_in_neither(
    client: cn.Client, path: Path, form: cn.widgets.WebhookForm
) -> None:
    assert f"New webhook, also in {path}" in form._port.state()["title"]
    assert f"{path} has it too." in registered(form)
    text = path.read_text()
    assert CANARY not in text
    assert "# Reviewed by the platform team." in text
    assert "# stays" in text
    state = cn.DesiredState.read(path)
    assert [each.id for each in state.webhooks] == ["ledger", "other"]
    assert client.webhooks.get("ledger").headers == {"x-managed-by": "git"}
    assert [each.webhook for each in state.drift(client)] == ["other"]


def test_an_error_of_the_file_is_told_and_does_not_hide_the_outcome(
    client: cn.Client, path: Path, form: cn.widgets.WebhookForm
) -> None:
    path.write_text(f"{FILE}  - {{id: ledger}}\n")
    with pytest.raises(cn.StateFileError):
        cn.widgets.WebhookForm(client, file=path)
    assert "line 6" in registered(form), "nothing is sent while the file is wrong"
    assert client.webhooks.ids() == []
    path.write_text(FILE)
    told = StateFile(path.with_name("gone.yaml")).put(form.definition)
    assert told.startswith(f"It was not written to {path.with_name('gone.yaml')}: ")
    assert CANARY not in told


def test_the_explorer_shows_who_owns_a_webhook(client: cn.Client, tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text("version: 1\nowned_by: {ids: ['al*']}\nwebhooks: []\n")
    builder = cn.DefinitionBuilder().with_event_type("AccountOpened")
    marked = builder.with_header("X-Managed-By", "team-<ledger>").with_header("x-team", CANARY)
    client.webhooks.register(marked.build("owned", "http://127.0.0.1:9/in"))
    client.webhooks.register(
        cn.DefinitionBuilder().with_event_type("AccountOpened").build("alone", "http://127.0.0.1:9/in")
    )
    model = ExplorerModel(client, lambda _: None)
    try:
        model.start()
        eventually(lambda: model.hooks is not None and len(model.hooks) == 2)
        found = [details(model, name, file) for file in (None, StateFile(path)) for name in ("owned", "alone")]
        path.write_text("version: 2\n")
        found.append(details(model, "alone", StateFile(path)))
    finally:
        model.close()
    by_header = ["Owner (x-managed-by)", "team-<ledger>"]
    by_file = ["Owner", "ours.yaml (ids like al*)"]
    assert [each and each["owner"] for each in found] == [by_header, [], by_header, by_file, []]
    assert CANARY not in str(found)
    with pytest.raises(cn.StateFileError, match=r"line 1"):
        client.webhooks.explore(file=path)
