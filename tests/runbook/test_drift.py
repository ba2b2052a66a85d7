"""The runbook that checks an event store against its file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.runbook.recipes import _drift_watch
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


class Clock:
    """A time that passes only while somebody waits, and what happens meanwhile."""

    def __init__(self, *happens: Callable[[], object]) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self._happens = list(happens)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waits.append(seconds)
        if self._happens:
            self._happens.pop(0)()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Clock]:
    """Gives watches a clock of the test."""

    def set_clock(*happens: Callable[[], object]) -> Clock:
        clock = Clock(*happens)
        monkeypatch.setattr(_drift_watch, "monotonic", lambda: clock.now)
        monkeypatch.setattr(_drift_watch, "sleep", clock.sleep)
        return clock

    return set_clock


def test_a_watch_reports_each_change_and_ends(
    desk: Desk, client: cn.Client, file: Path, at: Callable[..., Clock], capsys: pytest.CaptureFixture[str]
) -> None:
    before = client.webhooks.get("a")
    clock = at(
        lambda: None,
        lambda: client.webhooks.register(before.changed(headers={"x-env": "two", "x-managed-by": "git"})),
        lambda: file.write_text("version: 2\n"),
        lambda: None,
        lambda: (file.write_text(FILE), client.webhooks.register(before)),
    )
    told = {"event_store": client.event_store, "file": str(file), "variables": "night"}
    ran = desk.run("check-drift", watch_minutes=2, every_seconds=25, **told)
    assert ran.error is None
    assert clock.waits == [25, 25, 25, 25, 20]
    assert ran.outcome is not None
    assert ran.outcome.summary.startswith("No difference: 1 webhook as in ")
    assert "The drift changed 2 times in 6 looks." in ran.outcome.summary
    printed = [line.partition("  ")[2] for line in capsys.readouterr().out.splitlines() if "  " in line]
    start = next(number for number, line in enumerate(printed) if line.endswith("Watching for 2 minutes."))
    lines = [re.sub(r" (?:from|as in|be read:) .*", "", line) for line in printed[start : start + 6]]
    assert lines == [
        "No difference: 1 webhook",
        "1 webhook of 1 differs",
        "new: a: changed, headers",
        "The drift cannot",
        "No difference: 1 webhook",
        "gone: a: changed, headers",
    ]


def test_a_watch_ends_at_an_interruption_and_says_so(
    desk: Desk, client: cn.Client, file: Path, at: Callable[..., Clock], capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    clock = at(lambda: None, interrupt)
    ran = desk.run("check-drift", event_store=client.event_store, file=str(file), variables="night", watch_minutes=60)
    assert isinstance(ran.error, KeyboardInterrupt)
    assert clock.waits == [60, 60]
    assert "The watch was ended. The drift changed 0 times in 2 looks." in capsys.readouterr().out
    assert ran.outcome is not None
    assert not ran.outcome


def test_a_watch_whose_last_look_fails_is_an_error(
    desk: Desk, client: cn.Client, file: Path, at: Callable[..., Clock]
) -> None:
    at(file.unlink)
    ran = desk.run("check-drift", event_store=client.event_store, file=str(file), variables="night", watch_minutes=1)
    assert isinstance(ran.error, cn.StateFileError)


@pytest.mark.parametrize(
    ("field", "value"), [("watch_minutes", -1), ("watch_minutes", 1441), ("every_seconds", 4), ("every_seconds", 3601)]
)
def test_the_times_of_a_watch_have_limits(
    desk: Desk, client: cn.Client, file: Path, at: Callable[..., Clock], field: str, value: int
) -> None:
    clock = at()
    times = {"watch_minutes": 1, "every_seconds": 60} | {field: value}
    ran = desk.run("check-drift", event_store=client.event_store, file=str(file), variables="night", **times)
    assert isinstance(ran.error, cn.InvalidInputError)
    assert ran.error.field == field
    assert clock.waits == []
