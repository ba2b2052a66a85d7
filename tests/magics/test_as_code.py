"""``%webhooks export``, ``plan``, ``apply`` and ``drift`` in a real shell."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._guard import LOCK
from tests.magics.conftest import Shell
from tests.magics.test_again import Answers, answers

__all__ = ["answers"]

CANARY = "qx9canary7"
FILE = """\
version: 1
owned_by: {header: x-managed-by, value: git}
variables:
  staging: {host: hooks.staging.example.com}
webhooks:
  - {id: ledger, url: "https://${host}/ledger", event_types: [AccountOpened]}
  - {id: feed, url: "https://${host}/feed", event_types: [AccountOpened], authorization: {kind: bearer, token: env:T}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("T", CANARY)
    (tmp_path / "webhooks.yaml").write_text(FILE)
    return tmp_path


def test_a_file_is_planned_applied_after_a_yes_compared_and_exported(
    connected: Shell, client: cn.Client, answers: Answers, folder: Path
) -> None:
    plan = connected.value("%webhooks plan webhooks.yaml --profile staging")
    assert isinstance(plan, cn.StatePlan)
    assert [each.action.value for each in plan] == ["create", "create"]
    ran = connected.run("%webhooks apply webhooks.yaml --profile staging")
    assert (ran.value, ran.error) == (None, None)
    assert "+ 2 to create" in ran.said
    assert "Nothing was sent.\n" in ran.said
    assert answers.asked == [f"Apply 2 changes to event store {client.event_store!r} on {client.server}? [y/N] "]
    assert client.webhooks.ids() == []
    answers.answer = "y"
    applied = connected.value("%webhooks apply webhooks.yaml --profile staging")
    assert isinstance(applied, cn.Applied)
    assert len(applied.in_effect) == 2
    drift = connected.value("%webhooks drift webhooks.yaml --profile staging --strict")
    assert isinstance(drift, cn.Drift)
    assert not drift
    again = connected.value("%webhooks apply webhooks.yaml --profile staging")
    assert isinstance(again, cn.StatePlan), "nothing is to be done, so nobody is asked"
    exported = connected.run("%webhooks export mine.yaml --owned-header x-managed-by=git")
    assert "2 webhooks written to mine.yaml." in exported.said
    assert CANARY not in (folder / "mine.yaml").read_text() + exported.said + ran.said
    assert cn.DesiredState.read("mine.yaml").owned_by == cn.Ownership(header="x-managed-by", value="git")


def test_a_refused_plan_names_the_flag(connected: Shell, client: cn.Client) -> None:
    connected.value("%webhooks apply webhooks.yaml --profile staging --yes")
    (Path("fewer.yaml")).write_text(FILE[: FILE.index("  - {id: feed")])
    refused = connected.run("%webhooks apply fewer.yaml --profile staging --prune --yes")
    assert isinstance(refused.error, cn.PlanRefusedError)
    assert "add --allow-removals." in refused.lines[-1]
    assert connected.value("%webhooks apply fewer.yaml --profile staging --prune --yes --allow-removals")
    assert client.webhooks.ids() == ["ledger"]
    assert "exists already" in connected.two_lines("%webhooks export fewer.yaml")[0]
    assert connected.value("%webhooks export fewer.yaml --owned-ids 'a*, led*' --overwrite").owned_by.ids == (
        "a*",
        "led*",
    )
    assert "no profile was given" in connected.two_lines("%webhooks drift webhooks.yaml")[0]
    told = connected.two_lines("%webhooks plna webhooks.yaml")
    assert "There is no subcommand 'plna'" in told[0]
    assert "Did you mean 'plan'?" in told[1]


def test_a_protected_event_store_asks_for_its_name(
    shell: Shell, client: cn.Client, shared_sandbox: Sandbox, answers: Answers
) -> None:
    with cn.connect(shared_sandbox.connection_string, event_store=client.event_store, name="guarded", protected=True):
        try:
            line = "%webhooks apply webhooks.yaml --profile staging --yes"
            answers.answer = "another"
            assert "is not the name of the event store" in shell.run(line).said
            assert "Type the event store's name" in answers.asked[0]
            assert client.webhooks.ids() == []
            answers.answer = client.event_store
            applied = shell.value(line)
            assert len(applied.in_effect) == 2
        finally:
            LOCK.close()


def test_files_are_completed(connected: Shell, folder: Path) -> None:
    (folder / "states").mkdir()
    (folder / "states" / "a b.yml").touch()
    (folder / "notes.txt").touch()

    def complete(line: str) -> list[str]:
        with provisionalcompleter():
            return [each.text for each in connected.ip.Completer.completions(line, len(line))]

    assert complete("%webhooks plan ") == ["states/", "webhooks.yaml"]
    assert complete("%webhooks drift we") == ["webhooks.yaml"]
    assert complete("%webhooks apply states/") == ["'states/a b.yml'"]
    assert complete("%webhooks ex") == ["export"]
