"""Every Python block of the written pages runs, page by page, in a real IPython shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from chronicle_notebook.session import _connect
from tests.tracked import tracked


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


PAGES = [page for page in tracked("docs/*.md") if blocks(page)]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.delenv("CHRONICLE_CONNECTION_STRING", raising=False)
    monkeypatch.chdir(tmp_path)
    instance: Any = InteractiveShell.instance()
    yield instance
    instance.history_manager.end_session()
    InteractiveShell.clear_instance()
    for client in list(_connect.clients().values()):
        client.close()
    _connect.stop_sandbox()


def test_there_are_blocks() -> None:
    assert len(PAGES) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run_in_order(page: Path, shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks(page):
        result = shell.run_cell(block)
        assert result.success, f"{block}\n{capsys.readouterr().out}"
