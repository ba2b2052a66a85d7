"""Where a runbook works: never by accident on a temporary sandbox, and always told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.runbook.engine._outcome import RunStatus
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import stop_sandbox
from chronicle_notebook.session._guard import LOCK
from tests.runbook.books import Desk
from tests.runbook.test_books import OLD, OPENED, hook, written
from tests.waiting import eventually


@pytest.fixture
def no_kernel_named(bare_desk: Desk) -> Iterator[Desk]:
    yield bare_desk
    stop_sandbox()


def test_nothing_is_applied_to_a_sandbox_that_nobody_asked_for(no_kernel_named: Desk, tmp_path: Path) -> None:
    told: dict[str, Any] = {"action": "pause", "webhooks": ["audit-archive"], "file": str(tmp_path / "paused.yaml")}
    ran = no_kernel_named.run("pause-and-resume", apply=True, **told)
    assert isinstance(ran.error, cn.InvalidInputError)
    assert ran.error.field == "apply"
    assert "CHRONICLE_CONNECTION_STRING" in ran.error.hint
    assert "sandbox=true" in ran.error.hint
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.FAILED
    assert not (tmp_path / "paused.yaml").exists()
    assert cn.client().webhooks.all().find("audit-archive") is not None
    ran = no_kernel_named.run("pause-and-resume", apply=True, sandbox=True, **told)
    assert ran.error is None
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.DONE
    assert "temporary sandbox" in ran.outcome.summary


def test_a_dry_run_on_such_a_sandbox_says_so_in_its_summary(no_kernel_named: Desk) -> None:
    ran = no_kernel_named.run("audit-webhooks")
    assert ran.error is None
    assert ran.outcome is not None
    assert "No connection was named, so this used a temporary sandbox in this process" in ran.outcome.summary


def test_the_summary_names_server_and_store(desk: Desk, client: Client) -> None:
    ran = desk.run("audit-webhooks", event_store=client.event_store)
    assert ran.outcome is not None
    assert ran.outcome.summary == f"0 findings. Event store {client.event_store!r} on {client.server}."


def test_an_error_names_them_too(desk: Desk, client: Client) -> None:
    client.webhooks.register(hook("a", "http://plain.example.com/in"))
    ran = desk.run("audit-webhooks", event_store=client.event_store, fail_on="high")
    assert isinstance(ran.error, cn.RunbookError)
    assert ran.error.message.endswith(f"Event store {client.event_store!r} on {client.server}.")


# -- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["audit-webhooks", "move-host"])
def test_a_namespace_is_no_parameter_of_what_is_about_all_of_them(name: str, bare_desk: Desk) -> None:
    ran = bare_desk.run(name, namespace="Nope")
    assert isinstance(ran.error, cn.InvalidInputError)
    assert ran.error.field == "namespace"


def test_a_runbook_of_one_s_own_may_have_one_and_it_must_exist(
    client: Client, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", shared_sandbox.connection_string)
    schema = {"namespace": str | None}
    run = cn.runbook.start("mine", {"namespace": None, "event_store": client.event_store}, schema=schema)
    assert run.connect().namespace == "Default"
    run.end()
    run = cn.runbook.start("mine", {"namespace": "Defualt", "event_store": client.event_store}, schema=schema)
    with pytest.raises(cn.InvalidInputError) as caught:
        run.connect()
    run.end()
    assert caught.value.hint == "Did you mean 'Default'?"


# -- the lock of a protected store ---------------------------------------------------------------------------------


def test_a_lock_is_met_before_the_first_step(
    desk: Desk, client: Client, shared_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.webhooks.register(hook("a"))
    monkeypatch.setenv("PRODUCTION", shared_sandbox.connection_string)
    profile = f'connection = "env:PRODUCTION"\nevent_store = "{client.event_store}"\nprotected = true\n'
    (tmp_path / "config.toml").write_text(f"[profiles.production]\n{profile}")
    told = {"action": "pause", "webhooks": ["a"], "file": str(tmp_path / "paused.yaml"), "profile": "production"}
    assert desk.run("pause-and-resume", **told).error is None, "a dry run needs no name"
    ran = desk.run("pause-and-resume", apply=True, **told)
    assert isinstance(ran.error, cn.ProtectedError)
    assert not (tmp_path / "paused.yaml").exists()
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.FAILED
    assert f"--confirm {client.event_store}" in ran.outcome.problems[0]
    LOCK.unlock(client.server, client.event_store, client.event_store)
    assert desk.run("pause-and-resume", apply=True, **told).error is None
    assert (tmp_path / "paused.yaml").exists()


# -- the next step stays in the outcome ----------------------------------------------------------------------------


def test_a_profile_that_there_is_not_keeps_its_hint(bare_desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[profiles.production]\nconnection = "chronicle://127.0.0.1:9"\n')
    ran = bare_desk.run("audit-webhooks", profile="prduction")
    assert ran.outcome is not None
    assert "Did you mean 'production'?" in ran.outcome.problems[0]


def test_a_store_that_there_is_not_keeps_its_hint(desk: Desk, client: Client) -> None:
    ran = desk.run("audit-webhooks", event_store=client.event_store + "x")
    assert ran.outcome is not None
    assert f"Did you mean {client.event_store!r}" in ran.outcome.problems[0]
    assert "Did you mean" in json.dumps(ran.outcome.to_dict())


def test_a_keyring_that_cannot_be_asked_is_told_as_such(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    import keyring.core

    keyring.core.init_backend()
    authorization = cn.BearerAuthorization(cn.Secret("x"))
    client.webhooks.register(hook("a", authorization=authorization))
    ran = desk.run("rotate-secret", event_store=client.event_store, webhook="a", secret="keyring:service/user")
    assert ran.error is None
    assert ran.outcome is not None
    assert "The system's keyring cannot be read: NoKeyringError" in ran.outcome.steps[-1]["note"]
    ran = desk.run(
        "rotate-secret", event_store=client.event_store, webhook="a", secret="keyring:service/user", apply=True
    )
    assert isinstance(ran.error, cn.RunbookError)
    assert ran.outcome is not None
    assert "NoKeyringError" in ran.outcome.problems[0]
    assert "env:NAME" in ran.outcome.problems[0], "the next step"


def test_an_error_of_the_system_is_told_with_its_file(bare_desk: Desk, tmp_path: Path) -> None:
    shell = bare_desk.shell
    shell.run_cell("import chronicle_notebook as cn\nrun = cn.runbook.start('example', {'apply': True}, schema={})")
    shell.run_cell(f"open({str(tmp_path)!r})")
    (problem,) = shell.user_ns["run"].outcome.problems
    assert problem == f"IsADirectoryError: Is a directory: {tmp_path}"


# -- what was changed meanwhile ------------------------------------------------------------------------------------


def changed_cell(desk: Desk, source: str) -> Any:
    return desk.shell.run_cell(source, store_history=True)


def test_parameters_that_were_changed_since_it_began_are_noticed(
    desk: Desk, client: Client, endpoint: cn.Receiver
) -> None:
    client.webhooks.register(hook("a", f"{OLD}/webhooks/a"))
    told = {"from_host": "127.0.0.1:9", "to_host": endpoint.url.split("/")[2], "event_store": client.event_store}
    assert desk.run("move-host", **told).error is None
    before = written(client)
    changed_cell(desk, "apply = True")
    for cell in ("run.apply()", "run.plan()", "run.finish()"):
        result = changed_cell(desk, cell)
        assert isinstance(result.error_in_exec, cn.InvalidInputError)
        assert result.error_in_exec.field == "apply"
        assert "all cells" in result.error_in_exec.hint
    assert written(client) == before


def test_what_was_done_by_an_earlier_run_is_not_shown_as_if_it_were_done_now(
    desk: Desk, client: Client, endpoint: cn.Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    client.webhooks.register(hook("a", f"{OLD}/webhooks/a"))
    told = {"from_host": "127.0.0.1:9", "to_host": endpoint.url.split("/")[2], "event_store": client.event_store}
    assert desk.run("move-host", apply=True, **told).error is None
    capsys.readouterr()
    result = changed_cell(desk, "run.apply()")
    assert isinstance(result.error_in_exec, cn.InvalidInputError)
    assert "has ended" in result.error_in_exec.message
    assert "what was done" not in capsys.readouterr().out


# -- examples are no parameters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("book", "given", "missing"),
    [
        ("onboard-consumer", {"webhook": "a", "url": "http://127.0.0.1:9/in"}, "event_types"),
        ("rotate-secret", {"webhook": "a"}, "secret"),
        ("move-host", {"to_host": "new.example.com"}, "from_host"),
        ("pause-and-resume", {"webhooks": ["a"]}, "action"),
        ("pause-and-resume", {"action": "resume"}, "webhooks"),
        ("recover-webhook", {"url": "http://127.0.0.1:9/in"}, "webhook"),
        ("recover-webhook", {"apply": True}, "webhook"),
    ],
)
def test_an_example_of_the_notebook_is_not_taken_where_parameters_are_given(
    book: str, given: dict[str, Any], missing: str, bare_desk: Desk
) -> None:
    ran = bare_desk.run(book, **given)
    assert isinstance(ran.error, cn.InvalidInputError)
    assert ran.error.field == missing
    assert "example" in ran.error.message
    assert ran.cells == 3, "the cell after the parameters"


def test_no_secret_of_a_plan_is_named_in_a_way_that_a_scan_would_not_see(
    desk: Desk, client: Client, endpoint: cn.Receiver
) -> None:
    """``env:NAME`` stands for what is secret alone: its value is looked for in what is saved."""
    authorization = cn.BasicAuthorization("reader", cn.Secret("x"))
    client.webhooks.register(hook("money", f"{OLD}/webhooks", authorization=authorization))
    told = {"from_host": "127.0.0.1:9", "to_host": endpoint.url.split("/")[2], "event_store": client.event_store}
    ran = desk.run("move-host", **told)
    assert ran.outcome is not None
    note = ran.outcome.steps[-1]["note"]
    assert "MONEY_USERNAME" in note
    assert "env:MONEY_USERNAME" not in note
    assert "env:MONEY_PASSWORD" in note


def test_a_resumption_names_its_secrets_in_the_same_way(
    desk: Desk, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONEY_USERNAME", "chronicle")
    monkeypatch.setenv("MONEY_PASSWORD", "swordfish-4711")
    authorization = cn.BasicAuthorization("chronicle", cn.Secret("swordfish-4711"))
    client.webhooks.register(hook("money", authorization=authorization, event_types=(OPENED,)))
    eventually(lambda: client.webhooks.get("money").authorization.kind.value == "basic")
    told: dict[str, Any] = {"webhooks": ["money"], "file": str(tmp_path / "paused.yaml")}
    told["event_store"] = client.event_store
    for action in ("pause", "resume"):
        ran = desk.run("pause-and-resume", action=action, **told)
        assert desk.run("pause-and-resume", action=action, apply=True, **told).error is None
        assert ran.outcome is not None
        notes = " ".join(each["note"] for each in ran.outcome.steps)
        assert "env:MONEY_PASSWORD" in notes
        assert "env:MONEY_USERNAME" not in notes
