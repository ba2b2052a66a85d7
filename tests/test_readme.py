"""Every code block of the README runs, in order, in a real IPython shell."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import chronicle_notebook as cn
from chronicle_notebook.session import _connect

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```i?python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    instance: Any = InteractiveShell.instance()
    yield instance
    instance.history_manager.end_session()
    InteractiveShell.clear_instance()
    for client in list(_connect.clients().values()):
        client.close()
    cn.stop_sandbox()


def test_every_block_runs(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(BLOCKS) >= 10
    for block in BLOCKS:
        result = shell.run_cell(block)
        assert result.success, f"{block}\n{capsys.readouterr().out}"
        assert shell.user_ns.get("_exit_code", 0) == 0, block
    shown = capsys.readouterr().out
    for part in (
        "webhooks of event store 'banking'",
        "1 delivery",
        "did not take effect: active",
        "audit-webhooks: done",
    ):
        assert part in shown


def test_the_commands_of_the_readme_are_targets_of_the_makefile() -> None:
    makefile = (README.parent / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README.read_text(), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_file_that_the_readme_names_is_there() -> None:
    for name in re.findall(r"`([\w./-]+\.(?:md|ipynb))`", README.read_text()):
        assert (README.parent / name).exists(), name
