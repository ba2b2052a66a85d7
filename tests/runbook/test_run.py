"""A runbook of one's own, without a kernel: plan, apply, finish, and the outcome whatever happens."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.display._table_and_card import Card, Table
from chronicle_notebook.runbook.engine._outcome import MIME, RunStatus
from tests.runbook.books import CANARY, Desk


class World:
    """What steps change."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def step(self, name: str, *, fails: BaseException | None = None, anyway: bool = False, **more: Any) -> Any:
        def do() -> None:
            if fails is None or anyway:
                self.done.append(name)
            if fails is not None:
                raise fails

        return cn.runbook.Step(name, f"do {name}", do, more.pop("so", lambda: name in self.done), **more)


def begun(**parameters: Any) -> Any:
    return cn.runbook.start("example", {"apply": True, **parameters}, schema={})


def ended(run: Any) -> Any:
    with contextlib.suppress(cn.RunbookError):
        run.finish()
    return run.outcome


def states(run: Any) -> list[str]:
    return [each["state"] for each in run.outcome.steps]


def test_only_what_is_not_so_already_is_done() -> None:
    world = World()
    world.done = ["b"]
    run = begun()
    run.add([world.step("a"), world.step("b"), world.step("c")])
    run.plan()
    run.apply()
    assert ended(run)
    assert states(run) == ["done", "already so", "done"]
    assert world.done == ["b", "a", "c"]
    assert run.outcome.summary == "2 of 3 steps done, 1 were done before."


def test_dry_nothing_is_done_and_the_plan_says_so() -> None:
    world = World()
    run = begun(apply=False)
    run.add(world.step("a"))
    assert "Dry run: nothing was changed." in repr(run.plan())
    assert "Dry run: nothing was changed." in repr(run.apply())
    assert ended(run).status is RunStatus.PLANNED
    assert world.done == []


def test_it_stops_at_the_first_step_that_fails() -> None:
    world = World()
    run = begun()
    run.add([world.step("a"), world.step("b", fails=cn.KernelError("No.")), world.step("c")])
    run.apply()
    assert not ended(run)
    assert states(run) == ["done", "failed", "not done"]
    assert run.outcome.status is RunStatus.INCOMPLETE
    assert run.outcome.problems[0] == "b: do b: failed. No."


def test_a_write_whose_answer_was_lost_is_read_back() -> None:
    world = World()
    run = begun()
    run.add(world.step("a", fails=cn.DeadlineExceededError("No answer."), anyway=True))
    run.apply()
    assert ended(run)
    assert "although: No answer." in run.outcome.steps[0]["note"]


def test_where_nothing_can_be_read_back_it_is_not_known() -> None:
    answers = iter([False])

    def so() -> bool:
        for answer in answers:
            return answer
        raise cn.KernelUnreachableError("Gone.")

    run = begun()
    run.add([World().step("a", fails=cn.DeadlineExceededError("No answer."), so=so)])
    run.apply()
    assert not ended(run)
    assert states(run) == ["not known"]


def test_what_is_done_and_does_not_show_has_failed() -> None:
    run = begun()
    run.add(World().step("a", so=lambda: False))
    run.apply()
    assert not ended(run)
    assert "the read-back does not show it" in run.outcome.problems[0]


def test_what_is_no_longer_so_at_the_end_is_found() -> None:
    world = World()
    run = begun()
    run.add(world.step("a"))
    run.apply()
    world.done.clear()
    assert not ended(run)
    assert "the end check does not show it" in run.outcome.problems[0]


def test_a_step_that_prepares_another_is_left_out_when_that_is_done() -> None:
    world = World()
    world.done = ["b"]
    run = begun()
    run.add([world.step("a", lasting=False, so=lambda: None), world.step("b")])
    run.plan()
    run.apply()
    assert ended(run).status is RunStatus.NOTHING_TO_DO
    assert world.done == ["b"]


def test_an_interruption_leaves_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    run = begun()
    run.add([world.step("a"), world.step("b", fails=KeyboardInterrupt()), world.step("c")])
    with pytest.raises(KeyboardInterrupt):
        run.apply()
    assert not ended(run)
    assert states(run) == ["done", "not known", "not done"]
    assert "1/3 a: do a: done" in capsys.readouterr().out


def test_the_outcome_is_plain_json_with_references_in_place_of_secrets(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "outcome.json"
    run = cn.runbook.start(
        "example", {"token": "env:NEW_TOKEN", "outcome_file": str(target)}, schema={"token": cn.Secret}
    )
    assert run.token.reveal() == CANARY
    run.finish("Looked.", findings=[{"what": "a thing"}])
    kept = json.loads(target.read_text())
    assert kept["parameters"]["token"] == "env:NEW_TOKEN"
    assert kept["findings"] == [{"what": "a thing"}]
    assert (kept["version"], kept["ok"], kept["status"]) == (1, True, "done")
    assert run.outcome is not None
    bundle = run.outcome._repr_mimebundle_()
    assert bundle[MIME] == kept
    assert CANARY not in target.read_text() + str(bundle)
    assert "Looked." in bundle["text/html"]


def test_a_parameter_that_is_not_in_the_schema_is_no_attribute() -> None:
    run = begun()
    assert run.apply is not True  # the method; the parameter is run.applying
    with pytest.raises(AttributeError, match="no parameter 'url'"):
        run.url  # noqa: B018


def test_a_schema_cannot_take_the_name_of_what_a_run_has() -> None:
    with pytest.raises(cn.InvalidInputError, match="'finish'"):
        cn.runbook.start("example", {"finish": "x"}, schema={"finish": str})


def test_a_cell_that_fails_on_the_way_leaves_an_outcome(bare_desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    shell = bare_desk.shell
    shell.run_cell("import chronicle_notebook as cn\nrun = cn.runbook.start('example', {'apply': True}, schema={})")
    shell.run_cell("raise cn.KernelUnreachableError('No kernel answers.')")
    outcome = shell.user_ns["run"].outcome
    assert outcome.status is RunStatus.FAILED
    assert outcome.problems == ["No kernel answers."]
    assert "It ended before anything was changed." in capsys.readouterr().out
    shell.run_cell("1/0")
    assert shell.user_ns["run"].outcome is outcome


def test_the_text_of_an_error_that_was_not_foreseen_stays_out_of_the_outcome(bare_desk: Desk) -> None:
    shell = bare_desk.shell
    shell.run_cell("import chronicle_notebook as cn\nrun = cn.runbook.start('example', {'apply': True}, schema={})")
    shell.run_cell(f"raise ValueError('{CANARY}')")
    assert shell.user_ns["run"].outcome.problems == ["ValueError"]


def test_a_failed_runbook_shows_two_lines_and_no_frames(bare_desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    result = bare_desk.shell.run_cell(
        "import chronicle_notebook as cn\ncn.runbook.start('x', {'a': 1}, schema={'a': str})"
    )
    assert isinstance(result.error_in_exec, cn.InvalidInputError)
    shown = capsys.readouterr().out
    assert "InvalidInputError: Parameter 'a' must be a text, not a whole number." in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("part", [Table("c", ["t"], [["x"]], banner="PROTECTED"), Card("h", (), banner="PROTECTED")])
def test_a_banner_stands_above_in_text_and_html(part: Any) -> None:
    assert part.text().startswith("!! PROTECTED !!\n")
    assert part.html().index("PROTECTED") < part.html().index(">c<" if isinstance(part, Table) else ">h<")


def test_an_outcome_that_cannot_be_written_is_shown_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    run = begun(outcome_file=str(tmp_path / "file" / "outcome.json"))
    run.add(World().step("a"))
    run.apply()
    with pytest.raises(cn.RunbookError, match="could not be written") as caught:
        run.finish()
    assert run.outcome.status is RunStatus.DONE
    assert caught.value.outcome is run.outcome
    assert caught.value.hint == "Name another outcome_file."
    assert "example: done. 1 of 1 steps done" in capsys.readouterr().out


def test_a_cell_that_fails_says_where_its_outcome_could_not_be_written(
    bare_desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    parameters = {"apply": True, "outcome_file": str(tmp_path / "file" / "outcome.json")}
    shell = bare_desk.shell
    shell.run_cell(f"import chronicle_notebook as cn\nrun = cn.runbook.start('example', {parameters!r}, schema={{}})")
    result = shell.run_cell("raise cn.KernelUnreachableError('No kernel answers.')")
    assert isinstance(result.error_in_exec, cn.KernelUnreachableError)
    out, err = capsys.readouterr()
    assert "It ended before anything was changed." in out
    assert "The outcome above could not be written" in err
    assert "Error in callback" not in out + err


def test_applying_a_second_time_does_nothing_again() -> None:
    world = World()
    run = begun()
    run.add([world.step("a"), world.step("b", so=lambda: None)])
    run.apply()
    run.apply()
    assert ended(run)
    assert world.done == ["a", "b"]
    assert states(run) == ["done", "done"]


def test_applying_after_an_interruption_goes_on_where_it_was() -> None:
    world = World()
    interruptions: list[BaseException] = [KeyboardInterrupt()]

    def once() -> None:
        if interruptions:
            raise interruptions.pop()
        world.done.append("b")

    run = begun()
    run.add([world.step("a"), cn.runbook.Step("b", "do b", once, lambda: "b" in world.done), world.step("c")])
    with pytest.raises(KeyboardInterrupt):
        run.apply()
    run.apply()
    assert ended(run)
    assert world.done == ["a", "b", "c"]
