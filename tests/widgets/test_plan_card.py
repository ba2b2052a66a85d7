"""The card of a plan: applying it from the browser, the outcome of each change, planning again and going back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.desired import _apply
from chronicle_notebook.widgets._plan_model import NOT_SENT, UNKNOWN
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
