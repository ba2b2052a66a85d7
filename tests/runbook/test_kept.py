"""Definitions in a file, when writing it goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronicle_notebook import InvalidInputError
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.pausing._kept import KeptDefinitions, variables
from chronicle_notebook.runbook import pause, resume
from chronicle_notebook.session._client import Client
from tests.waiting import eventually

HOOK = WebhookDefinition("a", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))


@pytest.mark.parametrize("failure", [OSError("The disk is full."), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_earlier_file_and_no_other(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptDefinitions(tmp_path / "paused.yaml", "127.0.0.1:9", "shop")
    kept.keep(HOOK)
    before = kept.path.read_text()

    def fails(*_: object) -> Path:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails)
        # What the disk says is told as any other error is; an interruption goes on its way.
        with pytest.raises(InvalidInputError if isinstance(failure, OSError) else KeyboardInterrupt):
            kept.keep(HOOK.changed(id="b"))
    assert [each.name for each in tmp_path.iterdir()] == ["paused.yaml"]
    assert kept.path.read_text() == before


CANARY = "qx9canary7"
SECRETIVE = HOOK.changed(
    target_url=f"http://127.0.0.1:9/in?code={CANARY}",
    headers={"X-Functions-Key": CANARY, "x-partner": "42", "x-note": "see env:OTHER"},
)
ENVIRONMENT = {"A_X_FUNCTIONS_KEY": CANARY, "A_TARGET_URL": SECRETIVE.target_url}


@pytest.mark.filterwarnings("ignore::chronicle_notebook.ChronicleWarning")
def test_a_pause_asks_for_every_value_that_is_not_in_the_file_and_resuming_brings_all_of_it_back(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "paused.yaml"
    client._kernel.add_webhooks(client.event_store, [SECRETIVE])
    eventually(client.webhooks.ids)
    with pytest.raises(InvalidInputError, match=r"A_\w+, A_\w+ are not set") as caught:
        pause(client, ["a"], path)
    assert all(name in str(caught.value) for name in ENVIRONMENT)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for step in pause(client, ["a"], path):
        step.do()
    assert client.webhooks.ids() == []
    assert CANARY not in path.read_text()
    assert "x-partner: '42'" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    for step in resume(client, ["a"], path):
        step.do()
    assert client.webhooks.get("a") == SECRETIVE


def test_variables_are_those_that_values_refer_to_and_no_words_in_a_text(tmp_path: Path) -> None:
    kept = KeptDefinitions(tmp_path / "paused.yaml", "127.0.0.1:9", "shop")
    kept.keep(SECRETIVE.changed(headers={**SECRETIVE.headers, "x-literal": "env:NOT_ONE"}))
    assert sorted(variables(kept.here()["a"].text)) == sorted(ENVIRONMENT)
