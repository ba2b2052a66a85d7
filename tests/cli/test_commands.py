"""The command line as a terminal has it: a process, its two streams and its exit code."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chronicle_notebook import cli
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._connect import connect
from tests.waiting import LONG

COMMAND = str(Path(sys.executable).parent / "chronicle-notebook")
SLOW = """{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": null, "outputs": [],
"source": "import time\\nprint('begun', flush=True)\\ntime.sleep(3600)"}], "nbformat": 4, "nbformat_minor": 5,
"metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}}"""


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dcotor"], "chronicle-notebook: error: there is no command 'dcotor'. Did you mean 'doctor'?"),
        (
            ["xyz"],
            (
                "chronicle-notebook: error: there is no command 'xyz'. There are lab, doctor, run, scan, status, "
                "export, plan, apply, drift, sandbox."
            ),
        ),
        (["--versoin"], "error: unrecognized arguments: --versoin. Did you mean '--version'?"),
        (
            ["run", "a", "--aply"],
            "chronicle-notebook run: error: unrecognized arguments: --aply. Did you mean '--apply'?",
        ),
        (["run", "a", "--htlm=x"], "error: unrecognized arguments: --htlm=x. Did you mean '--html'?"),
        (["doctor", "--stroe", "a", "b", "c"], "Did you mean '--store'?"),
        (
            ["sandbox", "--prot", "1"],
            "chronicle-notebook sandbox: error: unrecognized arguments: --prot 1. Did you mean",
        ),
        (["sandbox", "--no-atuh"], "Did you mean '--no-auth'?"),
        (["scan"], "the following arguments are required: PATH"),
        (["scan", "a", "--zzzzzz"], "error: unrecognized arguments: --zzzzzz\n"),
    ],
)
def test_a_word_that_is_not_known_is_answered_with_the_nearest(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_every_command_is_known_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    for command in cli._COMMANDS:
        with pytest.raises(SystemExit) as caught:
            cli.main([command, "--help"])
        assert caught.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: chronicle-notebook {command} [-h]")


def test_a_runbook_that_is_not_known_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "notebooks/runbooks/audit-wbhooks.ipynb"]) == 1
    assert "Did you mean 'audit-webhooks'" in capsys.readouterr().err


@pytest.mark.parametrize("text", ['"orders,eu', "'orders,eu", '"orders"eu'])
def test_quotation_marks_that_are_not_closed_are_answered_with_the_way_to_write_a_comma(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "pause-and-resume", "-p", f"webhooks={text}"]) == 1
    told = capsys.readouterr().err
    assert "Parameter 'webhooks' has a text whose quotation marks do not enclose all of it." in told
    assert """write -p 'webhooks="a,b",c'""" in told


def test_the_sandbox_calls_itself_as_it_was_called() -> None:
    assert ran("sandbox", "--help").stdout.startswith("usage: chronicle-notebook sandbox [-h]")
    module = [sys.executable, "-m", "chronicle_notebook.sandbox"]
    told = subprocess.run([*module, "--help"], capture_output=True, text=True, check=True).stdout
    assert told.startswith("usage: python -m chronicle_notebook.sandbox [-h]")


@pytest.mark.parametrize("arguments", [["--help"], ["scan", "{}"], ["sandbox", "--port", "0"], ["doctor", "{}"]])
def test_a_reader_who_goes_away_gets_no_traceback(arguments: list[str], tmp_path: Path) -> None:
    """As with ``| head``: the pipe has no reader any more when the program writes."""
    (tmp_path / "a.txt").write_text("AKIA" + "IOSFODNN7EXAMPLE\n" * 3)
    given = {"scan": str(tmp_path / "a.txt"), "doctor": "chronicle://127.0.0.1:9/?auth=none"}.get(arguments[0], "")
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [COMMAND, *(each.format(given) for each in arguments)],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    os.close(writer)
    assert (process.returncode, process.stderr) == (141, "")


def test_a_standard_error_that_nobody_reads_changes_only_the_exit_code(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    (tmp_path / "a.txt").write_text("nothing\n")
    process = subprocess.run(
        [COMMAND, "scan", str(tmp_path / "a.txt")], stdout=subprocess.PIPE, stderr=writer, check=False, timeout=60
    )
    os.close(writer)
    assert (process.returncode, process.stdout) == (141, b"")


def interrupted(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LONG)
    return process.returncode, out, err


def test_ctrl_c_ends_a_runbook_with_its_exit_code_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "slow.ipynb").write_text(SLOW)
    command = [COMMAND, "run", str(tmp_path / "slow.ipynb"), "--apply"]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as process:
        assert process.stderr is not None
        told = ""
        while "begun" not in told:  # it is in its cell now
            told = process.stderr.readline()
            assert told, "it ended before it was interrupted"
        code, out, err = interrupted(process)
    assert (code, out) == (130, "")
    assert err.splitlines()[-2:] == [
        "Started steps may be done. Run it again with the same parameters: it skips the steps that are done.",
        "Interrupted.",
    ]
    assert "Traceback" not in err


@pytest.mark.parametrize("heard", [True, False], ids=["", "and what reads its messages, as in 2>&1 | tee"])
def test_ctrl_c_ends_a_call_to_a_kernel_that_does_not_answer(heard: bool) -> None:
    reader, writer = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"chronicle://127.0.0.1:{silent.getsockname()[1]}/?auth=none"
        command = [COMMAND, "doctor", address]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=writer, text=True) as process:
            connection, _ = silent.accept()
            os.close(writer)
            if not heard:
                os.close(reader)
            with connection:
                assert interrupted(process)[:2] == (130, "")
    if heard:
        with os.fdopen(reader) as told:
            assert told.read() == "Interrupted.\n"


def test_a_variable_that_is_not_set_is_told_in_words_for_a_terminal() -> None:
    told = ran("doctor", "env:NOT_SET_ANYWHERE")
    assert told.returncode == 1
    assert told.stderr.splitlines() == [
        "The environment variable 'NOT_SET_ANYWHERE' is not set.",
        "Set NOT_SET_ANYWHERE where this command runs, and run again.",
    ]


def test_an_error_shows_a_reference_and_never_its_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CANARY", "canary-of-a-token")
    entry = "{id: env:CANARY, url: 'ftp://example.com', event_types: [AccountOpened]}"
    (tmp_path / "webhooks.yaml").write_text(f"version: 1\nevent_store: banking\nwebhooks:\n  - {entry}\n")
    assert cli.main(["plan", str(tmp_path / "webhooks.yaml"), "--connection", "chronicle://127.0.0.1:9"]) == 1
    assert cli.main(["status", "env:CANARY"]) == 2
    said = "".join(capsys.readouterr())
    assert "line 4: Webhook 'env:CANARY': The target URL is not an absolute" in said
    assert "canary" not in said


def test_the_doctor_takes_a_profile(shared_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHRONICLE_CONNECTION_STRING", raising=False)
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("STAGING", shared_sandbox.connection_string)
    (tmp_path / "config.toml").write_text('[profiles.staging]\nconnection = "env:STAGING"\nevent_store = "nowhere"\n')
    told = ran("doctor", "--profile", "staging")
    assert told.returncode == 1
    assert f"The connection to {shared_sandbox.address} fails at event store" in told.stdout
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_PROFILE", "staging")
    assert ran("doctor").stdout.splitlines()[0] == told.stdout.splitlines()[0]
    assert "Did you mean 'staging'?" in ran("doctor", "--profile", "stagin").stderr
    assert "Both a connection and a profile" in ran("doctor", "chronicle://a", "--profile", "staging").stderr


def test_the_doctor_probes_a_kernel_once_the_name_was_typed(
    shared_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_NOTEBOOK_PROBES", str(tmp_path))
    told = ran("doctor", shared_sandbox.connection_string, "--probe")
    assert told.returncode == 1
    assert f"All steps to {shared_sandbox.address} passed." in told.stdout
    assert "stays behind" in told.stdout
    assert "nobody can be asked here, so nothing was sent" in told.stderr
    assert "--confirm chronicle-probe" in told.stderr
    done = subprocess.run(
        [COMMAND, "doctor", shared_sandbox.connection_string, "--probe"],
        input="chronicle-probe\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "known defects present" in done.stdout
    assert "1 of 11: deliver an event to this process (" in done.stderr
    assert len(list(tmp_path.iterdir())) == 1
    wrong = ran("doctor", shared_sandbox.connection_string, "--probe", "--confirm", "banking")
    assert (wrong.returncode, "not the name of the event store" in wrong.stderr) == (1, True)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_a_probe_that_is_ended_from_outside_removes_its_webhooks(
    sent: signal.Signals, code: int, shared_sandbox: Sandbox
) -> None:
    command = [COMMAND, "doctor", shared_sandbox.connection_string, "--probe", "--confirm", "chronicle-probe"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("3 of"):
                running.send_signal(sent)
                break
        rest = running.stderr.read()
    assert running.returncode == code
    assert rest.splitlines()[-1].endswith("The webhooks of the probe were removed.")
    with connect(shared_sandbox.connection_string, event_store="chronicle-probe", name="after") as client:
        assert client.webhooks.ids() == []


def test_the_doctor_does_not_pass_a_namespace_that_it_cannot_look_for(shared_sandbox: Sandbox) -> None:
    told = ran("doctor", shared_sandbox.connection_string, "--namespace", "Nope")
    assert (told.returncode, told.stdout) == (1, "")
    assert "none was named" in told.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii:strict"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "cp1252"},
    ],
    ids=str,
)
def test_a_terminal_of_any_encoding_shows_everything(environment: dict[str, str], tmp_path: Path) -> None:
    """The signs of the doctor and a name that the encoding lacks."""
    done = subprocess.run(
        [COMMAND, "doctor", "chronicle://127.0.0.1:9"],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"x failed" in done.stdout
    assert b"\\u" not in done.stdout
    name = tmp_path / "\N{GREEK SMALL LETTER OMEGA}.txt"
    name.write_text("token = 'Zq8vK2mX7pL4wN9tR3yB6cD1'\n", encoding="utf-8")
    done = subprocess.run(
        [COMMAND, "scan", str(name)], capture_output=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b".txt: line 1" in done.stdout
