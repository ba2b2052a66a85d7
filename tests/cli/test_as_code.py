"""``chronicle-notebook export``, ``plan``, ``apply`` and ``drift`` as a pipeline uses them, against running kernels."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook import cli
from chronicle_notebook.registration._send import REST
from chronicle_notebook.sandbox import Sandbox

COMMAND = str(Path(sys.executable).parent / "chronicle-notebook")
TOKEN = "canary-of-the-pipeline"
FILE = """\
version: 1
owned_by: {header: x-managed-by, value: git}
variables:
  staging: {host: hooks.staging.example.com}
  production: {host: hooks.example.com}
webhooks:
  - id: ledger-mirror
    url: https://${host}/ledger
    event_types: [AccountOpened, FundsDeposited]
  - id: fraud-feed
    url: https://${host}/fraud
    event_types: [FundsDeposited]
    authorization: {kind: bearer, token: env:FRAUD_TOKEN}
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: cn.Client, shared_sandbox: Sandbox) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRAUD_TOKEN", TOKEN)
    monkeypatch.setenv("KERNEL", shared_sandbox.connection_string)
    path = tmp_path / "webhooks.yaml"
    path.write_text(f"event_store: {client.event_store}\n{FILE}")
    return path


KERNEL = ("--connection", "env:KERNEL", "--profile", "staging")


def lines_without_canary(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    told = capsys.readouterr()
    assert TOKEN not in told.out + told.err
    return told.out, told.err


def test_a_file_is_planned_applied_and_free_of_drift(
    client: cn.Client, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [str(path), *KERNEL]
    assert cli.main(["plan", *command, "--markdown", "plan.md"]) == 2
    out, _ = lines_without_canary(capsys)
    assert "  + fraud-feed     create  https://hooks.staging.example.com/fraud" in out
    assert "+ 2 to create. Nothing was sent." in out
    assert client.webhooks.ids() == []
    assert Path("plan.md").read_text().startswith("### Plan: + 2 to create")
    assert cli.main(["drift", *command]) == 2
    assert "2 webhooks of 2 differ from" in lines_without_canary(capsys)[0]
    assert cli.main(["apply", *command, "--markdown", "done.md", "--confirm", client.event_store]) == 0
    out, err = lines_without_canary(capsys)
    assert "Applied: 2 in effect" in out
    assert "Sending 2 changes.\n2 of 2 done.\n" in err
    assert client.webhooks.get("ledger-mirror").target_url == "https://hooks.staging.example.com/ledger"
    page = Path("done.md").read_text()
    assert page.startswith("### Plan: + 2 to create")
    assert "### Applied: 2 in effect" in page
    assert TOKEN not in page
    assert [cli.main([each, *command, "--strict"]) for each in ("plan", "drift", "apply")] == [0, 0, 0]
    out, _ = lines_without_canary(capsys)
    assert "No difference: 2 webhooks as in" in out
    assert "Nothing had to be sent." in out


def test_a_program_reads_each_result(client: cn.Client, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [str(path), *KERNEL, "--json"]
    assert cli.main(["apply", *command]) == 0
    done = json.loads(lines_without_canary(capsys)[0])
    assert (done["plan"]["counts"]["create"], done["applied"]["in_effect"]) == (2, 2)
    assert Path(done["applied"]["before"]).exists()
    client.webhooks.register(cn.DefinitionBuilder().with_event_type("AccountOpened").build("hand", "https://a.test/x"))
    marked = cn.DefinitionBuilder().with_event_type("AccountOpened").with_header("x-managed-by", "git")
    client.webhooks.register(marked.build("manual-hotfix", "https://tmp.example.com/x"))
    client.webhooks.remove("fraud-feed")
    client.webhooks.register(client.webhooks.get("ledger-mirror").changed(target_url="https://other.example.com/x"))
    assert cli.main(["drift", *command]) == 2
    drift = json.loads(lines_without_canary(capsys)[0])
    assert drift["counts"] == {"missing": 1, "changed": 1, "not in the file": 1, "not taken": 0}
    assert drift["compared"] == 3, "what nobody owns is not compared"
    rows = {each["webhook"]: each for each in drift["rows"]}
    changed = rows["ledger-mirror"]
    assert (changed["kind"], changed["field"], changed["line"]) == ("changed", "target_url", 8)
    assert "other.example.com" in changed["registered"]
    assert "hooks.staging.example.com" in changed["wanted"]
    assert (rows["fraud-feed"]["kind"], rows["fraud-feed"]["line"]) == ("missing", 11)
    assert (rows["manual-hotfix"]["kind"], rows["manual-hotfix"]["line"]) == ("not in the file", None)
    assert cli.main(["drift", *command, "--ignore", "target_url"]) == 2
    assert {each["webhook"] for each in json.loads(lines_without_canary(capsys)[0])["rows"]} == {
        "fraud-feed",
        "manual-hotfix",
    }
    assert cli.main(["apply", *command, "--prune"]) == 1
    refused = lines_without_canary(capsys)[1]
    assert "give --allow-removals." in refused
    assert "Sending" not in refused
    assert cli.main(["apply", *command, "--prune", "--allow-removals"]) == 0
    assert sorted(client.webhooks.ids()) == ["fraud-feed", "hand", "ledger-mirror"]


def test_an_export_is_the_file_again(client: cn.Client, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["apply", str(path), *KERNEL]) == 0
    client.webhooks.register(cn.DefinitionBuilder().with_event_type("AccountOpened").build("hand", "https://a.test/x"))
    lines_without_canary(capsys)
    export = ["export", "--connection", "env:KERNEL", "--store", client.event_store]
    assert cli.main(export) == 0
    out, err = lines_without_canary(capsys)
    assert err.startswith("3 webhooks of event store")
    assert [each.id for each in cn.DesiredState.parse(out).webhooks] == ["fraud-feed", "hand", "ledger-mirror"]
    owned = [*export, "own.yaml", "--owned-header", "x-managed-by=git"]
    assert [cli.main(owned), cli.main(owned), cli.main([*owned, "--overwrite"])] == [0, 1, 0]
    assert "own.yaml exists already" in lines_without_canary(capsys)[1]
    assert cli.main(["drift", "own.yaml", "--connection", "env:KERNEL"]) == 0, "the file names its event store"
    assert cli.main([*export, "--owned-ids", "hand", "--owned-ids", "x*"]) == 0
    assert "owned_by:\n  ids:\n  - hand\n  - x*\nwebhooks:\n- id: hand\n" in capsys.readouterr().out


def test_an_export_is_for_another_environment(
    client: cn.Client, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["apply", str(path), *KERNEL]) == 0
    lines_without_canary(capsys)
    export = ["export", "--connection", "env:KERNEL", "--store", client.event_store, "--for-store", "elsewhere"]
    mapped = [*export, "--map-host", "*.staging.example.com=*.example.com"]
    assert cli.main(mapped) == 0
    state = cn.DesiredState.parse(lines_without_canary(capsys)[0])
    assert state.event_store == "elsewhere"
    assert [each.target_url for each in state.webhooks] == [
        f"https://hooks.example.com/{x}" for x in ("fraud", "ledger")
    ]
    assert cli.main([*mapped, "--map-host", "a"]) == 1
    assert "OLD=NEW" in lines_without_canary(capsys)[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan", "webhooks.yaml", "--prnue"], "Did you mean '--prune'?"),
        (["drift"], "the following arguments are required: FILE"),
        (["export", "--owned-ids", "a", "--owned-header", "b=c"], "not allowed with argument"),
    ],
)
def test_a_wrong_command_line_is_no_difference(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan", "nothing.yaml", *KERNEL], "nothing.yaml cannot be read"),
        (["plan", "webhooks.yaml", "--connection", "env:KERNEL"], "no profile was given"),
        (["plan", "webhooks.yaml", "--connection", "env:KERNEL", "--profile", "stagging"], "Did you mean 'staging'?"),
        (["plan", "webhooks.yaml", "--profile", "staging"], "Or give --connection"),
        (["drift", "webhooks.yaml", *KERNEL, "--store", "other"], "The state is for event store"),
        (["plan", "webhooks.yaml", *KERNEL, "--markdown", "webhooks.yaml"], "which would be overwritten"),
        (["plan", "webhooks.yaml", *KERNEL, "--markdown", "."], "--markdown cannot be written"),
        (["apply", "webhooks.yaml", *KERNEL, "--confirm", "other"], "--confirm names 'other'"),
        (["apply", "webhooks.yaml", *KERNEL, "--before", "p.md", "--markdown", "p.md"], "--before and --markdown are"),
        (["export", "--owned-header", "x-managed-by", "--connection", "env:KERNEL"], "NAME=VALUE"),
        (["export"], "No kernel is named.\nGive --connection CONNECTION or --profile NAME"),
    ],
)
def test_an_error_is_told_and_nothing_is_sent(
    arguments: list[str],
    told: str,
    path: Path,
    client: cn.Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_CONFIG", str(path.parent / "none.toml"))
    assert cli.main(arguments) == 1
    out, err = lines_without_canary(capsys)
    assert (out, told in err) == ("", True), err
    assert client.webhooks.ids() == []


def test_a_protected_profile_asks_for_the_name_of_the_event_store(
    path: Path, client: cn.Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = path.parent / "config.toml"
    config.write_text('[profiles.production]\nconnection = "env:KERNEL"\nprotected = true\n')
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_CONFIG", str(config))
    assert cli.main(["apply", str(path), "--profile", "production"]) == 1
    assert f"Give --confirm {client.event_store}." in lines_without_canary(capsys)[1]
    assert client.webhooks.ids() == []
    assert cli.main(["plan", str(path), "--profile", "production"]) == 2, "a plan sends nothing"
    assert cli.main(["apply", str(path), "--profile", "production", "--confirm", client.event_store]) == 0
    assert client.webhooks.get("fraud-feed").target_url == "https://hooks.example.com/fraud"


def test_what_another_owner_has_is_changed_only_with_consent(
    path: Path, client: cn.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    marked = cn.DefinitionBuilder().with_event_type("AccountOpened").with_header("x-managed-by", "team-b")
    client.webhooks.register(marked.build("ledger-mirror", "https://b.example.com/x"))
    assert cli.main(["apply", str(path), *KERNEL]) == 1
    assert "or give --take-over." in lines_without_canary(capsys)[1]
    assert client.webhooks.get("ledger-mirror").headers == {"x-managed-by": "team-b"}
    assert cli.main(["apply", str(path), *KERNEL, "--take-over"]) == 0
    assert client.webhooks.get("ledger-mirror").headers == {"x-managed-by": "git"}


@pytest.fixture(scope="module")
def forgetful() -> Iterator[Sandbox]:
    """A kernel on SQL storage before 19.32.3: it keeps neither credentials nor changes."""
    with Sandbox(behaves_like="16.37", settle_delay=0.02, time_scale=0.01) as running:
        yield running


def test_what_a_kernel_does_not_take_turns_a_pipeline_red_only_where_it_is_strict(
    path: Path,
    client: cn.Client,
    forgetful: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KERNEL", forgetful.connection_string)
    with cn.connect(forgetful.connection_string, event_store=client.event_store, name="forgetful") as there:
        there.ensure_event_store()
        kinds = [cn.RegisteredEventType(each.type, each.schema) for each in client.event_types()]
        there._kernel.register_event_types(client.event_store, kinds)
        command = [str(path), *KERNEL]
        assert cli.main(["apply", *command]) == 0, "that the credentials are not kept was foretold"
        assert "in part" in lines_without_canary(capsys)[0]
        told = [cli.main([each, *command]) for each in ("plan", "drift", "apply")]
        assert told == [0, 0, 0]
        assert [cli.main([each, *command, "--strict"]) for each in ("plan", "drift", "apply")] == [2, 2, 2]
        assert "strict=True (--strict) counts" in lines_without_canary(capsys)[0]
        path.write_text(path.read_text().replace("/ledger", "/books"))
        assert [cli.main([each, *command]) for each in ("plan", "apply")] == [2, 2], "the kernel ignores the change"
        assert [cli.main(["apply", *command, "--replace"]), cli.main(["drift", *command])] == [0, 0]
        assert there.webhooks.get("ledger-mirror").target_url.endswith("/books")


def test_a_process_writes_its_result_and_its_progress_apart(path: Path) -> None:
    ran = subprocess.run([COMMAND, "apply", str(path), *KERNEL, "--json"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["applied"]["in_effect"] == 2
    assert "2 of 2 done." in ran.stderr
    assert TOKEN not in ran.stdout + ran.stderr


def test_a_reader_of_the_progress_that_has_gone_stops_no_change(
    client: cn.Client, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str, /) -> int:
            if " done." in text:
                raise BrokenPipeError
            return super().write(text)

    gone = Gone()
    monkeypatch.setattr("sys.stderr", gone)
    assert cli.main(["apply", "webhooks.yaml", *KERNEL]) == 0
    assert "Sending" in gone.getvalue()
    assert len(client.webhooks.ids()) == len(cn.DesiredState.read(path, profile="staging"))


def test_an_error_is_an_object_for_a_program_and_names_the_field(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRAUD_TOKEN")
    assert cli.main(["apply", str(path), *KERNEL, "--json"]) == 1
    out, err = lines_without_canary(capsys)
    told = json.loads(out)["error"]
    assert sorted(told) == ["field", "hint", "message"]
    assert told["field"] == "authorization"
    assert told["message"] in err
    assert "FRAUD_TOKEN" in told["message"]
    assert "%env" not in out + err


def test_the_way_back_is_a_command(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["apply", str(path), *KERNEL]) == 0
    out, err = lines_without_canary(capsys)
    (back,) = (line for line in out.splitlines() if line.startswith("To go back: "))
    assert back.startswith("To go back: chronicle-notebook apply ")
    assert back.endswith(".yaml --prune --replace --allow-removals --connection env:KERNEL --profile staging")
    assert cli.main(shlex.split(back.removeprefix("To go back: chronicle-notebook "))) == 0
    assert "- 2 to remove" in lines_without_canary(capsys)[0]
    assert not [each for each in ("cn.", "client.", "sys.") if f" {each}" in out + err]


def test_an_interruption_names_no_python(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        interruption = KeyboardInterrupt()
        interruption.add_note(f"1 of 2 registered.{REST}")
        raise interruption

    monkeypatch.setattr("chronicle_notebook.desired._plan.StatePlan.apply", interrupted)
    assert cli.main(["apply", str(path), *KERNEL]) == 130
    err = lines_without_canary(capsys)[1]
    assert "sends the rest." in err
    assert "sys.last_value" not in err


def test_a_full_device_is_told_in_one_line(path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [COMMAND, "plan", str(path), *KERNEL], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode == 1
    assert ran.stderr == "The output could not be written: No space left on device.\n"


@pytest.mark.parametrize("theirs", [True, False])
def test_what_another_pipeline_changes_meanwhile_stops_only_a_plan_that_it_concerns(
    client: cn.Client, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, theirs: bool
) -> None:
    marked = cn.DefinitionBuilder().with_event_type("AccountOpened").with_header("x-managed-by", "git")
    late = marked.build("theirs" if theirs else "fraud-feed", "https://late.example.com/x")
    late = late.changed(headers={"x-managed-by": "them"}) if theirs else late
    plan = cn.DesiredState.plan

    def overtaken(*arguments: Any, **options: Any) -> cn.StatePlan:
        made = plan(*arguments, **options)
        client.webhooks.register(late)
        return made

    monkeypatch.setattr(cn.DesiredState, "plan", overtaken)
    assert cli.main(["apply", str(path), *KERNEL, "--prune"]) == (0 if theirs else 1)
    err = lines_without_canary(capsys)[1]
    assert ("has changed since the plan was made: 'fraud-feed'" in err) is not theirs
    assert sorted(client.webhooks.ids()) == (["fraud-feed", "ledger-mirror", "theirs"] if theirs else ["fraud-feed"])
