"""An outcome as lines for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chronicle_notebook.cli._report import as_json, lines, unlisted
from chronicle_notebook.runbook.engine._outcome import RunbookOutcome, RunStatus


def outcome(**fields: Any) -> Mapping[str, Any]:
    told = {"summary": "Told.", "applied": True, "server": "s", "event_store": "e", "started": "", "finished": ""}
    return RunbookOutcome(**{"runbook": "move", "status": RunStatus.DONE, **told, **fields}).to_dict()


def step(state: str, note: str = "") -> dict[str, str]:
    return {"subject": "a", "what": "point it there", "state": state, "note": note}


def test_each_step_has_a_line_with_its_state_and_its_note() -> None:
    told = outcome(steps=[step("already so"), step("done", "It\nwent\twell.")])
    assert list(lines(told)) == [
        "move: done. Told.",
        "  already so  a: point it there",
        "  done        a: point it there. It went well.",
    ]


def test_findings_of_ones_own_are_told_by_name_and_what_is_empty_is_left_out() -> None:
    told = outcome(findings=[{"webhook": "a", "field": "", "left": "yes"}, {"count": 7, "none": None}, {}])
    assert list(lines(told))[1:] == ["  a: left yes", "  count 7", "  "]


def test_a_name_from_a_kernel_neither_breaks_a_line_nor_steers_the_terminal() -> None:
    wild = "a\x1b[2Jb\r\nc\x9bd\u2028e"
    finding = {"grade": "low", "webhook": wild, "what": wild, "remedy": wild}
    told = outcome(
        findings=[finding, {**finding, "webhook": "x"}],
        steps=[{"subject": wild, "what": wild, "state": "done", "note": wild}],
        problems=[wild],
        summary=wild,
    )
    text = [*lines(told), *unlisted(told)]
    assert len(text) == 5
    assert all(line.isprintable() for line in text)
    assert as_json(told).isascii()
    assert "\x1b" not in as_json(told)
    assert json.loads(as_json(told)) == told


def test_a_problem_that_a_step_tells_already_is_not_told_twice() -> None:
    problems = [
        "a: point it there: failed. Refused.",
        "a: point it there: it was done, but the end check does not show it.",
        "x",
    ]
    told = outcome(steps=[step("failed", "Refused.")], problems=problems)
    assert unlisted(told) == problems[1:]
