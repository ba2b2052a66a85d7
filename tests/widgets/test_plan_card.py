"""The card of a plan: applying it from the browser, the outcome of each change, planning again and going back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import chronicle_notebook as cn
from chronicle_notebook.desired import _apply
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.widgets._plan_model import NOT_SENT, UNKNOWN
from tests.waiting import LONG
from tests.widgets.conftest import receive

CANARY = "canary-value-4711"
FILE = """\
version: 1
owned_by: {{header: x-managed-by, value: git}}
webhooks:
  - {{id: one, url: "{url}", event_types: [AccountOpened], authorization: {{kind: bearer, token: env:CARD_TOKEN}}}}
  - {{id: two, url: "http://127.0.0.1:9/two", event_types: [AccountOpened]}}
"""

Sent = list[dict[str, Any]]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARD_TOKEN", CANARY)
    path = tmp_path / "webhooks.yaml"
    path.write_text(FILE.format(url="http://127.0.0.1:9/one"))
    return path


@pytest.fixture
def card(client: cn.Client, path: Path, sent: Sent) -> Iterator[cn.widgets.PlanCard]:
    made = cn.widgets.PlanCard(cn.DesiredState.read(path).plan(client))
    receive(made, kind="hello")
    yield made
    made.close()


def last(sent: Sent, kind: str) -> dict[str, Any]:
    return next(message for message in reversed(sent) if message["kind"] == kind)


def states(card: cn.widgets.PlanCard) -> dict[str, str]:
    return {each.webhook: each.state for each in card.model.changes.values()}


def act(card: cn.widgets.PlanCard, **message: Any) -> None:
    receive(card, **message)
    assert card.model.jobs.wait(60)


def test_a_plan_is_applied_and_each_change_has_its_outcome(
    client: cn.Client, path: Path, card: cn.widgets.PlanCard, sent: Sent
) -> None:
    assert last(sent, "plan")["counts"] == "creates 2 webhooks"
    assert "nothing was sent" in card._static()
    act(card, kind="apply")
    assert client.webhooks.ids() == ["one", "two"]
    assert card.applied is not None
    assert card.applied.before is not None
    assert all("created" in state for state in states(card).values())
    assert [row[:3] for row in last(sent, "changes")["rows"]] == [["one", "create", "good"], ["two", "create", "good"]]
    assert str(card.applied.before) in last(sent, "changes")["foot"]
    assert "nothing was sent" not in card._static()
    steps = [[row[3] for row in message["rows"]] for message in sent if message["kind"] == "changes"]
    assert ["is being sent", "is being sent"] in steps
    act(card, kind="apply")  # a second click sends nothing
    assert CANARY not in repr([sent, card, card._static(), card.get_state()])

    path.write_text(FILE.format(url="http://127.0.0.1:9/other"))
    act(card, kind="again")  # the file is read again
    assert last(sent, "plan")["changes"] == 1
    assert last(sent, "changes")["rows"] == []
    assert card.applied is None


def test_going_back_is_a_plan_that_asks_for_consent_to_many_removals(
    client: cn.Client, card: cn.widgets.PlanCard, sent: Sent
) -> None:
    act(card, kind="apply")
    act(card, kind="back")
    assert card.model.told is None, card.model.told
    assert last(sent, "plan")["counts"] == "removes 2 webhooks"
    assert [name for name, _ in last(sent, "plan")["consents"]] == ["allow_removals"]
    assert client.webhooks.ids() == ["one", "two"]  # nothing is sent before somebody agrees


def test_pruning_is_offered_planned_and_refused_without_consent(
    client: cn.Client, path: Path, card: cn.widgets.PlanCard, sent: Sent
) -> None:
    act(card, kind="apply")
    path.write_text("version: 1\nowned_by: {header: x-managed-by, value: git}\nwebhooks: []\n")
    act(card, kind="again")
    assert last(sent, "plan")["offered"]["prune"]
    act(card, kind="again", prune=True)
    assert [name for name, _ in last(sent, "plan")["consents"]] == ["allow_removals"]
    act(card, kind="apply")
    assert card.model.told is not None
    assert "more than a fifth" in card.model.told.title
    assert client.webhooks.ids() == ["one", "two"]
    act(card, kind="apply", consents=["allow_removals"])
    assert client.webhooks.ids() == []


def test_a_failure_leaves_no_change_without_a_word(
    client: cn.Client, path: Path, card: cn.widgets.PlanCard, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(card, kind="apply")
    new = "  - {id: new, url: 'http://127.0.0.1:9/n', event_types: [AccountOpened]}\n"
    path.write_text(FILE.partition("  - ")[0].format() + new)
    act(card, kind="again", prune=True)

    def fails(*_: Any) -> None:
        raise cn.KernelError("The kernel did not answer.")

    monkeypatch.setattr(_apply, "_send", fails)
    act(card, kind="apply", consents=["allow_removals"])
    assert states(card) == {"new": UNKNOWN, "one": NOT_SENT, "two": NOT_SENT}
    assert card.model.told is not None
    assert any("What was registered before is in" in line for line in card.model.told.lines)
    assert "did not come to its end" in card._static()
    assert NOT_SENT in card._static()


def test_a_protected_store_asks_for_its_name(client: cn.Client, path: Path, sent: Sent) -> None:
    with cn.connect(
        client.connection_string if hasattr(client, "connection_string") else f"chronicle://{client.server}",
        event_store=client.event_store,
        name="locked-card",
        protected=True,
    ) as locked:
        card = cn.widgets.PlanCard(cn.DesiredState.read(path).plan(locked))
        receive(card, kind="hello")
        assert last(sent, "head")["lock"]["open"] is False
        act(card, kind="apply")
        assert last(sent, "told")["told"]["lines"][0] == "Type the event store's name in the red bar, and try again."
        receive(card, kind="unlock", name=client.event_store)
        act(card, kind="apply")
        assert card.applied
        card.close()


def test_a_plan_that_python_applies_is_done_on_its_card_too(client: cn.Client, path: Path, sent: Sent) -> None:
    plan = cn.DesiredState.read(path).plan(client)
    plan._card = card = cn.widgets.PlanCard(plan)
    receive(card, kind="hello")
    assert plan.apply() is plan.applied is card.applied
    assert [row[:3] for row in last(sent, "changes")["rows"]] == [["one", "create", "good"], ["two", "create", "good"]]
    act(card, kind="apply")
    assert card.model.told is not None
    assert card.model.told.title.startswith("Applied: 2 in effect")
    card.close()


def test_an_application_by_python_after_one_by_the_button_that_failed_is_shown(
    client: cn.Client, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise cn.KernelError("The kernel did not answer.")

    plan = cn.DesiredState.read(path).plan(client)
    plan._card = card = cn.widgets.PlanCard(plan)
    with monkeypatch.context() as patch:
        patch.setattr(_apply, "_send", fails)
        act(card, kind="apply")
    assert set(states(card).values()) <= {UNKNOWN, NOT_SENT}
    assert plan.apply() is card.applied
    assert not {UNKNOWN, NOT_SENT} & set(states(card).values())
    card.close()


def test_a_card_that_is_made_after_the_application_does_not_offer_it_again(
    client: cn.Client, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = cn.DesiredState.read(path).plan(client)
    bundle = plan._repr_mimebundle_()
    assert bundle is not None
    assert "2 to create" in bundle[0]["text/plain"]
    done = plan.apply()
    assert plan._repr_mimebundle_() == ({"text/plain": repr(done), "text/html": done._repr_html_()}, {})
    monkeypatch.setattr(cn.Client, "plan_card", lambda _, plan: cn.widgets.PlanCard(plan))  # as in a notebook
    plan._repr_mimebundle_()
    card = plan._card
    assert isinstance(card, cn.widgets.PlanCard)
    assert card.applied is done
    assert card.model.begun
    card.close()


def test_a_long_plan_is_sent_to_the_browser_a_few_times_and_not_for_each_webhook(
    client: cn.Client, sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the state of before goes here
    hooks = [cn.DefinitionBuilder().with_event_type("A").build(f"n-{each}", "http://127.0.0.1:9") for each in range(40)]
    card = cn.widgets.PlanCard(cn.DesiredState(tuple(hooks)).plan(client, accept_unknown=True))
    act(card, kind="apply")
    assert card.applied
    assert [message["kind"] for message in sent].count("changes") < 20
    progress = [message["job"]["done"] for message in sent if message["kind"] == "job" and message["job"]]
    assert any(0 < each < 40 for each in progress)
    card.close()


NOTEBOOK = """import chronicle_notebook as cn
from IPython.display import display
%load_ext chronicle_notebook
client = cn.connect({connection!r}, event_store={store!r})
def plan():
    return cn.DesiredState.read({path!r}).plan(client)
"""
CELLS = {
    "result": "planned = plan(); planned",
    "displayed": "display(planned); print('after')",
    "of a magic": "%webhooks plan {path}",
    "appended": "import ipywidgets as w\nout = w.Output()\nout.append_display_data(plan())\nout",
    "handle": "handle = display(plan(), display_id=True)",
    "quiet": "planned;",
    "nobody": "plan()",
    "asked": "%webhooks apply {path} --yes",
    "nothing to do": "plan()",
}
"""What shows a plan in a notebook, in this order: the last ones apply it."""
WITH_BUTTONS = ["result", "displayed", "of a magic", "appended", "handle"]
VIEW = "application/vnd.jupyter.widget-view+json"


def test_a_plan_shows_its_buttons_where_a_front_end_answers_and_there_is_something_to_do(
    client: cn.Client, path: Path, shared_sandbox: Sandbox
) -> None:
    scene = NOTEBOOK.format(connection=shared_sandbox.connection_string, store=client.event_store, path=str(path))
    sources = [scene, *(each.format(path=path) for each in CELLS.values())]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    runner = NotebookClient(notebook, timeout=int(LONG), kernel_name="python3")
    with runner.setup_kernel():
        kernel: Any = runner.kc
        for number, (name, cell) in enumerate(zip(["scene", *CELLS], notebook.cells, strict=True)):
            kernel.allow_stdin = name != "nobody"  # as JupyterLab says, and as nbconvert says
            runner.execute_cell(cell, number)
    cells = {name: cell.outputs for name, cell in zip(CELLS, notebook.cells[1:], strict=True)}
    for name, outputs in cells.items():
        shown = [each.get("data", {}) for each in outputs]
        assert [VIEW in each for each in shown].count(True) == int(name in WITH_BUTTONS), name
        stills = [html for each in shown if (html := each.get("text/html"))]
        assert len(stills) == {"quiet": 0, "asked": 2}.get(name, 1), name
        assert CANARY not in repr(outputs)
        assert name in {"quiet", "nothing to do"} or "nothing was sent" in stills[0]
    assert cells["result"][0]["output_type"] == "execute_result"
    assert "Plan for" in cells["result"][0]["data"]["text/plain"]
    assert client.webhooks.ids() == ["one", "two"]
