"""A real IPython shell with the magics loaded, and a real kernel."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from chronicle_notebook.magics._shell import ChronicleMagics
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import clients


@dataclass(frozen=True)
class Ran:
    """What became of a cell."""

    value: Any
    error: BaseException | None
    said: str
    """Everything that was shown, on both streams."""

    @property
    def lines(self) -> list[str]:
        return self.said.strip().splitlines()


class Shell:
    """Runs cells as a notebook would."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.ip: Any = shell

    def run(self, code: str) -> Ran:
        heard = io.StringIO()
        with redirect_stdout(heard), redirect_stderr(heard):
            result = self.ip.run_cell(code)
        return Ran(result.result, result.error_before_exec or result.error_in_exec, heard.getvalue())

    def value(self, code: str) -> Any:
        """What a cell returns, which must not fail."""
        ran = self.run(code)
        assert ran.error is None, ran.said
        return ran.value

    def two_lines(self, code: str) -> list[str]:
        """The two lines of a cell that must fail."""
        ran = self.run(code)
        assert ran.error is not None, ran.said
        assert len(ran.lines) == 2, ran.said
        return ran.lines


@pytest.fixture(scope="package")
def interactive_shell() -> Iterator[InteractiveShell]:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    yield InteractiveShell.instance(config=config)
    InteractiveShell.clear_instance()  # tests after these are not inside IPython


@pytest.fixture
def shell(interactive_shell: Any) -> Iterator[Shell]:
    """A shell with the magics, and with no client but those that a test brings."""
    interactive_shell.reset(new_session=True)
    interactive_shell.run_line_magic("load_ext", "chronicle_notebook")
    loaded = ChronicleMagics.of(interactive_shell)
    assert loaded is not None
    loaded.traceback = False  # IPython keeps what %config said for the next one of this name
    yield Shell(interactive_shell)
    interactive_shell.run_line_magic("unload_ext", "chronicle_notebook")
    assert ChronicleMagics.of(interactive_shell) is None
    for opened in list(clients().values()):
        opened.close()


@pytest.fixture
def connected(shell: Shell, client: Client) -> Shell:
    """A shell whose current client is of an event store that only this test uses."""
    return shell
