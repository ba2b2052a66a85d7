"""Through real papermill and the real command line, each with a kernel process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.cli import main
from chronicle_notebook.cli._runner import outcome_of
from chronicle_notebook.model import BasicAuthorization
from chronicle_notebook.pausing._place import PAUSED
from chronicle_notebook.runbook.engine._outcome import MIME
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.scan import scan
from chronicle_notebook.session._client import Client
from tests.runbook.books import CANARY, FOLDER
from tests.runbook.test_books import OLD, hook, written
from tests.waiting import eventually

pytestmark = pytest.mark.filterwarnings(
    "ignore:Proactor event loop", "ignore:zmq.eventloop.ioloop", "ignore::DeprecationWarning"
)


@pytest.fixture(autouse=True)
def on_this_kernel(shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", shared_sandbox.connection_string)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)


def where(client: Client) -> str:
    """How each summary ends."""
    return f"Event store {client.event_store!r} on {client.server}."


def papermill(*arguments: str) -> subprocess.CompletedProcess[str]:
    """papermill as people call it, with nothing of this project around it."""
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)


def test_plain_papermill_fails_on_a_parameter_that_it_lets_pass_itself(client: Client, tmp_path: Path) -> None:
    before = written(client)
    book, saved = str(FOLDER / "move-host.ipynb"), str(tmp_path / "saved.ipynb")
    result = papermill(
        book, saved, "-p", "event_store", client.event_store, "-p", "from_hots", "x", "-p", "apply", "True"
    )
    assert result.returncode != 0
    assert "This runbook has no parameter 'from_hots'." in result.stderr
    assert "Did you mean 'from_host' or 'to_host'?" in result.stderr
    assert "Passed unknown parameter: from_hots" in result.stderr, "papermill only warns"
    assert written(client) == before


def test_plain_papermill_exits_non_zero_when_the_outcome_is_not_what_was_asked(client: Client, tmp_path: Path) -> None:
    client.webhooks.register(hook("a", f"{OLD}/webhooks"))
    told = ["-p", "event_store", client.event_store, "-p", "from_host", "127.0.0.1:9", "-p", "apply", "True"]
    told += ["-p", "to_host", "127.0.0.1:8"]  # nobody answers there
    result = papermill(str(FOLDER / "move-host.ipynb"), str(tmp_path / "saved.ipynb"), *told)
    assert result.returncode != 0
    assert "RunbookError" in result.stderr
    outcome = outcome_of(nbformat.read(tmp_path / "saved.ipynb", as_version=4))
    assert outcome is not None
    assert outcome["status"] == "incomplete"
    assert [each["state"] for each in outcome["steps"]] == ["failed", "not done"]
    assert client.webhooks.get("a").target_url == f"{OLD}/webhooks"


def test_the_command_applies_saves_and_writes_a_page_without_a_secret(
    client: Client, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    saved, page = tmp_path / "out" / "saved.ipynb", tmp_path / "out" / "page.html"
    outcome_file = tmp_path / "out" / "outcome.json"
    told = ["-p", f"event_store={client.event_store}", "-p", "webhook=desk", "-p", f"url={OLD}/in"]
    told += ["-p", "event_types=AccountOpened,FundsDeposited", "-p", "token=env:NEW_TOKEN", "-p", "test_target=no"]
    told += ["-p", f"outcome_file={outcome_file}"]
    code = main(["run", "onboard-consumer", *told, "--apply", "--output", str(saved), "--html", str(page)])
    out, err = capfd.readouterr()
    assert code == 0, err
    assert "1/1 desk: register it for AccountOpened, FundsDeposited: done" in err, "what is said on the way"
    first, step = out.splitlines()
    assert first == f"onboard-consumer: done. 1 of 1 steps done, 0 were done before. {where(client)}"
    assert step.startswith("  done  desk: register it for AccountOpened, FundsDeposited")
    assert [str(kind) for kind in client.webhooks.get("desk").event_types] == ["AccountOpened", "FundsDeposited"]
    kept = json.loads(outcome_file.read_text())
    assert kept["ok"] is True
    assert kept == dict(outcome_of(nbformat.read(saved, as_version=4)) or {})
    text = page.read_text()
    assert "Plan of onboard-consumer" in text
    assert "<table" in text
    assert "<script" not in text.lower()
    assert MIME not in text
    everything = out + err + text + saved.read_text() + outcome_file.read_text()
    assert CANARY not in everything
    assert "env:NEW_TOKEN" in everything
    assert "widget" not in saved.read_text().lower()
    assert scan([tmp_path / "out"])[0] == []


def test_an_audit_is_listed_worst_first_and_read_by_a_program(
    client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    client.webhooks.register(hook("a-quiet", "http://127.0.0.1:9/in"))
    client.webhooks.register(hook("b-loud", "http://hooks.example.com/in"))
    told = ["run", "audit-webhooks", "-p", f"event_store={client.event_store}"]
    assert main(told) == 0
    first, *findings = capfd.readouterr().out.splitlines()
    assert first == f"audit-webhooks: done. 3 findings. {where(client)}"
    assert findings[0] == "  high  b-loud     Events and credentials go to hooks.example.com in clear. Use https."
    assert findings[1].startswith("  low   (several)  2 webhooks are inactive: a-quiet, b-loud. For them nothing is")
    assert findings[1].endswith(" Remove those that are not needed.")
    assert [line.split()[:2] for line in findings[2:]] == [["low", "b-loud"]]
    assert main([*told, "-p", "fail_on=high", "--json"]) == 1
    outcome = json.loads(capfd.readouterr().out)
    assert (outcome["status"], outcome["ok"]) == ("rejected", False)
    assert [each["grade"] for each in outcome["findings"]] == ["high", "low", "low"]


def test_a_plan_and_what_was_not_done_are_listed_by_step(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    client.webhooks.register(hook("a", f"{OLD}/webhooks"))
    told = ["run", "move-host", "-p", f"event_store={client.event_store}", "-p", "from_host=127.0.0.1:9"]
    told += ["-p", "to_host=127.0.0.1:8"]  # nobody answers there
    assert main(told) == 0
    plan = capfd.readouterr().out.splitlines()
    assert plan[0] == f"move-host: planned. 2 of 2 steps to do; nothing was changed. {where(client)}"
    assert [line.split(":")[0] for line in plan[1:]] == ["  to do  a", "  to do  a"]
    assert main([*told, "--apply"]) == 1
    out, err = capfd.readouterr()
    lines = out.splitlines()
    assert lines[0] == f"move-host: incomplete. 0 of 2 steps done, 0 were done before, 2 not done. {where(client)}"
    assert lines[1].startswith("  failed    a: see that http://127.0.0.1:8/webhooks takes deliveries. no answer: ")
    assert lines[2].startswith("  not done  a: point it at http://127.0.0.1:8/webhooks")
    assert "1/2 a: see that" in err
    assert "not done" not in err, "what a line tells is not told twice"


def test_the_command_exits_non_zero_and_saves_the_outcome_when_there_is_no_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", "chronicle://127.0.0.1:9/?auth=none")
    saved = tmp_path / "saved.ipynb"
    assert main(["run", "audit-webhooks", "--output", str(saved)]) == 1
    out, err = capfd.readouterr()
    assert "audit-webhooks: failed. It ended before anything was changed." in out
    assert "127.0.0.1:9" in err
    outcome = outcome_of(nbformat.read(saved, as_version=4))
    assert outcome is not None
    assert outcome["ok"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rotate-secret", "-p", f"secret={CANARY}"], "must be a reference to a secret"),
        (["rotate-secret", "-p", "secrt=env:X"], "Did you mean 'secret'"),
        (["recover-webhook", "-p", "deadline=soon"], "must be a number"),
        (["move-host", "-p", "test_targets=maybe"], "must be true or false"),
        (["move-host", "-p", "to_host"], "have the form name=value"),
        (["move-host", "-p", "to_host=a", "-p", "to_host=b"], "is given twice"),
        (["rotate-secrt"], "Did you mean 'rotate-secret'"),
        (["audit-webhooks", "-p", "fail_on=hihg"], "Did you mean 'high'"),
        (["move-host", "-p", "apply=false"], "--apply was given, and apply=false too."),
        (["move-host"], "Parameter 'from_host' is not given, and the notebook has only an example for it."),
        (["onboard-consumer", "-p", "webhook=a", "-p", "url=http://a.example.com"], "-p event_types=VALUE"),
    ],
)
def test_the_command_refuses_before_a_kernel_starts_or_a_file_is_written(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "saved.ipynb"
    assert main(["run", *arguments, "--apply", "--output", str(saved)]) == 1
    out, err = capsys.readouterr()
    assert said in err
    assert CANARY not in out + err
    assert not saved.exists()


def test_a_protected_store_needs_to_be_confirmed(
    client: Client, shared_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODUCTION", shared_sandbox.connection_string)
    profile = f'connection = "env:PRODUCTION"\nevent_store = "{client.event_store}"\nprotected = true\n'
    (tmp_path / "config.toml").write_text(f"[profiles.production]\n{profile}")
    told = ["run", "onboard-consumer", "-p", "profile=production", "-p", "webhook=desk", "-p", f"url={OLD}/in"]
    told += ["-p", "event_types=AccountOpened", "-p", "test_target=no", "--apply"]
    told += ["--output", str(tmp_path / "saved.ipynb")]
    assert main(told) == 1
    assert client.webhooks.all().ids == []
    outcome = outcome_of(nbformat.read(tmp_path / "saved.ipynb", as_version=4))
    assert outcome is not None
    assert f"--confirm {client.event_store}" in outcome["problems"][0]
    assert "PROTECTED (profile production)" in (tmp_path / "saved.ipynb").read_text()
    assert main([*told, "--confirm", client.event_store]) == 0
    assert client.webhooks.all().ids == ["desk"]
    assert "CHRONICLE_NOTEBOOK_CONFIRM" not in os.environ


def test_a_secret_that_a_notebook_prints_is_found_beside_quotes_of_both_kinds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRINTED_TOKEN", CANARY)
    source = """kind = "x"\nimport os\nfound = os.environ['PRINTED_TOKEN']\nfound"""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, tmp_path / "prints.ipynb")
    page = tmp_path / "page.html"
    assert main(["run", str(tmp_path / "prints.ipynb"), "--html", str(page)]) == 1
    assert "Secret in the executed notebook: cell 1" in capfd.readouterr().err
    assert not page.exists()


def record(folder: Path) -> str:
    """All that a pause has written down."""
    texts = [each.read_text() for each in folder.rglob("*") if each.is_file()]
    assert texts
    return "".join(texts)


def test_a_good_run_is_not_taken_for_a_leak_and_what_is_secret_is(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The user name of an authorization stands all over a notebook, and is none of its secrets."""
    monkeypatch.setenv("CRM_SYNC_USERNAME", "chronicle")
    monkeypatch.setenv("CRM_SYNC_PASSWORD", CANARY)
    authorization = BasicAuthorization("chronicle", Secret(CANARY))
    client.webhooks.register(hook("crm-sync", authorization=authorization))
    eventually(lambda: client.webhooks.get("crm-sync").authorization.kind.value == "basic")
    told = ["run", "pause-and-resume", "-p", f"event_store={client.event_store}", "-p", "webhooks=crm-sync"]
    assert main([*told, "-p", "action=pause", "--apply"]) == 0
    page = tmp_path / "page.html"
    assert main([*told, "-p", "action=resume", "--apply", "--html", str(page)]) == 0
    out, err = capfd.readouterr()
    assert "Secret in the executed notebook" not in err
    assert "env:CRM_SYNC_PASSWORD" in page.read_text()
    assert CANARY not in out + err + page.read_text() + record(Path(os.environ[PAUSED]))


def test_papermill_knows_every_parameter_that_is_taken(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "audit-webhooks", "-p", f"event_store={client.event_store}", "--apply"]) == 0
    assert "unknown parameter" not in capfd.readouterr().err.lower()
    assert main(["run", "audit-webhooks", "-p", "namespace=Nope"]) == 1
    assert "This runbook has no parameter 'namespace'." in capfd.readouterr().err


def test_a_variable_that_got_lost_does_not_look_like_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CHRONICLE_CONNECTION_STRING")
    told = ["run", "pause-and-resume", "-p", "action=pause", "-p", "webhooks=audit-archive"]
    assert main([*told, "--apply"]) == 1
    out, err = capfd.readouterr()
    assert out.startswith("pause-and-resume: failed. It ended before anything was changed. Event store 'banking' on ")
    assert "Set CHRONICLE_CONNECTION_STRING, or give profile=NAME." in out + err
    assert not (tmp_path / "paused-webhooks.yaml").exists()
    assert main(told) == 0
    assert "temporary sandbox" in capfd.readouterr().out.splitlines()[0]


@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialUrlWarning")
@pytest.mark.parametrize("book", ["compare-environments", "pause-and-resume"])
def test_no_list_of_webhooks_shows_the_credential_of_a_url(
    book: str, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    url = f"{OLD}/in?team=money&code={CANARY}"
    monkeypatch.setenv("A_TARGET_URL", url)
    client.webhooks.register(hook("a", url))
    saved, page = tmp_path / "saved.ipynb", tmp_path / "page.html"
    told = ["run", book, "-p", f"event_store={client.event_store}", "--output", str(saved), "--html", str(page)]
    told += ["-p", "action=pause", "-p", "webhooks=a", "--apply"] if book == "pause-and-resume" else []
    assert main(told) == 0
    out, err = capfd.readouterr()
    assert "127.0.0.1:9/in" in saved.read_text()
    assert CANARY not in out + err + saved.read_text() + page.read_text()
    assert all(CANARY not in each.read_text() for each in tmp_path.glob("*.yaml"))
