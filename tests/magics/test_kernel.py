"""In a real kernel, over its own protocol: loading, completion, inspection, interruption, errors, and nbclient."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2, host_pb2
from chronicle_notebook.magics._help import help_text
from chronicle_notebook.magics._table import BY_NAME
from chronicle_notebook.session._client import Client
from tests.scripted import ScriptedKernel, enveloped
from tests.waiting import LONG, Hold, eventually

CANARY = "qx9canary7"


class Notebook:
    """A kernel process and the messages to and from it."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LONG)

    def run(self, code: str, *, stdin: str | None = None) -> list[dict[str, Any]]:
        """The outputs of a cell; what it asks for is answered with ``stdin``."""
        message = self.client.execute(code, allow_stdin=stdin is not None, stop_on_error=False)
        outputs: list[dict[str, Any]] = []
        deadline = time.monotonic() + LONG
        while True:
            assert time.monotonic() < deadline, (
                f"the kernel ({'alive' if self.manager.is_alive() else 'dead'}) did not finish {code!r}: {outputs}"
            )
            if stdin is not None:
                self._answer(stdin)
            try:
                heard = self.client.get_iopub_msg(timeout=0.2)
            except Empty:
                continue
            if heard["parent_header"].get("msg_id") != message:
                continue
            if heard["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
                self.client.get_shell_msg(timeout=LONG)
                return outputs
            if heard["msg_type"] not in {"status", "execute_input"}:
                outputs.append({"type": heard["msg_type"], **heard["content"]})

    def _answer(self, text: str) -> None:
        try:
            self.client.get_stdin_msg(timeout=0.02)
        except Empty:
            return
        self.client.input(text)

    def error(self, code: str) -> dict[str, Any]:
        (found,) = [output for output in self.run(code) if output["type"] == "error"]
        return found

    def complete(self, code: str) -> dict[str, Any]:
        content: dict[str, Any] = self.client.complete(code, reply=True, timeout=LONG)["content"]
        return content

    def inspect(self, code: str, cursor: int | None = None) -> str:
        content = self.client.inspect(code, cursor, reply=True, timeout=LONG)["content"]
        return str(content["data"].get("text/plain", ""))


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    home = tmp_path_factory.mktemp("ipython")
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(extra_arguments=["--HistoryManager.enabled=False"], env=_environment(home))
    opened = Notebook(manager)
    yield opened
    opened.client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "IPYTHONDIR": str(home), "JUPYTER_PREFER_ENV_PATH": "1"}


@pytest.fixture
def connected(notebook: Notebook, client: Client) -> Notebook:
    """The kernel process with a client of an event store that only this test uses."""
    notebook.run("%reload_ext chronicle_notebook")
    notebook.run(f"%chronicle connect {client.target.redacted} --store {client.event_store}")
    return notebook


def test_loading_is_silent_and_imports_nothing_heavy(notebook: Notebook) -> None:
    assert notebook.run("import sys\n%load_ext chronicle_notebook") == []
    (shown,) = notebook.run("print([m for m in ('grpc', 'yaml', 'aiohttp') if m in sys.modules])")
    assert shown["text"] == "[]\n"
    assert notebook.run("%unload_ext chronicle_notebook") == []


def test_pandas_is_there_before_the_first_frame(notebook: Notebook) -> None:
    notebook.run("%reload_ext chronicle_notebook")
    waited = "[t.join() for t in threading.enumerate() if t.name == 'chronicle-pandas']"
    (shown,) = notebook.run(f"import sys, threading\n{waited}\nprint('pandas' in sys.modules)")
    assert shown["text"] == "True\n"


def test_names_of_the_connected_kernel_are_completed(connected: Notebook, client: Client) -> None:
    client.webhooks.register("my hook", "https://example.com", lambda b: b.with_event_type("AccountOpened"))
    client.webhooks.register("audit", "https://example.com", lambda b: b.with_event_type("AccountOpened"))
    eventually(lambda: connected.complete("%webhook show ")["matches"] == ["audit", "'my hook'"])
    found = connected.complete("x = 1\ny = %webhook show m")
    assert (found["matches"], found["cursor_start"], found["cursor_end"]) == (["'my hook'"], 24, 25)
    assert connected.complete("%webhook remove audit --y")["matches"] == ["--yes"]
    assert connected.complete(f"%chronicle use --store {client.event_store[:16]}")["matches"] == [client.event_store]


def test_keys_and_event_types_are_completed_inside_a_cell(connected: Notebook) -> None:
    cell = "%%webhook audit https://example.com\n"
    assert connected.complete(f"{cell}ev")["matches"] == ["event_types: ", "event_sequence: "]
    eventually(lambda: connected.complete(f"{cell}event_types: [Acc")["matches"] == ["AccountOpened"])


def test_python_is_completed_as_ever(connected: Notebook) -> None:
    assert "import" in connected.complete("impor")["matches"]
    assert "connect" in connected.complete("import chronicle_notebook as cn\ncn.conn")["matches"]
    assert "%webhooks" in connected.complete("%webhook")["matches"]


def test_a_kernel_that_hangs_does_not_hold_up_who_types(notebook: Notebook, kernel: ScriptedKernel) -> None:
    hold = Hold()

    def wait(_request: Any, _context: Any) -> Any:
        hold.wait()
        return enveloped(event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse)

    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.29.4"))
    notebook.run("%reload_ext chronicle_notebook")
    notebook.run(f"%chronicle connect {kernel.connection_string}")
    kernel.on(methods.ALL_EVENT_STORES, wait)
    try:
        for _ in range(5):
            assert "start" not in notebook.complete("%webhook show ")["matches"]
        assert hold.entered.wait(LONG), "the names are being read"
        assert not hold.in_vain
    finally:
        hold.release()


def test_inspection_shows_the_help(connected: Notebook) -> None:
    for name in ("%webhook", "%webhooks", "%chronicle"):
        shown = connected.inspect(name)
        assert help_text(BY_NAME[name]).splitlines()[0] in shown
        assert BY_NAME[name].usage(BY_NAME[name].commands[0]) in shown


def test_inspection_of_a_cell_shows_its_help(connected: Notebook) -> None:
    """As Shift-Tab in the first line of a cell."""
    shown = connected.inspect("%%webhook feed https://example.com/in\nactive: true", cursor=6)
    magic = BY_NAME["%%webhook"]
    assert magic.usage(magic.commands[0]) in shown
    assert "event_types: [AccountOpened, FundsDeposited+2]" in shown


def test_an_error_is_two_lines_with_the_type_and_no_secret(connected: Notebook, client: Client) -> None:
    cell = f"%%webhook hook https://example.com\nauthorization: {{token: {CANARY}}}\n"
    error = connected.error(cell)
    assert error["ename"] == "InvalidDefinitionError"
    assert len(error["traceback"]) == 2
    assert CANARY not in str(error)
    assert CANARY not in str(connected.error(cell.replace("com\n", "com --traceback\n")))


def test_an_interrupt_ends_a_magic(notebook: Notebook, kernel: ScriptedKernel) -> None:
    hold = Hold()

    def wait(_request: Any, context: Any) -> Any:
        hold.wait(context)
        return enveloped(event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse)

    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.29.4"))
    notebook.run("%reload_ext chronicle_notebook")
    notebook.run(f"%chronicle connect {kernel.connection_string}")
    kernel.on(methods.ALL_EVENT_STORES, wait)

    (told,) = notebook.run("import os; print(os.getpid())")
    process = int(told["text"])

    def interrupt() -> None:
        assert hold.entered.wait(LONG)
        os.kill(process, signal.SIGINT)  # what the manager does, without an event loop in this thread

    thread = threading.Thread(target=interrupt)
    thread.start()
    error = notebook.error("%chronicle stores")
    thread.join()
    assert not hold.in_vain
    assert error["ename"] == "KeyboardInterrupt"
    assert error["traceback"][0].endswith("was interrupted.")
    assert len(error["traceback"]) == 2


def test_remove_asks_in_a_kernel(connected: Notebook, client: Client) -> None:
    client.webhooks.register("audit", "https://example.com", lambda b: b.with_event_type("AccountOpened"))
    outputs = connected.run("%webhook remove audit", stdin="n")
    assert "Nothing was removed." in outputs[-1]["text"]
    outputs = connected.run("%webhook remove audit", stdin="y")
    assert "was removed from event store" in outputs[-1]["data"]["text/plain"]
    assert len(client.webhooks.all()) == 0


def test_remove_fails_where_the_kernel_may_not_ask(connected: Notebook, client: Client) -> None:
    client.webhooks.register("audit", "https://example.com", lambda b: b.with_event_type("AccountOpened"))
    error = connected.error("%webhook remove audit")
    assert error["traceback"][1] == "Next step: Add --yes to do it without being asked."
    assert len(client.webhooks.all()) == 1


def test_a_notebook_with_a_failing_magic_fails_and_saves_two_lines_and_no_secret(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("HOOK_TOKEN", CANARY)
    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("%load_ext chronicle_notebook"),
            nbformat.v4.new_code_cell(f"%chronicle connect {client.target.redacted} --store {client.event_store}"),
            nbformat.v4.new_code_cell(
                "%%webhook audit https://example.com\n"
                "event_types: [AccountOpned]\nauthorization: {token: env:HOOK_TOKEN}"
            ),
            nbformat.v4.new_code_cell("print('never reached')"),
        ]
    )
    with pytest.raises(CellExecutionError, match="UnknownEventTypeError"):
        NotebookClient(book, kernel_name="python3", timeout=LONG).execute()
    (output,) = book.cells[2].outputs
    what, step = output["traceback"]
    assert what == (
        f"UnknownEventTypeError: %%webhook (kernel {client.server}): Webhook 'audit': The event store has no event "
        "type 'AccountOpned', so the webhook would never receive it."
    )
    assert step == "Next step: Did you mean 'AccountOpened'?"
    saved = nbformat.writes(book)
    assert CANARY not in saved
    assert book.cells[3].outputs == []
