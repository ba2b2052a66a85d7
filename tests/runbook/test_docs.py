"""The page about runbooks: its blocks run in order, its commands and files are there."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

from chronicle_notebook import cli
from chronicle_notebook.cli._runner import read_parameters, shipped
from chronicle_notebook.runbook.engine._schema import check_required
from chronicle_notebook.runbook.engine._source import required_of
from chronicle_notebook.session._connect import stop_sandbox
from chronicle_notebook.session._profiles import profile
from tests.runbook.books import BOOKS, Desk
from tests.tracked import ROOT

PAGE = (ROOT / "docs" / "runbooks.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_its_code_runs_from_top_to_bottom(
    bare_desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CHRONICLE_CONNECTION_STRING", raising=False)
    assert len(blocks("python")) == 7
    try:
        for block in blocks("python"):
            assert bare_desk.shell.run_cell(block, store_history=True).success, f"{block}\n{capsys.readouterr().out}"
    finally:
        stop_sandbox()
    shown = capsys.readouterr().out
    assert "Plan of change-target: 1 of 1 steps to do" in shown
    assert "change-target: planned. 1 of 1 steps to do; nothing was changed." in shown


def test_its_commands_are_commands_with_these_options() -> None:
    lines = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]
    own = [shlex.split(line)[1:] for line in lines if line.startswith("chronicle-notebook ")]
    assert len(own) == 6
    for arguments in own:
        options = cli._parser().parse_args(arguments)
        if options.command == "run":
            cells = [cell.source for cell in nbformat.read(shipped()[options.runbook], as_version=4).cells]
            check_required(read_parameters(cells, options.parameters), required_of(cells))


def test_it_names_every_runbook_that_there_is() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE) == [path.stem for path in BOOKS]


def test_its_profiles_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = blocks("toml")
    (tmp_path / "config.toml").write_text(block)
    monkeypatch.setenv("PRODUCTION_CHRONICLE", "chronicle://host")
    assert set(tomllib.loads(block)["profiles"]) == {"staging", "production"}
    assert profile("production").protected
    assert not profile("staging").protected


def test_its_hook_is_the_one_of_the_project() -> None:
    (block,) = blocks("yaml")
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert yaml.safe_load(block)["repos"][0]["hooks"] == [{"id": hook["id"]}]
