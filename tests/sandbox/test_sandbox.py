"""The sandbox as an object: starting, stopping, what it shows."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

import chronicle_notebook as cn
from chronicle_notebook.base import _errors
from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import observation_pb2, webhooks_classic_pb2, webhooks_pb2
from chronicle_notebook.sandbox import Sandbox, _main
from chronicle_notebook.sandbox.delivery import _sender
from tests.sandbox.classic import ClassicClient
from tests.sandbox.conftest import STORE, Client, hook
from tests.waiting import FOR_EVER, eventually

ROOT = Path(__file__).parents[2]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(autouse=True)
def others() -> Iterator[None]:
    """Threads of a sandbox that other tests share are not what these tests are about."""
    _others.update(threading.enumerate())
    yield
    _others.clear()


_others: set[threading.Thread] = set()


def ours() -> list[str]:
    threads = set(threading.enumerate()) - _others
    return [thread.name for thread in threads if thread.name.startswith("chronicle-sandbox")]


def test_stopping_leaves_no_thread_no_port_and_no_temporary_folder() -> None:
    threads = set(threading.enumerate())
    sandbox = Sandbox(settle_delay=0).start()
    port, folder = sandbox.port, sandbox.data
    client = Client(port)
    client.settle(hook("h", "http://127.0.0.1:9/", "T", bearer=("t",)))
    request = webhooks_pb2.ObserveWebhooksRequest(EventStore=STORE)
    streams = [client.follow(methods.OBSERVE_WEBHOOKS, request) for _ in range(20)]
    for stream in streams:
        next(stream)
    assert listens(port)
    assert (folder / "sandbox.db").exists()
    sandbox.stop()
    for stream in streams:
        # A change that was on its way may still come before the end.
        with pytest.raises(grpc.RpcError) as caught:
            list(stream)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    client.close()
    assert not listens(port)
    assert not folder.exists()
    assert ours() == []
    eventually(lambda: not [thread for thread in threading.enumerate() if thread not in threads])


def test_starting_twice_and_stopping_twice_is_harmless_and_it_can_be_started_again(tmp_path: Path) -> None:
    sandbox = Sandbox(data=tmp_path)
    port = sandbox.start().port
    assert sandbox.start().port == port
    sandbox.stop()
    sandbox.stop()
    with sandbox as again:
        assert listens(again.port)
        assert again.connection_string == f"chronicle://127.0.0.1:{again.port}/?auth=none"
        assert again.address == f"127.0.0.1:{again.port}"
    assert (tmp_path / "sandbox.db").exists()


def test_it_answers_on_the_loopback_interface_only(sandbox: Sandbox) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        assert probe.connect_ex(("::1", sandbox.port)) != 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", sandbox.port)) != 0


def test_a_port_in_use_is_named_with_what_to_do(sandbox: Sandbox) -> None:
    second = Sandbox(port=sandbox.port)
    with pytest.raises(_errors.SandboxError) as caught:
        second.start()
    assert str(sandbox.port) in caught.value.message
    assert "another port" in caught.value.hint
    assert not second.running
    second.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(_errors.SandboxError, match="in use"):
            Sandbox(port=taken.getsockname()[1]).start()


def test_a_data_folder_in_use_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(_errors.SandboxError, match="in use by another running sandbox"):
        Sandbox(data=sandbox.data).start()
    assert listens(sandbox.port)


def test_a_data_folder_that_is_a_file_or_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(_errors.SandboxError, match="cannot be used"):
        Sandbox(data=tmp_path / "file").start()
    (tmp_path / "newer").mkdir()
    with sqlite3.connect(tmp_path / "newer" / "sandbox.db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(_errors.SandboxError, match="another version"):
        Sandbox(data=tmp_path / "newer").start()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "sandbox.db").write_text("this is no database, however long one looks at it" * 100)
    with pytest.raises(_errors.SandboxError, match="not a database"):
        Sandbox(data=tmp_path / "odd").start()
    assert ours() == []


def test_without_the_packages_it_needs_it_says_which_extra_has_them() -> None:
    code = (
        "import sys; sys.modules['aiohttp'] = None\n"
        "from chronicle_notebook.sandbox import Sandbox\n"
        "try: Sandbox().start()\n"
        "except ImportError as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "MissingDependencyError" in done.stdout
    assert "chronicle-notebook[sandbox]" in done.stdout


def test_it_shows_what_it_is_in_text_and_html(tmp_path: Path) -> None:
    sandbox = Sandbox(data=tmp_path / "<b>")
    assert repr(sandbox) == "<Sandbox, stopped>"
    assert "stopped" in sandbox._repr_html_()
    with pytest.raises(_errors.SandboxError, match="does not run"):
        _ = sandbox.port
    with sandbox:
        assert repr(sandbox) == f"<Sandbox at {sandbox.connection_string}>"
        assert sandbox.connection_string in sandbox._repr_html_()
        assert "&lt;b&gt;" in sandbox._repr_html_()
    with pytest.raises(_errors.SandboxError, match="no data folder"):
        _ = Sandbox().data


def test_a_process_that_forgets_to_stop_ends_and_leaves_no_folder() -> None:
    code = (
        "import os; os.environ['GRPC_ENABLE_FORK_SUPPORT']='0'\n"
        "from chronicle_notebook.sandbox import Sandbox\n"
        "from tests.sandbox.conftest import Client, methods, webhooks_pb2\n"
        "sandbox = Sandbox().start(); print(sandbox.data)\n"
        "client = Client(sandbox.port)\n"
        "stream = client.follow(methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore='s'))\n"
        "next(stream)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).exists()


def test_it_stops_when_no_thread_can_be_had_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Sandbox(data=tmp_path, settle_delay=0).start()
    client = Client(sandbox.port)
    client.settle(hook("h", "http://127.0.0.1:9/"))
    port = sandbox.port

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        sandbox.stop()
    client.close()
    assert not listens(port)
    assert ours() == []
    with Sandbox(data=tmp_path) as again:
        other = Client(again.port)
        assert list(other.webhooks()) == ["h"]
        other.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "x"], "'x' is not a port: give a number from 0 to 65535"),
        (["--port", "70000"], "'70000' is not a port"),
        (["--settle-delay", "-1"], "'-1' is not a number of 0 or more"),
        (["--time-scale", "soon"], "'soon' is not a number of 0 or more"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        _main.main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


WAITING: dict[str, tuple[Method[Any, Any], Any]] = {
    "a test of a target": (
        classic.TEST_WEBHOOK,
        lambda url: webhooks_classic_pb2.TestWebhookRequest(Target=hook("x", url).Target),
    ),
    "completion": (
        methods.WAIT_FOR_COMPLETION,
        lambda _: observation_pb2.WaitForObserverCompletionRequest(
            EventStore=STORE, Namespace="Default", EventSequenceId="event-log"
        ),
    ),
    "a replay": (
        methods.REPLAY,
        lambda _: observation_pb2.Replay(EventStore=STORE, Namespace="Default", ObserverId="h"),
    ),
}


@pytest.mark.parametrize("what", WAITING)
def test_stopping_waits_for_no_target_that_somebody_waits_for(
    what: str, silent_target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sender, "ATTEMPT_LIMIT", FOR_EVER)
    method, request = WAITING[what]
    sandbox = Sandbox(contract="classic", settle_delay=0).start()
    client = ClassicClient(sandbox.port)
    client.register_classic("T")
    client.settle_hooks(hook("h", silent_target, "T"))
    client.append_classic("s", "T")
    # The list shows a webhook just before it is subscribed.
    (observer,) = eventually(sandbox._kernel.engine.observers)  # type: ignore[union-attr]
    eventually(lambda: observer.flights.count)
    call: Any = client._channel.unary_unary(method.path, request_serializer=method.request.SerializeToString)
    future = call.future(request(silent_target), timeout=FOR_EVER)
    with pytest.raises(grpc.FutureTimeoutError):
        future.result(timeout=0.3)
    sandbox.stop()
    assert future.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    client.close()
    assert ours() == []


@pytest.fixture
def silent_target() -> Iterator[str]:
    """The address of somebody who takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"


def test_it_serves_on_after_it_ran_out_of_file_descriptors() -> None:
    code = (
        "import os; os.environ['GRPC_ENABLE_FORK_SUPPORT']='0'\n"
        "import logging, resource, socket, threading\n"
        "from chronicle_notebook.sandbox import Sandbox\n"
        "from tests.sandbox.conftest import Client, page\n"
        "told = threading.Event()\n"
        "handler = logging.StreamHandler()\n"
        "handler.addFilter(lambda record: told.set() or True)\n"
        "logging.getLogger().addHandler(handler)\n"
        "with Sandbox() as sandbox:\n"
        "    page(sandbox.port, '/health')\n"
        "    limit = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "    clients = [socket.socket() for _ in range(8)]\n"
        "    highest = max(int(name) for name in os.listdir('/dev/fd'))\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, limit[1]))\n"
        "    for client in clients: client.connect(('127.0.0.1', sandbox.port))\n"
        "    assert told.wait(60)\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, limit)\n"
        "    for client in clients: client.close()\n"
        "    print(page(sandbox.port, '/health').status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "200"), done.stderr
    assert "could not accept a connection: Too many open files" in done.stderr


def test_the_command_of_the_package_runs_a_kernel_of_a_release() -> None:
    command = [sys.executable, "-m", "chronicle_notebook.cli", "sandbox", "--port", "0", "--behaves-like", "16.37"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            with cn.connect(process.stdout.readline().strip(), event_store="System", name="command") as client:
                assert (client.version.version, client.generation) == ("16.37.1", "classic")
        finally:
            process.terminate()
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"port": -1}, "port must be a whole number from 0 to 65535, not -1."),
        ({"port": 65536}, "port must be a whole number from 0 to 65535, not 65536."),
        ({"port": "x"}, "port must be a whole number from 0 to 65535, not a text."),
        ({"port": True}, "port must be a whole number from 0 to 65535, not True."),
        ({"data": 7}, "data must be a folder, as a text or a Path, not 7."),
        ({"seed": "yes"}, "seed is True, False, 'banking' or 'incident', not a text."),
        ({"settle_delay": "a"}, "settle_delay must be a number of seconds from 0 on, not a text."),
        ({"settle_delay": -0.1}, "settle_delay must be a number of seconds from 0 on, not -0.1."),
        ({"settle_delay": float("nan")}, "settle_delay must be a number of seconds from 0 on, not nan."),
        ({"time_scale": None}, "time_scale must be a number from 0 on, not None."),
        ({"auth": 1}, "auth must be True or False, not 1."),
        ({"token_lifetime": 0}, "token_lifetime must be a number of seconds above 0, not 0."),
        ({"clients": ["id"]}, "clients must be a mapping of ids to secrets, not a value of the type list."),
        ({"clients": {"": "x"}}, "clients must have a text that is not empty for each id."),
        ({"behaves_like": 16.37}, "behaves_like must be the name of a kernel, not 16.37."),
        ({"behaviour": {}}, "behaviour must be a Behaviour, not a value of the type dict."),
    ],
)
def test_an_argument_that_cannot_be_meant_is_named_before_anything_starts(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(_errors.InvalidInputError) as caught:
        Sandbox(**arguments)
    assert caught.value.message == message
    assert caught.value.field == next(iter(arguments))
    assert caught.value.hint
