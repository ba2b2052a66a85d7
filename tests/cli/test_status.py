"""``chronicle-notebook status`` as a shell script uses it, against kernels of three forms."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.cli import main
from chronicle_notebook.sandbox import Sandbox
from tests.waiting import LONG, eventually

COMMAND = str(Path(sys.executable).parent / "chronicle-notebook")
OPENED = cn.EventType("AccountOpened")
KINDS = ("documented", "16.33", "16.37-inmemory")


@pytest.fixture(scope="module")
def kernels() -> Iterator[dict[str, tuple[str, cn.Client]]]:
    """One kernel of each form. Its event store ``bad`` has a webhook that fails, and ``good`` one that does not."""
    with ExitStack() as stack:
        found = {}
        target = stack.enter_context(cn.Receiver())
        for kind in KINDS:
            running = stack.enter_context(Sandbox(behaves_like=kind, settle_delay=0.02, time_scale=0.001))
            for store, url in (("bad", "http://127.0.0.1:9/in"), ("good", target.url)):
                client = stack.enter_context(
                    cn.connect(running.connection_string, event_store=store, name=f"{kind}-{store}")
                )
                client.ensure_event_store()
                client._kernel.register_event_types(store, [cn.RegisteredEventType(OPENED, {"type": "object"})])
                client.webhooks.register("pay", url, lambda b: b.with_event_type("AccountOpened"))
                client.event_log.append("account-1", OPENED, {})
                found[f"{kind}-{store}"] = (running.connection_string, client)
        for kind in KINDS:
            eventually(lambda kind=kind: found[f"{kind}-bad"][1].triage().failing)  # type: ignore[misc]
            found[f"{kind}-good"][1].wait_until_handled("pay")
        yield found


SCRIPT = """
set -u
for store in bad good; do
    chronicle-notebook status env:KERNEL --store $store --json > $store.json
    echo "$store $?"
done
"""
WRONG = """
if chronicle-notebook status env:KERNEL --store bad > bad.txt; then echo "no alarm"; else echo "alarm"; fi
chronicle-notebook status env:KERNEL --store nowhere > nowhere.txt 2> nowhere.err; echo "nowhere $?"
chronicle-notebook status --watch=soon env:KERNEL 2> usage.err; echo "usage $?"
CHRONICLE_CONNECTION_STRING= chronicle-notebook status 2> unnamed.err; echo "unnamed $?"
"""


def scripted(script: str, connection: str, folder: Path) -> list[str]:
    """The lines that a shell script writes."""
    environment = os.environ | {
        "KERNEL": connection,
        "PATH": f"{Path(COMMAND).parent}{os.pathsep}{os.environ['PATH']}",
    }
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return ran.stdout.splitlines()


@pytest.mark.parametrize("kind", KINDS)
def test_a_shell_script_knows_by_the_exit_code_and_reads_json(
    kind: str, kernels: dict[str, tuple[str, cn.Client]], tmp_path: Path
) -> None:
    assert scripted(SCRIPT, kernels[f"{kind}-bad"][0], tmp_path) == ["bad 1", "good 0"]
    bad = json.loads((tmp_path / "bad.json").read_text())
    good = json.loads((tmp_path / "good.json").read_text())
    assert (bad["failing"], bad["partitions"], bad["waiting"], bad["webhooks"]) == (1, 1, 1, 1)
    (row,) = bad["rows"]
    assert (row["webhook"], row["severity"], row["namespaces"]) == ("pay", "high", ["Default"])
    assert row["cause"] in {"refused", "circuit open (refused)"}
    assert row["next_step"].startswith("client.")
    assert (good["failing"], good["rows"]) == (0, [])


def test_a_wrong_command_line_is_told_from_an_alarm(kernels: dict[str, tuple[str, cn.Client]], tmp_path: Path) -> None:
    told = scripted(WRONG, kernels["documented-bad"][0], tmp_path)
    assert told == ["alarm", "nowhere 2", "usage 2", "unnamed 2"]
    text = (tmp_path / "bad.txt").read_text()
    assert "1 webhook fails in event store 'bad': 1 partition, 1 event waits" in text
    assert "has no event store 'nowhere'" in (tmp_path / "nowhere.err").read_text()
    assert "is not a number of seconds" in (tmp_path / "usage.err").read_text()
    assert "No kernel is named" in (tmp_path / "unnamed.err").read_text()


def test_it_watches_until_it_is_interrupted_and_then_says_how_it_was(kernels: dict[str, tuple[str, cn.Client]]) -> None:
    connection, client = kernels["documented-good"]
    command = [COMMAND, "status", "env:KERNEL", "--store", "good", "--json", "--watch", "0.1"]
    environment = os.environ | {"KERNEL": connection}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        first = json.loads(running.stdout.readline())
        client.webhooks.register("late", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
        failing = next(each for line in running.stdout if (each := json.loads(line))["failing"])
        running.send_signal(signal.SIGINT)
        assert running.wait(LONG) == 1
    assert (first["failing"], failing["rows"][0]["webhook"]) == (0, "late")


def test_a_kernel_that_does_not_answer_is_no_good_news() -> None:
    ran = subprocess.run(
        [COMMAND, "status", "chronicle://127.0.0.1:9", "--store", "a"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "127.0.0.1:9" in ran.stderr


@pytest.mark.parametrize(
    ("wrong", "store", "code"),
    [
        ("unreachable", "a", 1),
        ("secret", "good", 1),
        ("store", "nowhere", 2),
        ("unnamed", "good", 2),
    ],
)
def test_a_program_that_reads_json_is_told_why_nothing_could_be_looked_at(
    wrong: str,
    store: str,
    code: int,
    kernels: dict[str, tuple[str, cn.Client]],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CHRONICLE_CONNECTION_STRING", raising=False)
    with ExitStack() as stack:
        connection = {"unreachable": "chronicle://127.0.0.1:9", "unnamed": ""}.get(wrong, kernels["documented-good"][0])
        if wrong == "secret":
            connection = f"chronicle://orders:qx9canary7@{stack.enter_context(Sandbox(auth=True)).address}"
        monkeypatch.setenv("KERNEL", connection)
        words = ["status", *(["env:KERNEL"] if connection else []), "--store", store, "--json"]
        assert main(words) == code
    out, err = capfd.readouterr()
    told = json.loads(out)
    assert set(told) == {"error"}
    assert told["error"]["message"] in err
    assert told["error"]["hint"] in err
    assert "qx9canary7" not in out + err
    assert ("--store" in err) == (wrong == "store")
