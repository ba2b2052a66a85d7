"""What a cell shows of an error of this package, in a real shell: the person's lines, the message, the next step."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import chronicle_notebook as cn
from chronicle_notebook.magics._shell import ChronicleMagics
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client

CANARY = "qx9canary7"
UNREACHABLE = f'cn.connect("chronicle://me:{CANARY}@127.0.0.1:9/")'


@pytest.fixture(scope="module")
def interactive_shell() -> Iterator[Any]:
    config = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})
    yield InteractiveShell.instance(config=config)
    InteractiveShell.clear_instance()


@pytest.fixture(params=["Context", "Verbose"])
def shell(interactive_shell: Any, request: pytest.FixtureRequest) -> Any:
    interactive_shell.reset(new_session=True)
    interactive_shell.run_line_magic("xmode", request.param)
    interactive_shell.run_cell("import chronicle_notebook as cn")
    return interactive_shell


@pytest.fixture
def lines(shell: Any) -> Callable[[str], list[str]]:
    """Runs a cell that must fail, and gives what it showed."""

    def run(code: str) -> list[str]:
        heard = io.StringIO()
        with redirect_stdout(heard), redirect_stderr(heard):
            result = shell.run_cell(code, store_history=True)
        assert result.error_in_exec is not None, heard.getvalue()
        return heard.getvalue().strip().splitlines()

    return run


def test_an_unreachable_kernel_is_told_in_three_lines(lines: Callable[[str], list[str]]) -> None:
    shown = lines(f"password = '{CANARY}'\n{UNREACHABLE}")
    assert shown[0] == "Cell In[1], line 2"
    assert shown[1].startswith("KernelUnreachableError: No connection to 127.0.0.1:9")
    assert shown[2].startswith("Next step: Check host and port")
    assert "cn.doctor(" in shown[2]
    assert len(shown) == 3
    assert CANARY not in "\n".join(shown)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("cn.Secret.env('NOT_SET_ANYWHERE').reveal()", "SecretUnavailableError"),
        ("client.webhooks.register('hook', 'ftp://example.com')", "InvalidDefinitionError"),
        ("client.webhooks.get('nowhere')", "UnknownWebhookError"),
    ],
)
def test_other_errors_are_as_short(
    shell: Any, lines: Callable[[str], list[str]], client: Client, cell: str, kind: str
) -> None:
    shell.user_ns["client"] = client
    shown = lines(cell)
    assert shown[0] == f"Cell In[1], line {len(cell.splitlines())}"
    assert shown[1].startswith(f"{kind}: ")
    assert [line.startswith("Next step: ") for line in shown[2:]] == [True] * (len(shown) - 2)
    assert len(shown) <= 3


def test_a_closed_client_is_told_in_three_lines(
    shell: Any, lines: Callable[[str], list[str]], shared_sandbox: Sandbox
) -> None:
    shell.user_ns["client"] = cn.connect(shared_sandbox.connection_string, name="to-close")
    shown = lines("client.close()\nclient.webhooks.all()")
    assert shown[0] == "Cell In[1], line 2"
    assert shown[1].startswith("ClientClosedError: ")
    assert len(shown) == 3


def test_the_way_through_the_persons_own_functions_and_files_is_kept(
    shell: Any, lines: Callable[[str], list[str]], tmp_path: Path
) -> None:
    helper = tmp_path / "helper.py"
    helper.write_text("def look(secret):\n    return secret.reveal()\n", encoding="utf-8")
    shell.run_cell(f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport helper", store_history=True)
    shell.run_cell("def ask():\n    return helper.look(cn.Secret.env('NOT_SET_ANYWHERE'))", store_history=True)
    shown = lines("ask()")
    shell.run_cell("sys.path.pop(0)\ndel sys.modules['helper']")
    assert shown[:3] == ["Cell In[3], line 1", "Cell In[2], line 2, in ask", f"File {helper}, line 2, in look"]
    assert shown[3].startswith("SecretUnavailableError: ")


def test_where_the_persons_own_code_failed_is_shown_without_the_text_of_its_error(
    shell: Any, lines: Callable[[str], list[str]], client: Client
) -> None:
    shell.user_ns["client"] = client
    shown = lines(
        "@cn.webhook(target_url='https://example.com/in')\n"
        "class Hook:\n"
        "    def define(self, builder):\n"
        f"        raise RuntimeError('{CANARY}')\n"
        "client.webhooks.register(Hook)"
    )
    assert shown[:2] == ["Cell In[1], line 5", "RuntimeError in Cell In[1], line 4, in define"]
    assert shown[2].startswith("InvalidDeclarationError: The define of ")
    assert CANARY not in "\n".join(shown)


def test_a_note_on_an_error_is_shown(lines: Callable[[str], list[str]]) -> None:
    shown = lines(
        "error = cn.InvalidInputError('Not so.', hint='Do.')\nerror.add_note('Nothing is lost.')\nraise error"
    )
    assert shown == ["Cell In[1], line 3", "InvalidInputError: Not so.", "Nothing is lost.", "Next step: Do."]


def test_all_frames_are_shown_on_request_and_still_no_cell_line_nor_value(
    shell: Any, lines: Callable[[str], list[str]]
) -> None:
    shell.run_line_magic("load_ext", "chronicle_notebook")
    loaded = ChronicleMagics.of(shell)
    assert loaded is not None
    try:
        short = lines(UNREACHABLE)
        shell.run_line_magic("config", "ChronicleMagics.traceback = True")
        shown = lines(UNREACHABLE)
        again = io.StringIO()
        with redirect_stdout(again), redirect_stderr(again):
            shell.run_line_magic("tb", "")
    finally:
        loaded.traceback = False
        shell.run_line_magic("unload_ext", "chronicle_notebook")
    assert shown[:2] == ["Traceback (most recent call last):", "  Cell In[2], line 1"]
    assert any("_channel.py" in line for line in shown)
    assert not any("interactiveshell.py" in line for line in shown)
    assert shown[-2:] == short[-2:]
    assert again.getvalue().strip().splitlines() == shown
    assert CANARY not in "\n".join(shown)
