"""Definitions in a file, when writing it goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.runbook._kept import KeptDefinitions

HOOK = WebhookDefinition("a", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))


@pytest.mark.parametrize("failure", [OSError("The disk is full."), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_earlier_file_and_no_other(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptDefinitions(tmp_path / "paused.yaml")
    kept.keep(HOOK)
    before = kept.path.read_text()

    def fails(*_: object) -> Path:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails)
        with pytest.raises(type(failure)):
            kept.keep(HOOK.changed(id="b"))
    assert [each.name for each in tmp_path.iterdir()] == ["paused.yaml"]
    assert kept.path.read_text() == before
