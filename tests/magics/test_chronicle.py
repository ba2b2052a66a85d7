"""``%chronicle`` in a real shell: the connection, and what there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session import _connect
from chronicle_notebook.session._client import Client
from tests.magics.conftest import Shell


@pytest.fixture
def no_embedded_sandbox() -> Iterator[None]:
    _connect.stop_sandbox()
    yield
    _connect.stop_sandbox()


def test_the_status_says_which_kernel_as_whom_and_how_fast(connected: Shell, client: Client) -> None:
    status = connected.value("%chronicle")
    for shown in (repr(status), status._repr_html_()):
        for fact in (client.server, "19.29.4-sandbox", "commands", client.event_store, "Default", "none", " ms"):
            assert fact in shown
        assert "certificate" in shown
    assert status.latency > 0


def test_connect_makes_a_named_client_of_a_store_and_a_namespace(shell: Shell, client: Client) -> None:
    target = client.target.redacted
    opened = shell.value(
        f"%chronicle connect {target} --store {client.event_store} --namespace Default --as 'my kernel'"
    )
    assert isinstance(opened, Client)
    assert (opened.name, opened.event_store, opened.namespace) == ("my kernel", client.event_store, "Default")
    assert cn.client() is opened
    assert cn.client("my kernel") is opened


def test_connect_says_when_the_event_store_is_not_there(shell: Shell, shared_sandbox: Sandbox) -> None:
    ran = shell.run(f"%chronicle connect {shared_sandbox.connection_string} --store nothing")
    assert ran.error is None, ran.said
    assert "has no event store 'nothing'. It has System" in repr(ran.value)


def test_connect_says_when_the_namespace_is_not_there(shell: Shell, client: Client, shared_sandbox: Sandbox) -> None:
    ran = shell.run(
        f"%chronicle connect {shared_sandbox.connection_string} --store {client.event_store} --namespace ghost"
    )
    assert ran.error is None, ran.said
    assert "has no namespace 'ghost'. It has Default: choose one with namespace=." in repr(ran.value)
    quiet = shell.run(f"%chronicle connect {shared_sandbox.connection_string} --store {client.event_store}")
    assert "!" not in repr(quiet.value)


def test_connect_keeps_the_namespace_and_the_store_of_the_profile_unless_others_are_given(
    shell: Shell, client: Client, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client.ensure_namespace("Tenant B")
    profile = f'connection = "{shared_sandbox.connection_string}"\nevent_store = "{client.event_store}"\n'
    (tmp_path / "config.toml").write_text(f'[profiles.staging]\n{profile}namespace = "Tenant B"\n')
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_PROFILE", "staging")
    opened = shell.value("%chronicle connect")
    assert (opened.event_store, opened.namespace) == (client.event_store, "Tenant B")
    opened = shell.value("%chronicle connect --namespace Default")
    assert (opened.event_store, opened.namespace) == (client.event_store, "Default")


@pytest.mark.parametrize(
    "line",
    [
        "%chronicle connect chronicle://me:swordfish@host:port",
        "%chronicle connect env:NOT_SET_AT_ALL",
        "%chronicle connect --nonsense",
        "%chronicle doctor chronicle://me:swordfish@host:port",
        "%chronicle sandbox nonsense",
        "%chronicle use nobody",
    ],
)
def test_what_is_not_about_the_current_kernel_does_not_name_it(connected: Shell, client: Client, line: str) -> None:
    first, _ = connected.two_lines(line)
    assert client.server not in first
    assert "kernel" not in first
    assert "swordfish" not in first
    about, _ = connected.two_lines("%webhook show nobody")
    assert client.server in about


def test_connect_takes_the_connection_string_from_the_environment_or_a_variable(
    shell: Shell, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KERNEL", shared_sandbox.connection_string)
    assert shell.value("%chronicle connect env:MY_KERNEL").server == shared_sandbox.address
    shell.ip.user_ns["kernel"] = shared_sandbox.connection_string
    assert shell.value("%chronicle connect var:kernel").server == shared_sandbox.address
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", shared_sandbox.connection_string)
    assert shell.value("%chronicle connect").server == shared_sandbox.address


def test_a_secret_in_the_line_is_used_and_the_line_said_to_hold_it(shell: Shell, shared_sandbox: Sandbox) -> None:
    ran = shell.run(f"%chronicle connect chronicle://{shared_sandbox.address}/?apiKey=qx9canary7")
    assert ran.error is None, ran.said
    assert "this line contains a secret" in ran.said
    assert "qx9canary7" not in ran.said
    quiet = shell.run(f"%chronicle connect chronicle://{shared_sandbox.address}/?apiKey=env:NOT_USED")
    assert "this line contains a secret" not in quiet.said


def test_use_switches_between_clients_and_alone_lists_them(shell: Shell, shared_sandbox: Sandbox) -> None:
    for name in ("first", "second"):
        shell.value(f"%chronicle connect {shared_sandbox.connection_string} --store System --as {name}")
    assert cn.client().name == "second"
    assert shell.value("%chronicle use first").name == "first"
    assert cn.client().name == "first"
    listed = shell.value("%chronicle use").to_frame()
    assert list(listed.index) == ["first", "second"]
    assert list(listed["current"]) == [True, False]


def test_use_goes_to_another_store_and_namespace_on_the_same_connection(connected: Shell, client: Client) -> None:
    client.ensure_namespace("Tenant B")
    moved = connected.value("%chronicle use --namespace 'Tenant B'")
    assert (moved.name, moved.event_store, moved.namespace) == (client.name, client.event_store, "Tenant B")
    assert cn.client() is moved
    assert moved.shares_connection_with(client)
    ran = connected.run("%chronicle use --store System")
    assert ran.value.event_store == "System"
    assert "has no namespace 'Tenant B'. It has Default" in repr(ran.value)
    lines = connected.two_lines("%chronicle use --store Systm")
    assert lines[1] == "Next step: Did you mean 'System'?"
    assert cn.client().event_store == "System"


def test_stores_namespaces_event_types_and_sequences_are_listed(connected: Shell, client: Client) -> None:
    client.webhooks.register("hook", "https://example.com/a", lambda b: b.with_event_type("AccountOpened"))
    client.event_log.append("account-1", "AccountOpened", {})
    stores = connected.value("%chronicle stores")
    assert client.event_store in list(stores)
    assert list(stores.to_frame().query("current").index) == [client.event_store]
    assert list(connected.value("%chronicle namespaces")) == ["Default"]
    types = connected.value("%chronicle event-types").to_frame()
    assert types.loc["AccountOpened", ["generation", "webhooks", "listeners"]].tolist() == [1, 1, "hook"]
    assert types.loc["FundsDeposited", "webhooks"] == 0
    sequences = connected.value("%chronicle sequences").to_frame()
    assert sequences.loc["event-log", "tail"] == 0


def test_doctor_walks_the_way_and_a_clear_way_is_true(connected: Shell, client: Client) -> None:
    diagnosis = connected.value("%chronicle doctor")
    assert diagnosis
    assert [step.name for step in diagnosis] == [
        "name",
        "port",
        "TLS",
        "token",
        "contract",
        "event store",
        "namespace",
        "permission",
    ]
    assert "passed" in repr(diagnosis)
    other = connected.value("%chronicle doctor chronicle://127.0.0.1:9/?auth=none")
    assert other.failed.name == "port"


def test_the_sandbox_starts_resets_and_stops(shell: Shell, no_embedded_sandbox: None) -> None:
    started = shell.value("%chronicle sandbox start")
    assert (started.name, started.event_store, started.embedded) == ("sandbox", "banking", True)
    assert shell.value("%chronicle sandbox start") is started
    started.webhooks.remove("fraud-watch")
    fresh = shell.value("%chronicle sandbox reset")
    assert fresh.name == "sandbox"
    assert cn.client() is fresh
    assert "fraud-watch" in fresh.webhooks.all().ids
    with pytest.raises(cn.ClientClosedError):
        started.webhooks.all()
    assert "was stopped" in shell.run("%chronicle sandbox stop").said
    assert cn.clients() == {}
    assert "No sandbox kernel ran." in shell.run("%chronicle sandbox stop").said


def test_without_a_connection_string_connect_says_that_it_is_a_sandbox(shell: Shell, no_embedded_sandbox: None) -> None:
    ran = shell.run("%chronicle connect")
    assert "connected to a sandbox kernel inside this process" in ran.said
    assert ran.value.embedded
