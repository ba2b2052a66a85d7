"""The runbook that measures a kernel: dry, applied, and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronicle_notebook.probing import _kept, _probe
from chronicle_notebook.runbook.engine._outcome import RunStatus
from chronicle_notebook.session._client import Client
from tests.runbook.books import Desk


@pytest.fixture(autouse=True)
def few_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe itself is tested elsewhere."""
    monkeypatch.setenv(_kept.PROBES, str(tmp_path))
    monkeypatch.setattr(_probe, "CHECKS", _probe.CHECKS[:1])


def test_it_says_what_it_would_do_measures_and_measures_again_only_when_told(desk: Desk, client: Client) -> None:
    dry = desk.run("probe-kernel", event_store=client.event_store)
    assert dry.error is None
    assert dry.outcome is not None
    (step,) = dry.outcome.steps
    assert "Stays behind: the event store 'chronicle-probe'" in step["note"]
    assert client.probed is None

    ran = desk.run("probe-kernel", event_store=client.event_store, apply=True)
    assert ran.error is None
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.DONE
    assert "known defects present" in ran.outcome.steps[0]["note"]
    found = {each["defect"]: each["verdict"] for each in ran.outcome.findings}
    assert found["count-not-told"] == "absent"
    assert found["updates-dropped"] == "not measured"
    first = client.probed
    assert first is not None

    second = desk.run("probe-kernel", event_store=client.event_store, apply=True)
    assert second.outcome is not None
    assert second.outcome.status is RunStatus.NOTHING_TO_DO
    third = desk.run("probe-kernel", event_store=client.event_store, apply=True, again=True)
    assert third.outcome is not None
    assert third.outcome.status is RunStatus.DONE
