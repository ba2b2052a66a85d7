"""The runbook that checks an event store against its file."""

from __future__ import annotations

from pathlib import Path

import pytest

import chronicle_notebook as cn
from tests.runbook.books import Desk

FILE = """\
version: 1
owned_by: {header: x-managed-by, value: git}
variables:
  night: {host: hooks.example.com}
webhooks:
  - {id: a, url: "https://${host}/a", event_types: [AccountOpened], headers: {x-env: one}}
"""


@pytest.fixture
def file(tmp_path: Path, client: cn.Client) -> Path:
    path = tmp_path / "webhooks.yaml"
    path.write_text(FILE)
    cn.DesiredState.read(path, profile="night").plan(client).apply()
    return path


def test_a_difference_fails_unless_it_may_differ(desk: Desk, client: cn.Client, file: Path) -> None:
    told = {"event_store": client.event_store, "file": str(file), "variables": "night"}
    ran = desk.run("check-drift", **told)
    assert ran.error is None
    assert ran.outcome is not None
    assert ran.outcome.summary.startswith("No difference: 1 webhook as in ")
    client.webhooks.register(client.webhooks.get("a").changed(headers={"x-env": "two", "x-managed-by": "git"}))
    ran = desk.run("check-drift", **told)
    assert isinstance(ran.error, cn.RunbookError)
    assert "chronicle-notebook plan" in str(ran.error)
    assert ran.outcome is not None
    (finding,) = ran.outcome.findings
    assert (finding["webhook"], finding["kind"], finding["field"], finding["line"]) == ("a", "changed", "headers", 6)
    assert desk.run("check-drift", must_match=False, **told).error is None
    ran = desk.run("check-drift", ignore_headers=["x-env"], **told)
    assert ran.error is None
    ran = desk.run("check-drift", **(told | {"file": "nowhere.yaml"}))
    assert isinstance(ran.error, cn.StateFileError)
