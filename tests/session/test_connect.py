"""Connecting: by string, by environment, or to the embedded sandbox; and clients by name."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook.base._call import Caller
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.session import _connect
from chronicle_notebook.session._client import Client


def test_a_client_tells_which_kernel_it_is_and_how_it_is_reached(shared_sandbox: cn.Sandbox) -> None:
    with cn.connect(shared_sandbox.connection_string, event_store="shop", namespace="Tenant-B", name="c") as client:
        for form in (repr(client), client._repr_html_()):
            for fact in (shared_sandbox.address, "19.29.4", "commands", "shop", "Tenant-B", "not verified", "none"):
                assert fact in form
        assert client.server == shared_sandbox.address


def test_the_environment_variable_names_the_kernel(
    shared_sandbox: cn.Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", shared_sandbox.connection_string)
    with cn.connect(name="from-environment") as client:
        assert client.server == shared_sandbox.address
        assert client.event_store == "default"
        assert not client.embedded
    assert capsys.readouterr().out == ""


def test_an_explicit_string_wins_over_the_environment(
    shared_sandbox: cn.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", "chronicle://127.0.0.1:1")
    with cn.connect(shared_sandbox.connection_string, name="explicit") as client:
        assert client.server == shared_sandbox.address


def test_without_either_an_embedded_sandbox_is_used_and_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    client = cn.connect(name="embedded")
    again = cn.connect(name="embedded-2")
    try:
        out = capsys.readouterr().out
        assert "sandbox kernel inside this process" in out
        assert "CHRONICLE_CONNECTION_STRING is not set" in out
        assert client.embedded
        assert "embedded sandbox" in repr(client)
        assert client.event_store == "banking"
        assert len(client.webhooks.all()) >= 4
        assert again.server == client.server, "one sandbox serves the whole process"
    finally:
        cn.client("embedded").close()
        cn.client("embedded-2").close()
        cn.stop_sandbox()


@pytest.mark.parametrize("blank", ["", "  "])
def test_an_empty_variable_counts_as_not_set_and_an_empty_argument_is_refused(
    blank: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", blank)
    with pytest.raises(cn.InvalidConnectionStringError, match="empty") as caught:
        cn.connect(blank, name="nowhere")
    assert "chronicle://localhost:35000" in caught.value.hint
    assert "nowhere" not in cn.clients()
    with cn.connect(name="unset") as client:
        assert client.embedded
    assert "CHRONICLE_CONNECTION_STRING is empty: connected to a sandbox kernel" in capsys.readouterr().out
    _connect.stop_sandbox()


def test_clients_are_found_by_name_and_the_last_one_is_current(shared_sandbox: cn.Sandbox) -> None:
    first = cn.connect(shared_sandbox.connection_string, name="first")
    second = cn.connect(shared_sandbox.connection_string, name="second")
    assert cn.client("first") is first
    assert cn.client() is second
    assert cn.use("first") is first
    assert cn.client() is first
    assert {"first", "second"} <= set(cn.clients())
    with pytest.raises(cn.UnknownClientError) as caught:
        cn.client("secnd")
    assert "second" in caught.value.hint
    cn.client("first").close()
    assert cn.client() is second
    cn.client("second").close()


def test_connecting_again_under_a_name_closes_the_earlier_client(shared_sandbox: cn.Sandbox) -> None:
    first = cn.connect(shared_sandbox.connection_string, name="same")
    cn.connect(shared_sandbox.connection_string, name="same")
    with pytest.raises(cn.ClientClosedError):
        first.event_stores()
    assert "closed" in repr(first)
    assert "closed" not in repr(cn.client("same"))
    cn.client("same").close()


def test_no_client_is_told_as_such() -> None:
    assert not cn.clients(), "a test before this one left a client behind"
    with pytest.raises(cn.UnknownClientError) as caught:
        cn.client()
    assert "cn.connect()" in caught.value.hint


def test_a_connection_that_fails_leaves_nothing_behind() -> None:
    before = set(threading.enumerate())
    with pytest.raises(cn.KernelUnreachableError):
        cn.connect("chronicle://127.0.0.1:1/?auth=none", name="nobody")
    assert "nobody" not in cn.clients()
    assert set(threading.enumerate()) - before == set()


def test_ctrl_c_while_connecting_leaves_nothing_behind(
    shared_sandbox: cn.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels: list[Caller] = []
    reach = NegotiatedGateway.reach

    def interrupted(gateway: NegotiatedGateway) -> None:
        reach(gateway)
        channels.append(gateway._caller)
        raise KeyboardInterrupt

    monkeypatch.setattr(NegotiatedGateway, "reach", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cn.connect(shared_sandbox.connection_string, name="interrupted")
    assert "interrupted" not in cn.clients()
    with pytest.raises(cn.ClientClosedError):
        channels[0].call(methods.GET_VERSION_INFO, Empty())


def test_the_text_of_a_bad_string_is_not_repeated() -> None:
    with pytest.raises(cn.InvalidConnectionStringError) as caught:
        cn.connect("chronicle://me:swordfish@host:port")
    assert "swordfish" not in str(caught.value)


def test_everything_a_webhook_can_refer_to_is_listed(shared_sandbox: cn.Sandbox) -> None:
    with cn.connect(shared_sandbox.connection_string, event_store="listed", name="listed") as client:
        client.ensure_event_store()
        client.ensure_namespace("Tenant-C")
        assert "listed" in client.event_stores()
        assert set(client.namespaces()) == {"Default", "Tenant-C"}
        assert {each.id for each in client.event_sequences()} >= {"event-log"}
        assert list(client.event_types().to_frame().columns) == [
            "generation",
            "tombstone",
            "owner",
            "source",
            "properties",
        ]
        assert client.event_log.tail() is None
        assert len(client.observers()) == 0
        assert len(client.failed_partitions()) == 0
        assert "No partition fails" in repr(client.failed_partitions())
        assert client.failed_partitions().to_frame().empty


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"timeout": "5"}, "timeout"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": True}, "timeout"),
        ({"event_store": 5}, "event_store"),
        ({"event_store": " "}, "event_store"),
        ({"namespace": 5}, "namespace"),
        ({"name": ""}, "name"),
    ],
)
def test_an_argument_that_cannot_be_meant_is_named(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        cn.connect("chronicle://127.0.0.1:1/?auth=none", **arguments)
    assert caught.value.field == field
    assert caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"profile": 5}, "profile"),
        ({"profile": ""}, "profile"),
        ({"protected": "yes"}, "protected"),
        ({"declared": 5}, "declared"),
        ({"declared": "abc"}, "declared"),
        ({"declared": int}, "declared"),
        ({"declared": [int, "abc"]}, "declared"),
        ({"timeout": float("inf")}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": 1e300}, "timeout"),
    ],
)
def test_an_argument_of_another_kind_is_named_before_anything_is_reached(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        cn.connect("chronicle://127.0.0.1:1/?auth=none", **arguments)
    assert caught.value.field == field
    assert caught.value.hint


@pytest.mark.parametrize("find", [cn.client, cn.use])
@pytest.mark.parametrize("name", [5, " "])
def test_the_name_of_a_client_is_a_text(find: Any, name: Any) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        find(name)
    assert caught.value.field == "name"


def test_a_client_says_whether_it_was_closed(shared_sandbox: cn.Sandbox) -> None:
    client = cn.connect(shared_sandbox.connection_string, event_store="System", name="to-close")
    moved = client.at(namespace="Default")
    assert (client.closed, moved.closed) == (False, False)
    client.close()
    assert (client.closed, moved.closed) == (True, True)


def test_declared_classes_can_come_from_anything_that_is_gone_through_once(shared_sandbox: cn.Sandbox) -> None:
    @cn.webhook(target_url="https://example.com/in", id="declared-once")
    class Declared:
        def define(self, builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
            return builder.with_event_type("AccountOpened")

    with cn.connect(
        shared_sandbox.connection_string, event_store="System", name="once", declared=(each for each in [Declared])
    ) as client:
        assert client.webhooks.discover().ids == ["declared-once"]
        assert client.at(namespace="Default").webhooks.discover().ids == ["declared-once"]
        assert client.declared == (Declared,)


def test_clients_that_connect_at_the_same_time_share_one_sandbox() -> None:
    together = threading.Barrier(6)
    opened: list[Client] = []

    def connect(number: int) -> None:
        together.wait()
        opened.append(cn.connect(name=f"together-{number}"))

    threads = [threading.Thread(target=connect, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert len({client.server for client in opened}) == 1
        assert len(opened) == 6
    finally:
        cn.stop_sandbox()
    assert all(client.closed for client in opened)


def test_a_reset_of_the_sandbox_keeps_how_its_clients_were_asked_for() -> None:
    class Declared:
        """Not registered: it is only carried along."""

    cn.connect(name="guarded", protected=True, timeout=7, namespace="Tenant-B", declared=[Declared])
    made = cn.connect(name="elsewhere", event_store="made-here", namespace="Made-Too")
    made.ensure_event_store()
    made.ensure_namespace()
    cn.connect(name="system")
    cn.use("system", event_store="System")
    try:
        assert cn.client("guarded").namespaces() == ["Default", "Tenant-B"]
        assert cn.reset_sandbox() is cn.client("system") is cn.client()
        guarded = cn.client("guarded")
        assert (guarded.protected, guarded.timeout, guarded.namespace) == (True, 7, "Tenant-B")
        assert (guarded.event_store, guarded.declared) == ("banking", (Declared,))
        assert (cn.client("system").event_store, cn.client("system").protected) == ("System", False)
        assert (cn.client("elsewhere").event_store, cn.client("elsewhere").namespace) == ("banking", "Default")
    finally:
        cn.stop_sandbox()


@pytest.mark.parametrize("absent", ["cryptography", "aiohttp"])
def test_without_the_extra_the_error_says_first_that_no_kernel_was_named(absent: str) -> None:
    program = f"""
import sys
sys.modules[{absent!r}] = None
import chronicle_notebook as cn
try:
    cn.connect()
except cn.ChronicleError as error:
    print(type(error).__name__, error.message, error.hint, sep="\\n")
try:
    cn.start_sandbox()
except cn.MissingDependencyError as error:
    print(error.message)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    kind, message, hint, started = ran.stdout.splitlines()
    assert kind == "MissingDependencyError"
    assert message.startswith(
        "No connection string was given and CHRONICLE_CONNECTION_STRING is not set, so this process"
    )
    assert f"needs the package '{absent}" in message
    assert "pip install 'chronicle-notebook[sandbox]'" in hint
    assert hint.endswith('give a connection string: cn.connect("chronicle://localhost:35000").')
    assert "No connection string" not in started


def test_the_handshake_of_a_fresh_process_begins_before_grpc_is_imported(shared_sandbox: cn.Sandbox) -> None:
    program = """
import sys
import chronicle_notebook as cn
from chronicle_notebook.session import _connect

begin = _connect.early_handshake

def noted(*args, **options):
    begun = begin(*args, **options)
    print(begun is not None, "grpc" in sys.modules)
    return begun

_connect.early_handshake = noted
for _ in range(2):
    with cn.connect(sys.argv[1]) as client:
        print(len(client.event_stores()) > 0)
"""
    command = [sys.executable, "-c", program, shared_sandbox.connection_string]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    assert ran.stdout.split("\n") == ["True False", "True", "False True", "True", ""]


def test_a_fresh_process_says_how_a_server_cannot_be_reached() -> None:
    program = """
import chronicle_notebook as cn
try:
    cn.connect("chronicle://127.0.0.1:1")
except cn.KernelUnreachableError as error:
    print(error.message, error.hint)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    with pytest.raises(cn.KernelUnreachableError) as caught:
        cn.connect("chronicle://127.0.0.1:1")
    assert ran.stdout == f"{caught.value.message} {caught.value.hint}\n"
